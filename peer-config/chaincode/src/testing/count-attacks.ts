export interface CountedAttacks {
  /** By code, how many came to nothing. */
  readonly refused: ReadonlyMap<string, number>;
  /** Seeds of those that did not. */
  readonly accepted: readonly number[];
}

/** Tries so many attacks, each from a seed of its own. @param attempt - the code it was refused with; undefined where it was not */
export async function countAttacks(
  count: number,
  seed: number,
  attempt: (seed: number) => Promise<string | undefined>,
): Promise<CountedAttacks> {
  const refused = new Map<string, number>();
  const accepted: number[] = [];
  for (let at = seed; at < seed + count; at++) {
    const code = await attempt(at);
    if (code === undefined) accepted.push(at);
    else refused.set(code, (refused.get(code) ?? 0) + 1);
  }
  return { refused, accepted };
}
