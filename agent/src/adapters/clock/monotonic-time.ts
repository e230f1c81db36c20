import { readFileSync } from "node:fs";
import type { Moment } from "../../ports/clock.js";

/** Between the two readings of the monotonic clock that enclose one of UTC. */
const togetherWithinMs = 5;
const mostTries = 5;
/** The kernel's uptime comes in hundredths of a second. */
const noticeableMs = 100;

/** The kernel's clocks, ms since the machine started. */
export interface KernelClocks {
  /** CLOCK_MONOTONIC, which stands still while the machine is suspended. */
  awakeMs(): number;
  /** The uptime, which does not. */
  uptimeMs(): number;
}

export const kernelClocks: KernelClocks = {
  awakeMs: () => Number(process.hrtime.bigint()) / 1e6,
  uptimeMs: () => Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000,
};

/**
 * Monotonic time that is comparable between runs of the agent and counts suspension: else each
 * suspension would look like a step of UTC. Where a container shows an uptime of its own, suspension
 * is not seen.
 */
export class MonotonicTime {
  readonly #clocks: KernelClocks;
  #suspendedMs = 0;

  constructor(clocks: KernelClocks = kernelClocks) {
    this.#clocks = clocks;
    this.look();
  }

  nowMs(): number {
    return Math.floor(this.#clocks.awakeMs()) + this.#suspendedMs;
  }

  /** Notices what was slept since the last look. */
  look(): void {
    const suspendedMs = Math.round(this.#clocks.uptimeMs() - this.#clocks.awakeMs());
    if (suspendedMs - this.#suspendedMs > noticeableMs) this.#suspendedMs = suspendedMs;
  }
}

/** Tries again where the process was put aside between the readings. */
export function momentOf(monotonicMs: () => number, utcMs: () => number = Date.now): Moment {
  for (let tries = 1; ; tries += 1) {
    const before = monotonicMs();
    const moment = { utcMs: utcMs(), monotonicMs: before };
    if (monotonicMs() - before <= togetherWithinMs || tries === mostTries) return moment;
  }
}
