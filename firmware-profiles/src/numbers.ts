/**
 * The shortest decimal that reads back to the same float32: 230.2, not 230.1999969482422.
 * Nine significant digits always suffice (IEEE 754-2008, 5.12.2).
 */
export function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
