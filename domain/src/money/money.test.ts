import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountNano, formatCash, formatCoins, sharesByLargestRemainder } from "./index.js";

const natural = (max: number) => fc.integer({ min: 0, max });
const byIndex = (a: number, b: number) => a - b;

describe("amountNano", () => {
  it("is exact beyond what a double holds", () => {
    expect(amountNano(5762, 180_000)).toBe(1_037_160_000n);
    expect(amountNano(Number.MAX_SAFE_INTEGER, 999_999_999)).toBe(
      9_007_199_254_740_991n * 999_999_999n,
    );
  });

  it("refuses a fraction", () => {
    expect(() => amountNano(0.5, 1)).toThrow(RangeError);
  });
});

describe("formatting", () => {
  it.each([
    [0n, "0.000000"],
    [1_234_567_899n, "1.234567"],
    [999n, "0.000000"],
    [-999n, "0.000000"],
    [-1_500_000_000n, "-1.500000"],
    [-1_000n, "-0.000001"],
    [123_456_789_000_000_000n, "123456789.000000"],
  ])("%s nano-coin reads %s", (nano, text) => {
    expect(formatCoins(nano)).toBe(text);
  });

  it.each([
    [12_349_999n, "12.34 EUR"],
    [0n, "0.00 EUR"],
    [-5_000_000n, "-5.00 EUR"],
    [50_000n, "0.05 EUR"],
  ])("%s micro-units of cash read %s", (micro, text) => {
    expect(formatCash(micro, "EUR")).toBe(text);
  });
});

describe("sharesByLargestRemainder", () => {
  it.each([
    { total: 10, weights: [1, 1, 1], shares: [4, 3, 3] },
    { total: 7, weights: [10, 20, 30], shares: [1, 2, 4] },
    { total: 0, weights: [0, 0], shares: [0, 0] },
    { total: 0, weights: [], shares: [] },
    { total: 5, weights: [0, 5, 0], shares: [0, 5, 0] },
  ])("shares $total over $weights as $shares", ({ total, weights, shares }) => {
    expect(sharesByLargestRemainder(total, weights, byIndex)).toEqual(shares);
  });

  it("serves equal remainders in the order it is given", () => {
    expect(sharesByLargestRemainder(1, [3, 3, 3], (a, b) => b - a)).toEqual([0, 0, 1]);
  });

  it.each([
    [-1, [1]],
    [1.5, [1]],
    [1, [-1]],
    [1, [0]],
    [1, [Number.MAX_SAFE_INTEGER, 1]],
  ])("refuses to share %s over %s", (total, weights) => {
    expect(() => sharesByLargestRemainder(total, weights, byIndex)).toThrow(RangeError);
  });

  it("sums to the total, and no share is a whole unit from its quota", () => {
    const weights = fc
      .array(fc.oneof(natural(9), natural(100_000_000_000)), { minLength: 1, maxLength: 30 })
      .filter((list) => list.some((weight) => weight > 0));
    fc.assert(
      fc.property(
        weights,
        fc.oneof(natural(50), natural(Number.MAX_SAFE_INTEGER)),
        (list, total) => {
          const shares = sharesByLargestRemainder(total, list, byIndex);
          const sum = list.reduce((a, b) => a + BigInt(b), 0n);
          expect(shares.reduce((a, b) => a + BigInt(b), 0n)).toBe(BigInt(total));
          shares.forEach((share, index) => {
            const error = BigInt(share) * sum - BigInt(total) * BigInt(list[index] ?? 0);
            expect(error > -sum && error < sum).toBe(true);
          });
        },
      ),
    );
  });

  it("never gives a unit to a smaller remainder before a larger one", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(weights, natural(200), (list, total) => {
        const sum = list.reduce((a, b) => a + b, 0);
        const shares = sharesByLargestRemainder(total, list, byIndex);
        const remainder = (index: number) => (total * (list[index] ?? 0)) % sum;
        const raised = list.flatMap((weight, index) =>
          (shares[index] ?? 0) * sum > total * weight ? [remainder(index)] : [],
        );
        const cut = list.flatMap((weight, index) =>
          (shares[index] ?? 0) * sum < total * weight ? [remainder(index)] : [],
        );
        expect(Math.min(...raised)).toBeGreaterThanOrEqual(Math.max(0, ...cut));
      }),
    );
  });
});
