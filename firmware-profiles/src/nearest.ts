/** Up to three of `all`, by the fewest letters to change; `maker/model` also by its model alone. */
export function nearest(wanted: string, all: readonly string[]): string[] {
  const distanceTo = (other: string) =>
    Math.min(editDistance(wanted, other), 1 + editDistance(wanted, other.split("/")[1] ?? other));
  return all.toSorted((a, b) => distanceTo(a) - distanceTo(b)).slice(0, 3);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
