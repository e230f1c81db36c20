import type { Clock } from "./clock.js";
import { Dispatcher, type Job } from "./dispatcher.js";
import { BusError } from "./errors.js";
import {
  type Answer,
  answerIn,
  answerLength,
  type RegisterRange,
  readRequest,
  requestLength,
  type SoundFrame,
} from "./frame.js";
import { Inbox } from "./inbox.js";
import { LateAnswers } from "./late-answers.js";
import { type Line, LineKeeper, within } from "./line.js";
import type { MeterStatistics } from "./meter-watch.js";
import type { BusOptions, ReadRequest, RegisterReader } from "./register-reader.js";
import { characterMs, silenceMs } from "./timing.js";

interface Wiring {
  readonly name: string;
  /** Where the line may be at another port. */
  readonly ports?: { confirm(): void; leave(): boolean };
  readonly openLine: () => Promise<Line>;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The request that is out. */
interface Asked {
  readonly request: RegisterRange;
  readonly sentMs: number;
  /** Time on the wire of request, silence and answer, ms. */
  readonly wireMs: number;
  readonly settle: (answer: Answer | BusError) => void;
}

/** Slack for a USB adapter's latency timer (16 ms) and a busy event loop. */
const latencyMs = 30;
/** How much before its expected end an answer is fetched: what a timer may be late. */
const earlyMs = 1.5;
const clearDeadlineMs = 1_000;

/**
 * Modbus RTU master of one bus: one request at a time, the meters in turn. RTU answers carry no
 * address and no number, so nothing is sent while an older answer can still come that would look
 * like the new one: after a request without an answer, those of the same look wait until the late
 * answer was seen or can no longer come. All others go on.
 */
export class RtuMaster implements RegisterReader {
  readonly #clock: Clock;
  readonly #keeper: LineKeeper;
  readonly #dispatcher: Dispatcher;
  readonly #ports: Wiring["ports"];
  readonly #late = new LateAnswers();
  readonly #inbox = new Inbox();
  readonly #byteMs: number;
  readonly #gapMs: number;
  #lastByteMs: number;
  #lastUnit = 0;
  #asked: Asked | undefined;

  constructor(options: BusOptions, wiring: Wiring) {
    const { baudRate, parity, stopBits, onPort } = options;
    this.#clock = wiring.clock;
    this.#ports = wiring.ports;
    this.#byteMs = characterMs(baudRate, parity, stopBits);
    this.#gapMs = silenceMs(baudRate, parity, stopBits);
    this.#lastByteMs = wiring.clock.now();
    this.#dispatcher = new Dispatcher({
      ...options,
      ...wiring,
      exchange: (job) => this.#exchange(job),
      clearMs: (request) => this.#late.clearMs(request),
    });
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
  read(request: ReadRequest): Promise<Uint8Array> {
    return this.#dispatcher.read(request);
  }

  statistics(unit: number): MeterStatistics {
    return this.#dispatcher.statistics(unit);
  }

  /** The meters that belong here answer at the open port: its adapter is looked for from now on. */
  confirmPort(): void {
    this.#ports?.confirm();
  }

  /**
   * Other meters than those that belong here, or none, answer at the open port. Gives it up where
   * another may be the right one, and opens that. @returns whether it did
   */
  leavePort(): boolean {
    if (this.#ports?.leave() !== true) return false;
    this.#keeper.giveUp(new Error("its meters are not those of this line; trying another port"));
    return true;
  }

  /** Rejects what is waiting with `bus.closed` and closes the port. */
  async close(): Promise<void> {
    this.#dispatcher.close();
    const asked = this.#asked;
    asked?.settle(this.#dispatcher.error("bus.closed", asked.request, "the bus was closed"));
    await this.#keeper.close();
  }

  async #exchange(job: Job): Promise<Answer> {
    await this.#quiet(job);
    return await this.#ask(job.request);
  }

  /** Waits until the bus was silent for 3.5 characters, or as long as the meters beside ask for. */
  async #quiet(job: Job): Promise<void> {
    const { request, unit } = job;
    const pausesMs = [unit, this.#lastUnit].map((each) => this.#dispatcher.meter(each).pauseMs);
    const quietMs = Math.max(this.#gapMs, request.quietMs ?? 0, ...pausesMs);
    for (;;) {
      const { isClosed } = this.#dispatcher;
      if (isClosed) throw this.#dispatcher.error("bus.closed", request, "the bus was closed");
      if (job.expired) throw this.#dispatcher.error("bus.deadline", request, "its time was over");
      const restMs = this.#lastByteMs + quietMs - this.#clock.now();
      if (restMs <= 0) return;
      await this.#dispatcher.rest(restMs);
    }
  }

  async #ask(request: ReadRequest): Promise<Answer> {
    const { line } = this.#keeper;
    try {
      await within(this.#clock, clearDeadlineMs, line.clearInput());
    } catch (cause) {
      throw this.#lost(line, request, cause);
    }
    this.#inbox.clear();
    const sentMs = this.#clock.now();
    const wireMs = (requestLength + answerLength(request.count)) * this.#byteMs + this.#gapMs;
    const { watch } = this.#dispatcher.meter(request.unit);
    const timeoutMs = watch.timeoutMs(request.timeoutMs ?? 500);
    this.#lastByteMs = sentMs + requestLength * this.#byteMs;
    this.#lastUnit = request.unit;
    return await new Promise((resolve, reject) => {
      const settle = (answer: Answer | BusError) => {
        cancel();
        this.#asked = undefined;
        if (answer instanceof BusError) reject(answer);
        else resolve(answer);
      };
      const asked: Asked = { request, sentMs, wireMs, settle };
      const giveUp = () => settle(this.#unanswered(asked, timeoutMs));
      // In two steps: after a stall of the whole process, what has come in meanwhile is read
      // first, and an answer that has begun may end.
      let cancel = this.#clock.after(wireMs + timeoutMs, () => {
        cancel = this.#clock.after(latencyMs, () => {
          if (this.#inbox.pending === 0) giveUp();
          else cancel = this.#clock.after(this.#missingMs(request) + latencyMs, giveUp);
        });
      });
      this.#asked = asked;
      line.write(readRequest(request)).catch((cause: unknown) => {
        settle(this.#lost(line, request, cause));
      });
    });
  }

  /** Takes what came in; returns for how long the rest of the awaited answer is on its way, ms. */
  #receive(bytes: Uint8Array): number {
    const now = this.#clock.now();
    this.#lastByteMs = Math.max(this.#lastByteMs, now);
    this.#inbox.take(bytes, (frame, all) => this.#sort(frame, all));
    if (!this.#asked || this.#inbox.pending === 0) return 0;
    const missingMs = this.#missingMs(this.#asked.request);
    // Bytes that are fetched later come meanwhile all the same.
    this.#lastByteMs = Math.max(this.#lastByteMs, now + missingMs);
    return missingMs - earlyMs;
  }

  /** Time on the wire of what is missing of the answer, ms. */
  #missingMs({ count }: RegisterRange): number {
    return Math.max(0, answerLength(count) - this.#inbox.pending) * this.#byteMs;
  }

  /** To whom does the frame belong: to the open request, to one that was given up, or to no one? */
  #sort(frame: SoundFrame, bytes: Uint8Array): void {
    const now = this.#clock.now();
    const { unit, code, from, length } = frame;
    const asked = this.#asked;
    const answer = asked && answerIn(bytes, frame, asked.request);
    const isRefusal = code >= 0x80;
    // A refusal may be that of the request before, which was given up: then ours is still to come.
    const refused = isRefusal ? this.#late.refusalSeen(unit, code & 0x7f, now) : undefined;
    if (asked && answer && !refused) {
      this.#answered(asked, answer);
      return;
    }
    // The echo of a request is a sound frame, too, but no answer.
    const registers = (length - answerLength(0)) / 2;
    if (!isRefusal && bytes[from + 2] !== 2 * registers) return;
    const owed = isRefusal ? refused : this.#late.seen(unit, code, registers, now);
    if (!owed) return;
    this.#dispatcher.meter(unit).watch.answeredLate(now - owed.sentMs - owed.wireMs);
    this.#dispatcher.wake();
  }

  #answered({ request, sentMs, wireMs, settle }: Asked, answer: Answer): void {
    const now = this.#clock.now();
    const { watch } = this.#dispatcher.meter(request.unit);
    if (answer.kind === "exception") watch.failed("exception");
    else {
      watch.answered(now - sentMs - wireMs, now);
      const copyMs = answerLength(request.count) * this.#byteMs + this.#gapMs + latencyMs;
      this.#late.answered(request, now + copyMs);
    }
    settle(answer);
  }

  #unanswered({ request, sentMs, wireMs }: Asked, timeoutMs: number): BusError {
    const { watch } = this.#dispatcher.meter(request.unit);
    const { strayBytes, isEmpty } = this.#inbox;
    watch.failed(strayBytes > 0 ? "crc" : "timeout");
    const untilMs = sentMs + wireMs + latencyMs + watch.longestMs;
    this.#late.owe(request, { unit: request.unit, sentMs, wireMs, untilMs });
    const inTime = `within ${Math.round(timeoutMs)} ms`;
    if (strayBytes > 0) {
      const text = `${strayBytes} damaged bytes came and no sound answer ${inTime}`;
      return this.#dispatcher.error("bus.crc", request, text);
    }
    const others = isEmpty ? "" : ", only frames that answer something else came";
    return this.#dispatcher.error("bus.timeout", request, `no answer ${inTime}${others}`);
  }

  #lost(line: Line, request: RegisterRange, cause: unknown): BusError {
    this.#keeper.lost(line, cause);
    const text = cause instanceof Error ? cause.message : String(cause);
    return this.#dispatcher.error("bus.port-gone", request, `the port vanished: ${text}`, {
      cause,
    });
  }
}
