import { type Running, startRules } from "./running.js";
import type { Site } from "./site.js";
import type { PlacementEpoch, Row, Rule } from "./types.js";
import type { Found } from "./verdict.js";
import { instantText } from "./wording.js";

/** Cables can be changed unseen in as long as this. One missing interval of a slow meter is let pass. */
const unseenMs = 30_000;
/** Those that ended longest ago are forgotten first. */
const mostEpochs = 10_000;

export interface Placement {
  /** `wrong`: a rule says of the rows before this one that the wiring is not right. */
  readonly push: (row: Row, wrong: boolean) => void;
  readonly epochs: () => readonly PlacementEpoch[];
}

/**
 * Follows placement epochs. One is proven when every rule that can say so says of this epoch's rows alone
 * that the wiring is right, and no rule says that it is wrong.
 */
export function placement(site: Site, proofs: readonly Rule[]): Placement {
  const closed: PlacementEpoch[] = [];
  let open: { epoch: PlacementEpoch; proofs: Running } | undefined;
  let endMs = Number.NEGATIVE_INFINITY;
  const begin = (fromMs: number, reason: string) => {
    if (open !== undefined) closed.push({ ...open.epoch, toMs: endMs });
    if (closed.length > mostEpochs) closed.shift();
    open = { epoch: { fromMs, state: "unproven", reason }, proofs: startRules(site, proofs) };
    return open;
  };
  const epochOf = (row: Row) => {
    if (open === undefined) return begin(row.startMs, "commissioned");
    const gapMs = row.startMs - endMs;
    if (gapMs <= Math.max(unseenMs, row.seconds * 1000)) return open;
    return begin(row.startMs, `nothing was read for ${Math.round(gapMs / 1000)} s`);
  };
  return {
    push: (row, wrong) => {
      const current = epochOf(row);
      endMs = row.startMs + row.seconds * 1000;
      if (current.epoch.state === "proven") return;
      current.proofs.push(row);
      if (wrong || !allRight(current.proofs.found())) return;
      const reason = `${current.epoch.reason}; proven by a night and a day at ${instantText(endMs)}`;
      open = { ...current, epoch: { ...current.epoch, state: "proven", reason } };
    },
    epochs: () => (open === undefined ? closed : [...closed, open.epoch]),
  };
}

function allRight(found: readonly Found[]): boolean {
  return found.length > 0 && found.every(({ finding }) => finding.says === "right");
}
