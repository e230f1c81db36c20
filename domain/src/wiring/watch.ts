import { placement } from "./placement.js";
import { placementProofs, wiringRules } from "./rules.js";
import { startRules } from "./running.js";
import type { Site } from "./site.js";
import { columns, type Judgement, type PlacementEpoch, type Row, type Rule } from "./types.js";
import { judge } from "./verdict.js";

export interface WiringWatch {
  /** Takes the next row; the judgement where its verdict or fault differs from the one before. */
  readonly push: (row: Row) => Judgement | undefined;
  /** From all rows so far. */
  readonly judgement: () => Judgement;
  readonly epochs: () => readonly PlacementEpoch[];
}

/** Rows of a second are judged once a minute: no rule is quicker, and it is most of the work. */
const judgeEveryMs = 60_000;

/**
 * Watches the wiring of one household: every rule that has what it needs sees every row, in order of
 * time, and what they say becomes one verdict. Nothing later than the last row is used.
 */
export function watchWiring(site: Site, rules: readonly Rule[] = wiringRules): WiringWatch {
  const running = startRules(site, rules);
  const epochs = placement(site, placementProofs);
  let judgement = judge([], Date.parse(site.commissionedAt));
  return {
    push: (row) => {
      if (!isMeasured(row)) return undefined;
      const endMs = row.startMs + row.seconds * 1000;
      running.push(row);
      epochs.push(row, judgement.verdict !== "ok");
      if (minuteOf(endMs) === minuteOf(row.startMs)) return undefined;
      const before = judgement;
      judgement = judge(running.found(), endMs);
      const same = judgement.verdict === before.verdict && judgement.fault === before.fault;
      return same ? undefined : judgement;
    },
    judgement: () => judgement,
    epochs: epochs.epochs,
  };
}

function minuteOf(ms: number): number {
  return Math.floor(ms / judgeEveryMs);
}

function isMeasured(row: Row): boolean {
  for (const column of columns) if (row[column] !== undefined) return true;
  return false;
}
