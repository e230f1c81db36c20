import { setTimeout as sleep } from "node:timers/promises";

/** What retries depend on, passed in so that a test replays them. */
export interface Pace {
  /** In [0, 1). */
  readonly random: () => number;
  /** Waits, or rejects when the signal is aborted. */
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export const realPace: Pace = {
  random: Math.random,
  delay: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/**
 * Wait before try number `attempt` (from 1): doubling from `firstMs` to `longestMs`, and of that a random
 * part between half and all, so that clients that failed together do not come back together.
 */
export function backoffMs(
  attempt: number,
  random: () => number,
  { firstMs = 200, longestMs = 10_000 } = {},
): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(full * (0.5 + random() / 2));
}
