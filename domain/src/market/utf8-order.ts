const firstSurrogate = 0xd800;

/**
 * Order of the UTF-8 bytes of two well-formed strings, which is the order of their code points.
 * JavaScript's own `<` compares UTF-16 units and so puts U+FF5E after U+1F600.
 */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index += 1;
  if (index === length) return a.length - b.length;
  const unitA = a.charCodeAt(index);
  const unitB = b.charCodeAt(index);
  if (unitA < firstSurrogate || unitB < firstSurrogate) return unitA - unitB;
  return rank(unitA) - rank(unitB);
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit <= 0xdfff ? unit + 0x10000 : unit;
}
