import type { ClockQuality } from "@powershare/domain/evidence";
import type { Clock, ClockStatus, Moment, PastMoment } from "../ports/clock.js";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Time that passes only when told to: a whole day in a moment, and the same way each time. */
export class SimClock implements Clock {
  bootId = "boot-1";
  currentQuality: ClockQuality = "synchronised";
  /** True time of a world whose clocks are never set; what this machine shows may differ. */
  readonly world: Clock = new WorldClock(
    (delayMs, signal) => this.sleep(delayMs, signal),
    () => this.#passedMs,
    () => this.#startMs + this.#passedMs,
  );
  readonly #startMs: number;
  /** Since the simulation began. */
  #passedMs = 1_000;
  /** What UTC of this machine shows more than the truth. */
  #wrongMs = 0;
  #bootedAtMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(startUtc: string) {
    this.#startMs = Date.parse(startUtc) - this.#passedMs;
  }

  nowMs(): number {
    return this.world.nowMs() + this.#wrongMs;
  }

  monotonicMs(): number {
    return this.#passedMs - this.#bootedAtMs;
  }

  quality(): ClockQuality {
    return this.currentQuality;
  }

  moment(): Moment {
    return { utcMs: this.nowMs(), monotonicMs: this.monotonicMs() };
  }

  status(): ClockStatus {
    return { quality: this.quality(), keeper: "host", syncedAgoMs: null, contradictions: [] };
  }

  resume(_last: PastMoment): void {}

  /** The machine starts again: another boot id, monotonic time from 0, and UTC as the machine finds it. */
  restart(utcMs: number): void {
    const [, count = "1"] = /(\d+)$/.exec(this.bootId) ?? [];
    this.bootId = `boot-${Number(count) + 1}`;
    this.#bootedAtMs = this.#passedMs;
    this.#wrongMs = utcMs - this.world.nowMs();
  }

  /** Moves UTC, as somebody who sets the clock does. */
  step(ms: number): void {
    this.#wrongMs += ms;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs: this.#passedMs + Math.max(0, delayMs),
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

  /** Lets time pass in which nothing gets a turn: what was due happens afterwards, late. */
  async skip(ms: number): Promise<void> {
    this.#passedMs += ms;
    await this.advance(0);
  }

  /** Lets time pass and everything happen that is due in it, in order. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#passedMs + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      );
      if (next === undefined || next.atMs > untilMs) break;
      this.#passedMs = Math.max(this.#passedMs, next.atMs);
      next.wake();
    }
    this.#passedMs = untilMs;
    await settle();
  }
}

/** What stands outside the machine, e.g. a meter, goes by this. */
class WorldClock implements Clock {
  readonly bootId = "world";
  readonly sleep: Clock["sleep"];
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;

  constructor(sleep: Clock["sleep"], monotonicMs: () => number, nowMs: () => number) {
    this.sleep = sleep;
    this.monotonicMs = monotonicMs;
    this.nowMs = nowMs;
  }

  moment(): Moment {
    return { utcMs: this.nowMs(), monotonicMs: this.monotonicMs() };
  }

  quality(): ClockQuality {
    return "synchronised";
  }

  resume(): void {}

  status(): ClockStatus {
    return { quality: "synchronised", keeper: "host", syncedAgoMs: 0, contradictions: [] };
  }
}

/** Until no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
