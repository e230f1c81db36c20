/** An exact decimal number: digits × 10^exponent. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

export const one: Decimal = { digits: 1n, exponent: 0 };

/** Of a finite number as it prints, so 0.1 is a tenth. */
export function decimalOf(value: number | bigint): Decimal {
  if (typeof value === "bigint") return { digits: value, exponent: 0 };
  const match = /^(-?\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  if (!match?.[1]) throw new RangeError(`${value} is no finite number`);
  const fraction = match[2] ?? "";
  return {
    digits: BigInt(match[1] + fraction),
    exponent: Number(match[3] ?? 0) - fraction.length,
  };
}

/** Of a finite number with all its bits: 0.1 is 0.1000000000000000055…, for m / 2^n = m × 5^n / 10^n. */
export function exactDecimalOf(value: number): Decimal {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  if (biased === 0x7ff) throw new RangeError(`${value} is no finite number`);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  const power = Math.max(1, biased) - 1075;
  const digits = power >= 0 ? mantissa << BigInt(power) : mantissa * 5n ** BigInt(-power);
  return { digits: value < 0 ? -digits : digits, exponent: Math.min(0, power) };
}

export const times = (a: Decimal, b: Decimal): Decimal => ({
  digits: a.digits * b.digits,
  exponent: a.exponent + b.exponent,
});

/** a + b */
export function plus(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { digits: aligned(a, exponent) + aligned(b, exponent), exponent };
}

/** Digits of the same number with a lower exponent. */
const aligned = ({ digits, exponent: own }: Decimal, exponent: number) =>
  digits * 10n ** BigInt(own - exponent);

/** The nearest double. */
export const numberOf = ({ digits, exponent }: Decimal): number => {
  const value = Number(`${digits}e${exponent}`);
  return value === 0 ? 0 : value;
};

/** The nearest whole number; a half goes to the even one. */
export const wholeOf = (value: Decimal): bigint => wholeQuotient(value, one);

/** a / b to the nearest whole number; a half goes to the even one. b is not 0. */
export function wholeQuotient(a: Decimal, b: Decimal): bigint {
  const power = 10n ** BigInt(Math.abs(a.exponent - b.exponent));
  const isSmaller = a.exponent < b.exponent;
  return divideHalfEven(
    isSmaller ? a.digits : a.digits * power,
    isSmaller ? b.digits * power : b.digits,
  );
}

/** a / b to 30 digits after the first, so that a double of it is right to its last bit. b is not 0. */
export function quotient(a: Decimal, b: Decimal): Decimal {
  const more = Math.max(0, 30 + String(b.digits).length - String(a.digits).length);
  return {
    digits: divideHalfEven(a.digits * 10n ** BigInt(more), b.digits),
    exponent: a.exponent - b.exponent - more,
  };
}

/** a − n × b for the n that leaves the least; both are positive. */
export function remainder(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { digits: aligned(a, exponent) % aligned(b, exponent), exponent };
}

/** numerator / denominator, rounded half to even. */
function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator < 0n) return divideHalfEven(-numerator, -denominator);
  const whole = numerator / denominator;
  const twice = 2n * (numerator - whole * denominator);
  const size = twice < 0n ? -twice : twice;
  if (size < denominator || (size === denominator && whole % 2n === 0n)) return whole;
  return whole + (numerator < 0n ? -1n : 1n);
}
