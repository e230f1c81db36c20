import { expect, test } from "vitest";
import { spinningClock, systemClock } from "./clock.js";

test.each([
  { method: "after", name: "after", clock: systemClock },
  { method: "afterExactly", name: "afterExactly", clock: systemClock },
  { method: "afterExactly", name: "afterExactly without sleep", clock: spinningClock },
] as const)(
  "$name runs later even when it is due at once, never early, and not when cancelled",
  async ({ method, clock }) => {
    for (const delayMs of [-1, 0, 0.3, 2.4]) {
      const startMs = clock.now();
      let cancelledRan = false;
      let ranMs: number | undefined;
      const done = new Promise<void>((resolve) => {
        clock[method](delayMs, () => {
          ranMs = clock.now();
          resolve();
        });
      });
      clock[method](delayMs, () => {
        cancelledRan = true;
      })();
      expect(ranMs).toBeUndefined();
      await done;
      // setTimeout counts whole milliseconds from the loop's last look at the clock.
      const slackMs = method === "after" ? 1 : 0;
      expect(clock.now() - startMs).toBeGreaterThanOrEqual(delayMs - slackMs);
      expect(cancelledRan).toBe(false);
    }
  },
);
