import type { Clock } from "../clock.js";
import { answerLength, type RegisterRange, readRequest } from "../frame.js";
import type { Line } from "../line.js";

/**
 * The negative control of the fault tests: what many readers do. It takes the next bytes of the
 * right number for the answer, and keeps for later what came beyond.
 */
export class NaiveMaster {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #bytes: number[] = [];
  #wake = () => {};

  constructor(line: Line, clock: Clock, timeoutMs: number) {
    this.#line = line;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    void this.#pump();
  }

  async read(asked: RegisterRange): Promise<Uint8Array> {
    await this.#line.write(readRequest(asked));
    let isOver = false;
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      isOver = true;
      this.#wake();
    });
    const length = answerLength(asked.count);
    while (this.#bytes.length < length) {
      if (isOver) throw new Error("no answer in time");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    cancel();
    return Uint8Array.from(this.#bytes.splice(0, length).slice(3, -2));
  }

  async #pump(): Promise<void> {
    for (;;) {
      this.#bytes.push(...(await this.#line.read()));
      this.#wake();
    }
  }
}
