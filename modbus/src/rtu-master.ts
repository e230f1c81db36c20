import type { Clock } from "./clock.js";
import { BusError } from "./errors.js";
import {
  type Answer,
  answerLength,
  assertRange,
  findAnswer,
  type RegisterRange,
  readRequest,
  requestLength,
  strayBytes,
} from "./frame.js";
import { type Line, LineKeeper, type LineState, within } from "./line.js";
import { characterMs, type Parity, silenceMs } from "./timing.js";

export interface ReadRequest extends RegisterRange {
  /** How long the meter may think before it answers, ms; time on the wire is added. Default 500. */
  readonly timeoutMs?: number;
  /** How long the call may take in all, waiting for its turn included, ms. Default 10000. */
  readonly deadlineMs?: number;
}

/** Reads registers of meters, over whatever carries Modbus. */
export interface RegisterReader {
  /** The 2 × count register bytes, high byte first. Rejects with BusError. */
  read(request: ReadRequest): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface BusOptions {
  readonly baudRate: number;
  readonly parity?: Parity;
  /** Most requests that may wait for their turn. Default 64. */
  readonly maxQueued?: number;
  /**
   * Longest time after which a meter on this bus may still answer, ms: so long is the bus held
   * after a request without an answer. Grows with what is seen. Default 1000.
   */
  readonly longestAnswerMs?: number;
  /** Told when the port opens, cannot be opened, or vanishes. */
  readonly onPort?: (state: LineState) => void;
}

interface Wiring {
  readonly name: string;
  readonly openLine: () => Promise<Line>;
  readonly clock: Clock;
  readonly random: () => number;
}

interface Job {
  readonly request: ReadRequest;
  readonly finish: (result: Uint8Array | Error) => void;
  expired: boolean;
}

/** The last request sent; still watched after its time-out, for its answer may be late. */
interface Asked {
  readonly request: RegisterRange;
  readonly sentMs: number;
  readonly settle: (answer: Answer | BusError) => void;
}

/** Slack for a USB adapter's latency timer (16 ms) and a busy event loop. */
const latencyMs = 30;
/** How much before its expected end an answer is fetched: what a timer may be late. */
const earlyMs = 1.5;
/** Twice the longest frame. */
const maxReceived = 512;
const clearDeadlineMs = 1_000;
const longestHoldMs = 10_000;
const busyCode = 6;
const busyTries = 3;
const busyPauseMs = 50;

/**
 * Modbus RTU master of one bus: one request at a time, in order of calling. RTU answers carry no
 * address and no number, so nothing may be sent while an answer to an older request can still
 * come: after a request without an answer the bus is held until the late answer was seen or can
 * no longer come.
 */
export class RtuMaster implements RegisterReader {
  readonly #options: Required<Omit<BusOptions, "onPort">>;
  readonly #wiring: Wiring;
  readonly #keeper: LineKeeper;
  readonly #queue: Job[] = [];
  #received: Uint8Array = new Uint8Array();
  #longestAnswerMs: number;
  #lastByteMs: number;
  #heldUntilMs = 0;
  #asked: Asked | undefined;
  #working = false;
  #closed = false;
  #wakeUp = () => {};

  constructor(options: BusOptions, wiring: Wiring) {
    const { onPort, ...rest } = options;
    this.#options = { parity: "none", maxQueued: 64, longestAnswerMs: 1_000, ...rest };
    this.#wiring = wiring;
    this.#longestAnswerMs = this.#options.longestAnswerMs;
    this.#lastByteMs = wiring.clock.now();
    this.#keeper = new LineKeeper({
      ...wiring,
      onBytes: (bytes) => this.#receive(bytes),
      onState: (state) => {
        this.#lastByteMs = wiring.clock.now();
        if (!state.open) this.#asked?.settle(state.error);
        onPort?.(state);
      },
    });
  }

  /** Opens the port; where that fails, reads reject with `bus.port-missing` until it is there. */
  start(): Promise<void> {
    return this.#keeper.start();
  }

  /**
   * Reads registers. Rejects with RangeError for a request no frame can carry, else with BusError:
   * `bus.timeout`, `bus.crc`, `bus.exception`, `bus.port-gone`, `bus.port-missing`,
   * `bus.queue-full`, `bus.deadline`, `bus.closed`.
   */
  async read(request: ReadRequest): Promise<Uint8Array> {
    assertRange(request);
    if (this.#closed) throw this.#error("bus.closed", request, "the bus was closed");
    if (this.#queue.length >= this.#options.maxQueued) {
      throw this.#error("bus.queue-full", request, `${this.#queue.length} requests wait already`);
    }
    return await new Promise((resolve, reject) => {
      const deadlineMs = request.deadlineMs ?? 10_000;
      const cancel = this.#wiring.clock.after(deadlineMs, () => this.#expire(job, deadlineMs));
      const finish = (result: Uint8Array | Error) => {
        cancel();
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const job: Job = { request, finish, expired: false };
      this.#queue.push(job);
      void this.#work();
    });
  }

  /** Rejects what is waiting with `bus.closed` and closes the port. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { request, finish } of this.#queue.splice(0)) {
      finish(this.#error("bus.closed", request, "the bus was closed"));
    }
    const asked = this.#asked;
    asked?.settle(this.#error("bus.closed", asked.request, "the bus was closed"));
    this.#wakeUp();
    await this.#keeper.close();
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      try {
        job.finish(await this.#exchange(job));
      } catch (error) {
        job.finish(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#working = false;
  }

  #expire(job: Job, deadlineMs: number): void {
    job.expired = true;
    const text = `it could not be answered within ${deadlineMs} ms in all`;
    job.finish(this.#error("bus.deadline", job.request, text));
    const index = this.#queue.indexOf(job);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#wakeUp();
  }

  async #exchange(job: Job): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      await this.#quiet(job);
      const answer = await this.#ask(job.request);
      if (answer.kind === "registers") return answer.bytes;
      const { exceptionCode } = answer;
      if (exceptionCode !== busyCode || attempt === busyTries) {
        const text = `the meter answered with exception ${exceptionCode}`;
        throw this.#error("bus.exception", job.request, text, { exceptionCode });
      }
      this.#heldUntilMs =
        this.#wiring.clock.now() + busyPauseMs * 2 ** attempt * (0.75 + this.#wiring.random() / 2);
    }
  }

  /** Waits until the bus may be used: no late answer to come, and 3.5 characters of silence. */
  async #quiet(job: Job): Promise<void> {
    const { clock } = this.#wiring;
    const gapMs = silenceMs(this.#options.baudRate, this.#options.parity);
    for (;;) {
      if (this.#closed) throw this.#error("bus.closed", job.request, "the bus was closed");
      if (job.expired) throw this.#error("bus.deadline", job.request, "its time was over");
      const restMs = Math.max(this.#heldUntilMs, this.#lastByteMs + gapMs) - clock.now();
      if (restMs <= 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.afterExactly(restMs, resolve);
        this.#wakeUp = () => {
          cancel();
          resolve();
        };
      });
    }
  }

  async #ask(request: ReadRequest): Promise<Answer> {
    const { clock } = this.#wiring;
    const { line } = this.#keeper;
    try {
      await within(clock, clearDeadlineMs, line.clearInput());
    } catch (cause) {
      throw this.#lost(line, request, cause);
    }
    this.#received = new Uint8Array();
    const { baudRate, parity } = this.#options;
    const sentMs = clock.now();
    const wireMs =
      (requestLength + answerLength(request.count)) * characterMs(baudRate, parity) +
      silenceMs(baudRate, parity);
    this.#heldUntilMs = sentMs + wireMs + latencyMs + this.#longestAnswerMs;
    this.#lastByteMs = sentMs + requestLength * characterMs(baudRate, parity);
    return await new Promise((resolve, reject) => {
      const settle = (answer: Answer | BusError) => {
        cancel();
        if (answer instanceof BusError) reject(answer);
        else resolve(answer);
      };
      const asked: Asked = { request, sentMs, settle };
      // In two steps: after a stall of the whole process, what has come in meanwhile is read first.
      let cancel = clock.after(wireMs + (request.timeoutMs ?? 500), () => {
        cancel = clock.after(latencyMs, () => reject(this.#unanswered(request)));
      });
      this.#asked = asked;
      line.write(readRequest(request)).catch((cause: unknown) => {
        settle(this.#lost(line, request, cause));
      });
    });
  }

  /** Takes what came in; returns for how long the rest of the awaited answer is on its way. */
  #receive(bytes: Uint8Array): number {
    const now = this.#wiring.clock.now();
    this.#lastByteMs = Math.max(this.#lastByteMs, now);
    this.#received = Buffer.concat([this.#received, bytes]).subarray(-maxReceived);
    const asked = this.#asked;
    if (!asked) return 0;
    const answer = findAnswer(this.#received, asked.request);
    if (!answer) {
      const missing = answerLength(asked.request.count) - this.#received.length;
      return missing * characterMs(this.#options.baudRate, this.#options.parity) - earlyMs;
    }
    this.#asked = undefined;
    this.#heldUntilMs = 0;
    const tookMs = now - asked.sentMs;
    this.#longestAnswerMs = Math.min(longestHoldMs, Math.max(this.#longestAnswerMs, 1.5 * tookMs));
    asked.settle(answer);
    this.#wakeUp();
    return 0;
  }

  #unanswered(request: ReadRequest): BusError {
    const stray = strayBytes(this.#received);
    const timeoutMs = request.timeoutMs ?? 500;
    if (stray > 0) {
      const text = `${stray} damaged bytes came and no sound answer within ${timeoutMs} ms`;
      return this.#error("bus.crc", request, text);
    }
    const others = this.#received.length > 0 ? ", only frames that answer something else came" : "";
    return this.#error("bus.timeout", request, `no answer within ${timeoutMs} ms${others}`);
  }

  #lost(line: Line, request: RegisterRange, cause: unknown): BusError {
    this.#keeper.lost(line, cause);
    const text = cause instanceof Error ? cause.message : String(cause);
    return this.#error("bus.port-gone", request, `the port vanished: ${text}`, { cause });
  }

  #error(
    code: BusError["code"],
    { unit, table, address, count }: RegisterRange,
    text: string,
    options: { cause?: unknown; exceptionCode?: number } = {},
  ): BusError {
    const last = address + count - 1;
    const where = `${this.#wiring.name}, unit ${unit}, ${table} registers ${address}-${last}`;
    return new BusError(code, `${where}: ${text}`, options);
  }
}
