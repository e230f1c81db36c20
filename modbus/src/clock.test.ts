import { expect, test } from "vitest";
import { systemClock } from "./clock.js";

test.each(["after", "afterExactly"] as const)(
  "%s runs later even when it is due at once, never early, and not when cancelled",
  async (method) => {
    for (const delayMs of [-1, 0, 0.3, 2.4]) {
      const startMs = systemClock.now();
      let cancelledRan = false;
      let ranMs: number | undefined;
      const done = new Promise<void>((resolve) => {
        systemClock[method](delayMs, () => {
          ranMs = systemClock.now();
          resolve();
        });
      });
      systemClock[method](delayMs, () => {
        cancelledRan = true;
      })();
      expect(ranMs).toBeUndefined();
      await done;
      // setTimeout counts whole milliseconds from the loop's last look at the clock.
      const slackMs = method === "after" ? 1 : 0;
      expect(systemClock.now() - startMs).toBeGreaterThanOrEqual(delayMs - slackMs);
      expect(cancelledRan).toBe(false);
    }
  },
);
