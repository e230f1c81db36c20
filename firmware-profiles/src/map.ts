import type { Table } from "./schema.js";
import type { Place, Profile } from "./types.js";

/** Everything that the map declares in the space of its measured registers. */
export function declaredPlaces(profile: Profile): Place[] {
  return [...valuePlaces(profile), ...profile.unread, ...profile.whole];
}

/** Of these the places that hold a value each. */
export function valuePlaces({ registers, factors, identity, sunspec }: Profile): Place[] {
  const summands = registers.flatMap(({ plus }) => plus);
  return [...registers, ...summands, ...factors, ...(sunspec ? [] : identity)];
}

/** Addresses without a hole between them: from `from` to before `to`. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** What the map declares of a table, as runs without holes, by address. */
export function declaredRuns(profile: Profile, table: Table): Run[] {
  const places = declaredPlaces(profile)
    .filter((place) => place.table === table)
    .toSorted((a, b) => a.address - b.address);
  const runs: { from: number; to: number }[] = [];
  for (const { address, length } of places) {
    const last = runs.at(-1);
    if (last && address <= last.to) last.to = Math.max(last.to, address + length);
    else runs.push({ from: address, to: address + length });
  }
  return runs;
}

/** The first address from `from` to before `to` that is in no run; undefined where all are. */
export function undeclaredBetween(
  runs: readonly Run[],
  from: number,
  to: number,
): number | undefined {
  const run = runs.find((each) => each.from <= from && from < each.to);
  if (!run) return from;
  return run.to < to ? run.to : undefined;
}

const overlaps = (a: Place, b: Place) =>
  a.table === b.table && a.address < b.address + b.length && b.address < a.address + a.length;

export const contains = (a: Place, b: Place): boolean =>
  a.address <= b.address && b.address + b.length <= a.address + a.length;

/** What has to be read for a place: all that the meter gives only together with it. */
export function readableAs({ whole }: Profile, place: Place): Place {
  return whole.find((each) => overlaps(each, place)) ?? place;
}

/** Whether these addresses are only a part of some that the meter gives only all at once. */
export function isPartial({ whole }: Pick<Profile, "whole">, place: Place): boolean {
  return whole.some((each) => overlaps(each, place) && !contains(place, each));
}
