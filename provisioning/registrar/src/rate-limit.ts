import { CodedError } from "@powershare/domain/errors";

/** Addresses that are counted at the same time; the one not heard of for longest goes first. */
const mostAddresses = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** At most so many a minute of each key, after a burst of as many. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param nowMs monotonic milliseconds */
  constructor(perMinute: number, nowMs: () => number) {
    this.#perMinute = perMinute;
    this.#nowMs = nowMs;
  }

  /** @throws CodedError enrolment.limit */
  take(key: string): void {
    const nowMs = this.#nowMs();
    const before = this.#buckets.get(key) ?? { tokens: this.#perMinute, atMs: nowMs };
    const refilled = before.tokens + ((nowMs - before.atMs) * this.#perMinute) / 60_000;
    const tokens = Math.min(this.#perMinute, refilled);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: Math.max(0, tokens - 1), atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostAddresses && oldest !== undefined) this.#buckets.delete(oldest);
    if (tokens < 1)
      throw new CodedError("enrolment.limit", `more than ${this.#perMinute} a minute`);
  }
}
