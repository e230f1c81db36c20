import { setTimeout as delay } from "node:timers/promises";
import { playbackSpeed } from "./cast.js";
import { CheatBook } from "./cheat-book.js";
import type { Household } from "./household.js";
import type { Neighbourhood } from "./neighbourhood.js";

/** Nobody exchanges two cables faster; while it is done, no meter answers. */
const handsOnMs = 17_000;
/** The proof that makes its sales count, by the sign test at the latest minutes after the start. */
const provenWithinMs = 300_000;

/** Who has a generator, no battery that could explain anything, and neighbours to be compared with. */
export function cheatOf({ households }: Neighbourhood): Household {
  const found = households.find(
    ({ spec }) => spec.meters.length > 1 && spec.site.storage === "none",
  );
  if (found === undefined) throw new RangeError("nobody has two meters and no battery");
  return found;
}

/**
 * Has one household cheat: waits until its wiring is proven, and exchanges the cables of its two meters, as one
 * does by hand. Nobody tells agent, aggregator or ledger.
 *
 * @returns the book of what the ledger does about it; it wants all events from now on
 */
export async function cheat(
  { agent, spec }: Household,
  { meters }: Neighbourhood,
  { say, signal }: { readonly say: (message: string) => void; readonly signal: AbortSignal },
): Promise<CheatBook> {
  const isProven = ({ wiring }: { readonly wiring?: { readonly state: string } | undefined }) =>
    wiring?.state === "proven";
  await agent.waitForOverview("proven wiring", isProven, provenWithinMs);
  const { id } = spec;
  const offMs = Date.now();
  await meters.unplug(id);
  say(`${id} cheats: it takes the cables off its two meters`);
  await delay(handsOnMs, undefined, { signal });
  await meters.swapCables(id);
  await delay(handsOnMs, undefined, { signal });
  await meters.plugIn(id);
  const swappedMs = Date.now();
  say(`${id} cheats: the cables of its two meters have changed places, and nobody was told`);
  const tell = (news: string) => say(`${id} cheats: ${news}`);
  return new CheatBook({ household: id, offMs, swappedMs, speed: playbackSpeed, tell });
}
