/** An exact price. A denominator of 0 means without bound. */
export interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

export const unbounded: Fraction = { n: 1n, d: 0n };
export const belowAll: Fraction = { n: -1n, d: 0n };

export function whole(value: number): Fraction {
  return { n: BigInt(value), d: 1n };
}

export function compare(a: Fraction, b: Fraction): number {
  const left = a.n * b.d;
  const right = b.n * a.d;
  if (a.d === 0n && b.d === 0n) return Number(a.n - b.n);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function floor(n: bigint, d: bigint): bigint {
  const quotient = n / d;
  return n % d !== 0n && n < 0n !== d < 0n ? quotient - 1n : quotient;
}

export function ceil(n: bigint, d: bigint): bigint {
  return -floor(-n, d);
}

export function greatest(a: Fraction | undefined, b: Fraction | undefined): Fraction | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compare(a, b) < 0 ? b : a;
}

export function least(a: Fraction | undefined, b: Fraction | undefined): Fraction | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compare(b, a) < 0 ? b : a;
}

export function floored({ n, d }: Fraction): number {
  return Number(floor(n, d));
}

export function ceiled({ n, d }: Fraction): number {
  return Number(ceil(n, d));
}

/** The lesser of two amounts. */
export function lesser(a: bigint, b: bigint): bigint {
  if (b < a) return b;
  return a;
}
