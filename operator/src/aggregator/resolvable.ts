import type { ProjectedHeldSale, ProjectedPlacement } from "@powershare/ledger-client";

/** After 35 days without a proof the ledger gives back; a day more for the length of a slot and clocks. */
const expiredMs = 36 * 86_400_000;

/**
 * Whether one of a seller's waiting sales may be released or given back: all its placements are proven, one
 * of them is manipulated, or its time is over. The ledger decides again, by what it has itself.
 */
export function isResolvable(
  waiting: readonly Pick<ProjectedHeldSale, "slot" | "placements">[],
  placements: readonly Pick<ProjectedPlacement, "meter" | "epoch" | "state">[],
  nowMs: number,
): boolean {
  const states = new Map(placements.map(({ epoch, meter, state }) => [`${meter} ${epoch}`, state]));
  // Evidence that had not come: it has since, or not, and then the ledger answers that nothing is due.
  for (const { meter, state } of placements.toReversed()) states.set(`${meter} null`, state);
  return waiting.some(({ slot, placements: own }) => {
    const found = own.map(({ epoch, meter }) => states.get(`${meter} ${epoch}`));
    return (
      found.includes("manipulated") ||
      found.every((state) => state === "proven") ||
      nowMs - Date.parse(slot) > expiredMs
    );
  });
}
