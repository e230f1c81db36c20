/** What a bus has seen of one meter since it was opened. */
export interface MeterStatistics {
  /** Sound answers with registers. */
  readonly answers: number;
  /** Requests to which nothing usable came in time, damaged answers not counted. */
  readonly timeouts: number;
  /** Requests to which only damaged bytes came. */
  readonly crcErrors: number;
  /** Refusals, those for being busy included. */
  readonly exceptions: number;
  /** Answers that came after their time-out, and were recognised as such. */
  readonly lateAnswers: number;
  /** How long the meter thinks before it answers, smoothed, ms; null before its first answer. */
  readonly latencyMs: number | null;
  /** How long the next request waits for it, ms; null before its first answer: as the caller says. */
  readonly timeoutMs: number | null;
  /** Since its last sound answer, ms; null before the first. */
  readonly sinceAnswerMs: number | null;
}

/** What counts against a meter. */
export type Failure = "timeout" | "crc" | "exception";

/** A meter may pause so long for its own affairs, however quick it is otherwise. */
const leastTimeoutMs = 200;
const longestHoldMs = 10_000;
/** Weights of RFC 6298, 2.3: an eighth of a new sample, a quarter of a new deviation. */
const sampleWeight = 1 / 8;
const deviationWeight = 1 / 4;
const deviations = 4;

/**
 * Learns how fast one meter is: its time-out is the smoothed latency and four deviations, doubled
 * with each time-out in a row, and never more than the caller allows. After Jacobson (1988), as
 * in RFC 6298.
 */
export class MeterWatch {
  #answers = 0;
  #timeouts = 0;
  #crcErrors = 0;
  #exceptions = 0;
  #lateAnswers = 0;
  #smoothedMs: number | undefined;
  #deviationMs = 0;
  #inARow = 0;
  #longestMs: number;
  #answeredAtMs: number | undefined;

  readonly #leastMs: number;

  /**
   * @param longestMs after that time no answer is expected any more, until a later one was seen
   * @param turnaroundMs what the maker says that the meter needs
   */
  constructor({ longestMs, turnaroundMs = 0 }: { longestMs: number; turnaroundMs?: number }) {
    this.#longestMs = longestMs;
    this.#leastMs = Math.max(leastTimeoutMs, 2 * turnaroundMs);
  }

  /** A sound answer came `latencyMs` after it could have begun. */
  answered(latencyMs: number, nowMs: number): void {
    this.#answers++;
    this.#inARow = 0;
    this.#answeredAtMs = nowMs;
    this.#learn(latencyMs);
  }

  /** The answer to a request that was given up came after all. */
  answeredLate(latencyMs: number): void {
    this.#lateAnswers++;
    this.#learn(latencyMs);
  }

  failed(failure: Failure): void {
    if (failure === "exception") {
      this.#exceptions++;
      this.#inARow = 0;
    } else {
      if (failure === "crc") this.#crcErrors++;
      else this.#timeouts++;
      this.#inARow++;
    }
  }

  /** How long to wait for an answer, ms; `mostMs` before anything was learned and at most. */
  timeoutMs(mostMs: number): number {
    const learnedMs = this.#learnedMs;
    return learnedMs === undefined ? mostMs : Math.min(mostMs, learnedMs);
  }

  /** Later than this no answer comes any more, ms: half as much again as the latest that came. */
  get longestMs(): number {
    return this.#longestMs;
  }

  statistics(nowMs: number): MeterStatistics {
    return {
      answers: this.#answers,
      timeouts: this.#timeouts,
      crcErrors: this.#crcErrors,
      exceptions: this.#exceptions,
      lateAnswers: this.#lateAnswers,
      latencyMs: this.#smoothedMs ?? null,
      timeoutMs: this.#learnedMs ?? null,
      sinceAnswerMs: this.#answeredAtMs === undefined ? null : nowMs - this.#answeredAtMs,
    };
  }

  get #learnedMs(): number | undefined {
    if (this.#smoothedMs === undefined) return undefined;
    const steadyMs = this.#smoothedMs + deviations * this.#deviationMs;
    return Math.max(this.#leastMs, steadyMs) * 2 ** Math.min(this.#inARow, 10);
  }

  #learn(sampleMs: number): void {
    const latencyMs = Math.max(0, sampleMs);
    this.#longestMs = Math.min(longestHoldMs, Math.max(this.#longestMs, 1.5 * latencyMs));
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = latencyMs;
      this.#deviationMs = latencyMs / 2;
      return;
    }
    const offMs = Math.abs(latencyMs - this.#smoothedMs);
    this.#deviationMs += deviationWeight * (offMs - this.#deviationMs);
    this.#smoothedMs += sampleWeight * (latencyMs - this.#smoothedMs);
  }
}
