import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MeterWatch } from "./meter-watch.js";

const mostMs = 2_000;
const taught = (...latenciesMs: number[]) => {
  const watch = new MeterWatch({ longestMs: 1_000 });
  for (const latencyMs of latenciesMs) watch.answered(latencyMs, 0);
  return watch;
};

describe("the learned time-out", () => {
  test("is what the caller says until the meter has answered", () => {
    expect(taught().timeoutMs(mostMs)).toBe(mostMs);
  });

  test("is at least 200 ms, or twice what the maker says", () => {
    expect(taught(...Array<number>(50).fill(5)).timeoutMs(mostMs)).toBe(200);
    const slow = new MeterWatch({ longestMs: 1_000, turnaroundMs: 300 });
    slow.answered(5, 0);
    expect(slow.timeoutMs(mostMs)).toBe(600);
  });

  test("is the smoothed latency and four deviations", () => {
    // First sample 400: deviation 200. Second 480: off by 80, so 170; smoothed 410.
    expect(taught(400, 480).timeoutMs(mostMs)).toBe(410 + 4 * 170);
  });

  test("comes down to a steady meter's latency", () => {
    const watch = taught(...Array<number>(100).fill(400));
    expect(watch.timeoutMs(mostMs)).toBeGreaterThanOrEqual(400);
    expect(watch.timeoutMs(mostMs)).toBeLessThan(420);
  });

  test("doubles with each time-out in a row, never above the caller's, and comes back at once", () => {
    const watch = taught(...Array<number>(50).fill(5));
    const learned = [1, 2, 3, 4].map(() => {
      watch.failed("timeout");
      return watch.timeoutMs(mostMs);
    });
    expect(learned).toEqual([400, 800, 1_600, 2_000]);
    watch.answered(5, 0);
    expect(watch.timeoutMs(mostMs)).toBe(200);
  });

  test("is never above what the caller allows, whatever is seen", () => {
    const events = fc.array(fc.oneof(fc.nat({ max: 20_000 }), fc.constant("timeout" as const)));
    fc.assert(
      fc.property(events, fc.integer({ min: 50, max: 10_000 }), (seen, callersMs) => {
        const watch = taught();
        for (const one of seen) {
          if (one === "timeout") watch.failed(one);
          else watch.answered(one, 0);
        }
        expect(watch.timeoutMs(callersMs)).toBeLessThanOrEqual(callersMs);
        expect(watch.longestMs).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

test("an answer is expected half as long again as the latest that came", () => {
  const watch = taught(5);
  expect(watch.longestMs).toBe(1_000);
  watch.answeredLate(1_200);
  expect(watch.longestMs).toBe(1_800);
});
