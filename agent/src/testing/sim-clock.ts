import type { ClockQuality } from "@powershare/domain/evidence";
import type { Clock, ClockStatus, Moment } from "../ports/clock.js";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that passes only when told to: a whole day in a moment, and the same way each time. */
export class SimClock implements Clock {
  bootId = "boot-1";
  currentQuality: ClockQuality = "synchronised";
  #monotonicMs = 1_000;
  #utcOffsetMs: number;
  #sleepers: Sleeper[] = [];

  constructor(startUtc: string) {
    this.#utcOffsetMs = Date.parse(startUtc) - this.#monotonicMs;
  }

  nowMs(): number {
    return this.#monotonicMs + this.#utcOffsetMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  quality(): ClockQuality {
    return this.currentQuality;
  }

  moment(): Moment {
    return { utcMs: this.nowMs(), monotonicMs: this.#monotonicMs };
  }

  status(): ClockStatus {
    return { quality: this.quality(), keeper: "host", syncedAgoMs: null, contradictions: [] };
  }

  /** Moves UTC, as somebody who sets the clock does. */
  step(ms: number): void {
    this.#utcOffsetMs += ms;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs: this.#monotonicMs + Math.max(0, delayMs),
        wake: () => {
          this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
          resolve();
        },
      };
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", sleeper.wake, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Lets time pass and everything happen that is due in it, in order. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      );
      if (next === undefined || next.atMs > untilMs) break;
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      next.wake();
    }
    this.#monotonicMs = untilMs;
    await settle();
  }
}

/** Until no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
