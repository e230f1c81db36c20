import type { Line } from "../line.js";
import type { ByteStream } from "../rtu-server.js";

type Listener = (bytes: Uint8Array) => void;

/** A cable in memory that can be pulled out: the master's ends, and the meters' end for good. */
export class MemoryCable {
  readonly #listeners = new Set<Listener>();
  #arrived: Uint8Array = new Uint8Array();
  #wake = () => {};
  #isPlugged = true;
  /** How often the master tried to open its end. */
  opened = 0;

  /** The meters' end. */
  readonly meters: ByteStream = {
    on: (_event, listener) => this.#listeners.add(listener),
    off: (_event, listener) => this.#listeners.delete(listener),
    write: (bytes) => {
      if (!this.#isPlugged) return;
      this.#arrived = Buffer.concat([this.#arrived, bytes]);
      this.#wake();
    },
  };

  unplug(): void {
    this.#isPlugged = false;
    this.#arrived = new Uint8Array();
    this.#wake();
  }

  plugIn(): void {
    this.#isPlugged = true;
  }

  /** Opens the master's end. */
  readonly open = async (): Promise<Line> => {
    this.opened++;
    const assertPlugged = () => {
      if (!this.#isPlugged) throw new Error("the cable is out");
    };
    assertPlugged();
    this.#arrived = new Uint8Array();
    return {
      read: async () => {
        for (;;) {
          assertPlugged();
          const bytes = this.#arrived;
          this.#arrived = new Uint8Array();
          if (bytes.length > 0) return bytes;
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      },
      write: async (bytes) => {
        assertPlugged();
        for (const listener of this.#listeners) listener(bytes);
      },
      clearInput: async () => {
        assertPlugged();
        this.#arrived = new Uint8Array();
      },
      close: async () => {},
    };
  };
}
