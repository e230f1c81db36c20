import type { Table } from "./schema.js";
import type { Place, Profile } from "./types.js";

/** Everything that the map declares in the space of its measured registers. */
export function declaredPlaces(profile: Profile): Place[] {
  const { registers, factors, unread, identity, sunspec } = profile;
  return [...registers, ...factors, ...unread, ...(sunspec ? [] : identity)];
}

/** The first address from `from` to before `to` that the map does not declare; undefined where all are. */
export function undeclaredBetween(
  profile: Profile,
  table: Table,
  from: number,
  to: number,
): number | undefined {
  const places = declaredPlaces(profile).filter((place) => place.table === table);
  for (let at = from; at < to; ) {
    const place = places.find((each) => each.address <= at && at < each.address + each.length);
    if (!place) return at;
    at = place.address + place.length;
  }
  return undefined;
}
