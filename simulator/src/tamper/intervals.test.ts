import { describe, expect, it } from "vitest";
import { poissonUpperBound, wilson } from "./intervals.js";

describe("Wilson's interval", () => {
  // Newcombe (1998), table I, method 3, and the closed form for all and none.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [10, 10, 0.7225, 1],
  ])("of %d of %d is %f to %f", (hits, of, low, high) => {
    const interval = wilson(hits, of);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it("of nothing is everything", () => {
    expect(wilson(0, 0)).toMatchObject({ low: 0, high: 1 });
  });
});

describe("upper bound of what was counted", () => {
  // Half the 90 % quantile of chi-square with 2(n+1) degrees of freedom at 0.95.
  it.each([
    [0, 2.9957],
    [1, 4.7439],
    [2, 6.2958],
    [10, 16.9622],
  ])("of %d is %f", (events, bound) => {
    expect(poissonUpperBound(events)).toBeCloseTo(bound, 4);
  });
});
