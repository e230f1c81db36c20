import { describe, expect, it } from "vitest";
import { MonotonicTime, momentOf } from "./monotonic-time.js";

describe("monotonic time", () => {
  it.each<[name: string, uptimeMs: number, awakeMs: number, nowMs: number]>([
    ["is that of the kernel", 50_010, 50_000, 50_000],
    ["counts an hour of sleep", 3_650_000, 50_000, 3_650_000],
    ["does not follow an uptime that a container shows", 7_000, 50_000, 50_000],
  ])("%s", (_, uptimeMs, awakeMs, nowMs) => {
    const clocks = { uptimeMs: () => 10_000, awakeMs: () => 10_000 };
    const time = new MonotonicTime(clocks);
    expect(time.nowMs()).toBe(10_000);
    clocks.uptimeMs = () => uptimeMs;
    clocks.awakeMs = () => awakeMs;
    time.look();
    expect(time.nowMs()).toBe(nowMs);
  });

  it("never falls", () => {
    const clocks = { uptimeMs: () => 500_000, awakeMs: () => 100_000 };
    const time = new MonotonicTime(clocks);
    clocks.uptimeMs = () => 499_000;
    time.look();
    expect(time.nowMs()).toBe(500_000);
  });
});

describe("a moment", () => {
  /** A monotonic clock that gives these times one after the other. */
  function clock(...times: readonly number[]): () => number {
    const left = [...times];
    return () => left.shift() ?? 0;
  }

  it.each<[name: string, monotonic: readonly number[], utc: readonly number[], moment: object]>([
    ["is taken as it is read", [10, 12], [1000], { utcMs: 1000, monotonicMs: 10 }],
    [
      "is read again where the process was put aside in between",
      [10, 900, 901, 902],
      [1000, 1891],
      { utcMs: 1891, monotonicMs: 901 },
    ],
    [
      "is taken at the fifth try at the latest",
      [0, 100, 200, 300, 400, 500, 600, 700, 800, 900],
      [1, 2, 3, 4, 5],
      { utcMs: 5, monotonicMs: 800 },
    ],
  ])("%s", (_, monotonic, utc, moment) => {
    expect(momentOf(clock(...monotonic), clock(...utc))).toEqual(moment);
  });
});
