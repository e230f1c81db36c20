import { exactDecimalOf, wholeQuotient } from "./decimal.js";

/**
 * The shortest decimal that reads back to the same float32: 230.2, not 230.1999969482422. Of two
 * equally near ones that whose last digit is even, as other programs print it. Nine significant
 * digits always suffice (IEEE 754-2008, 5.12.2).
 */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return evenOfTie(value, short, digits);
  }
  return Number(value.toPrecision(9));
}

/** `short` is the value rounded to so many digits, half away from 0. */
function evenOfTie(value: number, short: number, digits: number): number {
  // In the middle of two, the value itself has one digit more.
  if (Number(value.toPrecision(digits + 1)) !== value || short === value) return short;
  const [, power = "0"] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power) - (digits - 1);
  const even = Number(
    `${wholeQuotient(exactDecimalOf(value), { digits: 1n, exponent })}e${exponent}`,
  );
  return Math.fround(even) === value ? even : short;
}
