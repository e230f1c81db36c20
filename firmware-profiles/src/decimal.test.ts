import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decimalOf,
  exactDecimalOf,
  numberOf,
  quotient,
  remainder,
  times,
  wholeOf,
  wholeQuotient,
} from "./decimal.js";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

test("a number is the same decimal and back, as printed and with all its bits", () => {
  fc.assert(
    fc.property(finite, (value) => {
      expect(numberOf(decimalOf(value))).toBe(value + 0);
      expect(numberOf(exactDecimalOf(value))).toBe(value + 0);
    }),
  );
});

test("0.1 is a tenth as printed, and a little more with all its bits", () => {
  expect(decimalOf(0.1)).toEqual({ digits: 1n, exponent: -1 });
  const exact = exactDecimalOf(0.1);
  expect(wholeOf({ ...exact, exponent: exact.exponent + 20 })).toBe(10_000_000_000_000_000_555n);
});

test.each([
  ["0.5", 0n],
  ["1.5", 2n],
  ["2.5", 2n],
  ["-0.5", 0n],
  ["-1.5", -2n],
  ["2.4999", 2n],
  ["2.5001", 3n],
  ["-2.5001", -3n],
])("%s rounds half to even: %s", (value, whole) => {
  expect(wholeOf(decimalOf(Number(value)))).toBe(whole);
});

test("a product divided by one factor is the other", () => {
  const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  fc.assert(
    fc.property(whole, whole, fc.integer({ min: -9, max: 9 }), (a, b, exponent) => {
      fc.pre(b !== 0n);
      const [one, two] = [
        { digits: a, exponent },
        { digits: b, exponent: -3 },
      ];
      expect(numberOf(quotient(times(one, two), two))).toBe(numberOf(one));
      expect(wholeQuotient(times(one, two), two)).toBe(wholeOf(one));
    }),
  );
});

test("a third to its last bit", () => {
  expect(numberOf(quotient(decimalOf(1), decimalOf(3)))).toBe(1 / 3);
});

test("a remainder is below what is divided by, and exact", () => {
  expect(remainder(decimalOf(1_000_000.25), decimalOf(1_000_000))).toEqual({
    digits: 25n,
    exponent: -2,
  });
  expect(remainder(decimalOf(7), { digits: 2n, exponent: 0 })).toEqual({ digits: 1n, exponent: 0 });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("%d is no decimal", (value) => {
  expect(() => decimalOf(value)).toThrow(RangeError);
  expect(() => exactDecimalOf(value)).toThrow(RangeError);
});
