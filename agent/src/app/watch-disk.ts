import { CodedError } from "@powershare/domain/errors";
import type { Clock } from "../ports/clock.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

const checkEveryMs = 60_000;
const nearlyFull = 0.9;

/** Warns before the disk is full. `used` is the share of the disk of dataDir in use, 0 to 1. */
export function watchDisk(clock: Clock, health: Health, used: () => number): Loop {
  return startLoop(clock, async () => {
    const share = used();
    if (share < nearlyFull) health.ok("store", "space");
    else {
      const text = `${Math.floor(share * 100)} % of the disk are used`;
      health.problem("store", "space", "degraded", new CodedError("store.nearly-full", text));
    }
    return checkEveryMs;
  });
}
