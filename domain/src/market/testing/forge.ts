/** A place in a JSON value. */
export type Path = readonly (string | number)[];

/** Paths of all numbers, strings and nulls. */
export function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

/** A copy that differs in one place. */
export function change(value: unknown, [key, ...rest]: Path, by: number): unknown {
  if (key === undefined) return changed(value, by);
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[key] = change(copy[key], rest, by);
  return copy;
}

function changed(value: unknown, by: number): unknown {
  if (typeof value === "number") return value + by;
  if (typeof value !== "string") return { buy: Math.abs(by), sell: Math.abs(by) };
  return /^-?\d+$/.test(value) ? String(BigInt(value) + BigInt(by)) : `${value}x`;
}
