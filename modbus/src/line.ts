import type { Clock } from "./clock.js";
import { BusError } from "./errors.js";

/** A duplex byte line: a serial port, a socket or, in tests, memory. */
export interface Line {
  /** What came in, at least one byte, as soon as there is any. Rejects when the line is gone. */
  read(): Promise<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  /** Drops what came in and was not read yet. Rejects when the line is gone. */
  clearInput(): Promise<void>;
  close(): Promise<void>;
}

/** Told when the line opens, and when it cannot be opened or vanishes. */
export type LineState =
  | { readonly open: true }
  | { readonly open: false; readonly error: BusError };

export interface LineKeeperOptions {
  /** The port as a person knows it, for messages. */
  readonly name: string;
  readonly openLine: () => Promise<Line>;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Takes bytes that came; returns for how long nothing of use can follow, ms. */
  readonly onBytes: (bytes: Uint8Array) => number;
  readonly onState: (state: LineState) => void;
}

const openDeadlineMs = 5_000;
/** Pauses between attempts to open what is gone, ms; doubled from the first to the longest, with jitter. */
export const firstReopenMs = 250;
export const longestReopenMs = 5_000;

/** Something did not come in time. */
export class OverdueError extends Error {}

/** The value, or a rejection after `limitMs`; nothing waits for ever. */
export function within<T>(clock: Clock, limitMs: number, value: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () =>
      reject(new OverdueError(`no result in ${limitMs} ms`)),
    );
    value.then(resolve, reject).finally(cancel);
  });
}

const reasonOf = (cause: unknown) =>
  (cause instanceof Error ? cause.message : String(cause)).replace(/^Error: /, "");

/** Keeps one line open: reads it all the time, and opens it again whenever it vanishes. */
export class LineKeeper {
  readonly #options: LineKeeperOptions;
  #line: Line | undefined;
  #missing: BusError;
  #closed = false;
  #reopenMs = firstReopenMs;
  #cancelReopen = () => {};

  constructor(options: LineKeeperOptions) {
    this.#options = options;
    this.#missing = new BusError("bus.port-missing", `${options.name} is not open yet`);
  }

  /** Tries to open the line once; goes on trying in the background. */
  async start(): Promise<void> {
    const { name, openLine, clock, onState } = this.#options;
    const opening = openLine();
    try {
      const line = await within(clock, openDeadlineMs, opening);
      if (this.#closed) return await line.close();
      this.#line = line;
      this.#reopenMs = firstReopenMs;
      onState({ open: true });
      void this.#pump(line);
    } catch (cause) {
      // A line that opens too late is not wanted any more.
      void opening.then((late) => late.close()).catch(() => {});
      const message = `${name} cannot be opened: ${reasonOf(cause)}`;
      this.#missing = new BusError("bus.port-missing", message, { cause });
      onState({ open: false, error: this.#missing });
      this.#startLater();
    }
  }

  /** The open line. Throws BusError `bus.port-missing` while there is none. */
  get line(): Line {
    if (!this.#line) throw this.#missing;
    return this.#line;
  }

  /** Gives up a line that failed and begins to reopen it; the same line only once. */
  lost(line: Line, cause: unknown): void {
    if (this.#closed || this.#line !== line) return;
    this.#line = undefined;
    const message = `${this.#options.name} vanished: ${reasonOf(cause)}`;
    this.#missing = new BusError("bus.port-missing", `${message}; trying to reopen it`, { cause });
    void line.close().catch(() => {});
    this.#options.onState({
      open: false,
      error: new BusError("bus.port-gone", message, { cause }),
    });
    this.#startLater();
  }

  /** Gives up the line that is open, if one is, and begins to reopen it. */
  giveUp(cause: unknown): void {
    if (this.#line) this.lost(this.#line, cause);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelReopen();
    const line = this.#line;
    this.#line = undefined;
    await line?.close();
  }

  async #pump(line: Line): Promise<void> {
    const { clock, onBytes } = this.#options;
    try {
      while (this.#line === line) {
        const restMs = onBytes(await line.read());
        // Few wake-ups: the bytes of a frame are fetched together, not one by one.
        if (restMs > 1) await new Promise<void>((resolve) => void clock.after(restMs, resolve));
      }
    } catch (cause) {
      this.lost(line, cause);
    }
  }

  #startLater(): void {
    if (this.#closed) return;
    const { clock, random } = this.#options;
    const delayMs = this.#reopenMs * (0.75 + random() / 2);
    this.#reopenMs = Math.min(2 * this.#reopenMs, longestReopenMs);
    this.#cancelReopen = clock.after(delayMs, () => void this.start());
  }
}
