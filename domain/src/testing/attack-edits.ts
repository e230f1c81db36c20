/** Numbers in [0, 1); a seed replays them. */
export type Random = () => number;

export const pick = <T>(items: readonly T[], random: Random): T => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
};

/** A whole number from `low` to `high`. */
export const between = (low: number, high: number, random: Random): number =>
  low + Math.floor(random() * (high - low + 1));

/** The array without the item at `index`. */
export const without = <T>(items: readonly T[], index: number): T[] => items.toSpliced(index, 1);

export const swapped = <T>(items: readonly T[], a: number, b: number): T[] =>
  items.map((item, index) => items[index === a ? b : index === b ? a : index] ?? item);

/** Hexadecimal text with one digit changed. */
export function hexChanged(text: string, random: Random): string {
  const at = Math.floor(random() * text.length);
  const digit = (Number.parseInt(text.charAt(at), 16) + between(1, 15, random)) % 16;
  return text.slice(0, at) + digit.toString(16) + text.slice(at + 1);
}

type Path = readonly (string | number)[];

/** Paths of all strings, numbers and booleans in a JSON value. */
export function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, member]) => leavesOf(member, [...path, key]));
}

/** A copy in which the value at a path is replaced by what `change` makes of it. */
export function changedAt(value: unknown, path: Path, change: (old: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((item: unknown, i) => (i === key ? changedAt(item, rest, change) : item));
  }
  const object = Object(value) as Record<string, unknown>;
  return { ...object, [key]: changedAt(object[key], rest, change) };
}

/** Another value of the same type. */
export function flipped(value: unknown, random: Random): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number")
    return value + pick([-1, 1, 1000, 2 ** between(0, 30, random)], random);
  const text = String(value);
  if (/^[0-9a-f]{8,}$/.test(text)) return hexChanged(text, random);
  const at = Math.floor(random() * text.length);
  const code = text.charCodeAt(at) ^ (1 << between(0, 6, random));
  return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
}
