import { codeOf } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import type { RetentionStore, ScrubStore } from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const dayMs = 86_400_000;
/** Between batches while there is something to delete: sixty times as fast as they are made. */
const pruneEveryMs = 1_000;
const idleMs = 60_000;
/** Between steps of the scrub: 60 readings every five seconds are a million a day. */
const scrubEveryMs = 5_000;
const betweenPassesMs = dayMs;

export interface KeepStoreOptions {
  readonly store: RetentionStore & ScrubStore;
  readonly clock: Clock;
  readonly health: Health;
  readonly keepDays: number;
  readonly maxBytes: number;
}

/**
 * Deletes readings that are older than `keepDays` or do not fit into `maxBytes`, oldest first, one
 * batch at a time, and only what evidence no longer needs. Waits while the clock is not trusted: by a
 * wrong date everything is old.
 */
export function retainReadings({
  store,
  clock,
  health,
  keepDays,
  maxBytes,
}: KeepStoreOptions): Loop {
  return startLoop(clock, async () => {
    try {
      const trusted = clock.quality() !== "unknown";
      const beforeMs = trusted ? clock.nowMs() - keepDays * dayMs : Number.NEGATIVE_INFINITY;
      const deleted = store.prune({ beforeMs, maxBytes });
      health.ok("store", "retention");
      return deleted > 0 ? pruneEveryMs : idleMs;
    } catch (error) {
      health.problem("store", "retention", "degraded", error);
      return idleMs;
    }
  });
}

/** Reads the whole store again, slowly: a card that forgets is noticed while a backup still helps. */
export function scrubStore({
  store,
  clock,
  health,
}: Pick<KeepStoreOptions, "store" | "clock" | "health">): Loop {
  return startLoop(clock, async () => {
    try {
      const done = store.scrub();
      if (done) health.ok("store", "scrub");
      return done ? betweenPassesMs : scrubEveryMs;
    } catch (error) {
      const damaged = codeOf(error) === "store.corrupt";
      health.problem("store", "scrub", damaged ? "failed" : "degraded", error);
      return idleMs;
    }
  });
}
