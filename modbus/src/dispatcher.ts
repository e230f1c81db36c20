import type { Clock } from "./clock.js";
import { BusError, exceptionText, isBusy } from "./errors.js";
import { FairQueue } from "./fair-queue.js";
import { type Answer, assertRange, type RegisterRange, type UnitRange } from "./frame.js";
import { type MeterStatistics, MeterWatch } from "./meter-watch.js";
import type { ReaderOptions, ReadRequest } from "./register-reader.js";

/** What a bus has about one of its meters. */
export interface Meter {
  readonly watch: MeterWatch;
  readonly pauseMs: number;
  /** A meter that said it was busy is left alone until then. */
  notBeforeMs: number;
}

/** A request that waits for its turn, or has it. */
export interface Job {
  readonly unit: number;
  readonly request: ReadRequest;
  /** Its deadline passed, and its caller was told. */
  expired: boolean;
}

interface OpenJob extends Job {
  readonly finish: (result: Uint8Array | Error) => void;
  tries: number;
}

export interface DispatcherOptions extends ReaderOptions {
  /** The bus as a person knows it, for messages. */
  readonly name: string;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** After that time no answer of a meter is expected, ms; grows with what is seen. Default 1000. */
  readonly longestAnswerMs?: number;
  /** Asks the meter and waits for its answer; rejects with BusError. Called for one job at a time. */
  readonly exchange: (job: Job) => Promise<Answer>;
  /** Unit ids that may be asked. Default "serial". */
  readonly units?: UnitRange;
  /** From when on the request may be sent. */
  readonly clearMs?: (request: RegisterRange) => number;
}

const busyTries = 3;
const busyPauseMs = 50;

/**
 * Gives the requests of one bus their turns: one at a time, the meters in turn, each request
 * within its deadline, the queue bounded. A meter that says it is busy is asked again after a
 * while, in which the others have theirs.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #queue = new FairQueue<OpenJob>();
  readonly #meters = new Map<number, Meter>();
  #current: OpenJob | undefined;
  #working = false;
  #closed = false;
  #wakeUp = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** As RegisterReader.read. */
  async read(request: ReadRequest): Promise<Uint8Array> {
    assertRange(request, this.#options.units);
    if (this.#closed) throw this.error("bus.closed", request, "the bus was closed");
    if (this.#queue.size >= (this.#options.maxQueued ?? 64)) {
      throw this.error("bus.queue-full", request, `${this.#queue.size} requests wait already`);
    }
    return await new Promise((resolve, reject) => {
      const deadlineMs = request.deadlineMs ?? 10_000;
      const cancel = this.#options.clock.after(deadlineMs, () => this.#expire(job, deadlineMs));
      const finish = (result: Uint8Array | Error) => {
        cancel();
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const job: OpenJob = { unit: request.unit, request, finish, tries: 0, expired: false };
      this.#queue.add(job);
      // It may go before those that must wait.
      this.wake();
      void this.#work();
    });
  }

  meter(unit: number): Meter {
    const known = this.#meters.get(unit);
    if (known) return known;
    const { meters, longestAnswerMs: longestMs = 1_000 } = this.#options;
    const { pauseMs = 0, turnaroundMs = 0 } = meters?.get(unit) ?? {};
    const watch = new MeterWatch({ longestMs, turnaroundMs });
    const meter = { watch, pauseMs, notBeforeMs: 0 };
    this.#meters.set(unit, meter);
    return meter;
  }

  statistics(unit: number): MeterStatistics {
    return this.meter(unit).watch.statistics(this.#options.clock.now());
  }

  /** Rejects what waits or is out with `bus.closed`. */
  close(): void {
    this.#closed = true;
    const open = this.#current ? [this.#current] : [];
    for (const { request, finish } of [...open, ...this.#queue.removeAll()]) {
      finish(this.error("bus.closed", request, "the bus was closed"));
    }
    this.wake();
  }

  /** Waits so long, or until something happens that changes what may be sent. */
  rest(restMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const cancel = this.#options.clock.afterExactly(restMs, resolve);
      this.#wakeUp = () => {
        cancel();
        resolve();
      };
    });
  }

  wake(): void {
    this.#wakeUp();
  }

  /** An error that names bus, unit and registers. */
  error(
    code: BusError["code"],
    { unit, table, address, count }: RegisterRange,
    text: string,
    options: { cause?: unknown; exceptionCode?: number } = {},
  ): BusError {
    const last = address + count - 1;
    const where = `${this.#options.name}, unit ${unit}, ${table} registers ${address}-${last}`;
    return new BusError(code, `${where}: ${text}`, options);
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    const { clock, clearMs } = this.#options;
    const readyAtMs = ({ unit, request }: Job) =>
      Math.max(this.meter(unit).notBeforeMs, clearMs?.(request) ?? 0);
    for (;;) {
      const now = clock.now();
      const turn = this.#queue.next(now, readyAtMs);
      if (turn.kind === "empty") break;
      if (turn.kind === "wait") await this.rest(turn.untilMs - now);
      else await this.#serve(turn.job);
    }
    this.#working = false;
  }

  async #serve(job: OpenJob): Promise<void> {
    this.#current = job;
    try {
      const answer = await this.#options.exchange(job);
      if (answer.kind === "registers") job.finish(answer.bytes);
      else this.#refused(job, answer.exceptionCode);
    } catch (error) {
      job.finish(error instanceof Error ? error : new Error(String(error)));
    }
    this.#current = undefined;
  }

  #refused(job: OpenJob, exceptionCode: number): void {
    job.tries++;
    if (!isBusy(exceptionCode) || job.tries === busyTries) {
      const text = `the meter answered with exception ${exceptionText(exceptionCode)}`;
      throw this.error("bus.exception", job.request, text, { exceptionCode });
    }
    if (job.expired || this.#closed) return;
    const { clock, random } = this.#options;
    const pauseMs = busyPauseMs * 2 ** job.tries * (0.75 + random() / 2);
    this.meter(job.unit).notBeforeMs = clock.now() + pauseMs;
    this.#queue.add(job, "first");
  }

  #expire(job: OpenJob, deadlineMs: number): void {
    job.expired = true;
    const text = `it could not be answered within ${deadlineMs} ms in all`;
    job.finish(this.error("bus.deadline", job.request, text));
    this.#queue.remove(job);
    this.wake();
  }
}
