import type { Fault } from "@powershare/domain/wiring";
import type { Home } from "./homes.js";

/** What rules and thresholds were chosen on, and what is reported. */
export const splits = ["tune", "report", "all"] as const;
export type Split = (typeof splits)[number];

/** Homes whose wiring was found wrong as measured; nothing is injected and no clean time counted. */
export const naturalFaults: ReadonlyMap<string, Fault> = new Map([
  ["F12", "reversed"],
  ["F14", "partial"],
]);

const tuned = ["F02", "F03", "F05", "B1"];
/** Its first half-year is tuned on, the second one reported. */
const halved = { id: "AEW-B", fromMs: Date.parse("2019-07-01T00:00:00Z") };

/**
 * The homes of a split without those of natural faults. Tuned on: F02, F03, F05, B1 and AEW-B until
 * the end of June. Reported: F04, F06, F09, F16, B3, B4, AUS12, AEW-C and AEW-B from July on.
 */
export function homesOf(split: Split, homes: readonly Home[]): Home[] {
  const clean = homes.filter(({ id }) => !naturalFaults.has(id));
  if (split === "all") return clean;
  const tune = split === "tune";
  return clean.flatMap((home) => {
    if (home.id === halved.id) return [halfOf(home, tune)];
    return tuned.includes(home.id) === tune ? [home] : [];
  });
}

function halfOf(home: Home, first: boolean): Home {
  const rows = home.rows.filter(({ startMs }) => startMs < halved.fromMs === first);
  const commissionedAt = new Date(rows[0]?.startMs ?? halved.fromMs).toISOString();
  return { ...home, rows, site: { ...home.site, commissionedAt } };
}
