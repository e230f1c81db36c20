import type { Fault, FaultScript } from "@powershare/modbus";
import { SeededRandom } from "./random.js";

export const faultKinds = [
  "silent",
  "late",
  "garbled",
  "stale",
  "other-unit",
  "truncated",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What goes wrong on a line, and how often; a seed replays it. */
export interface FaultPlan {
  readonly seed: string;
  /** One of these is drawn for each answer that is spoilt. */
  readonly kinds: readonly FaultKind[];
  /** Share of the answers that are spoilt, 0 to 1. */
  readonly share: number;
}

export const noFaults: FaultPlan = { seed: "", kinds: [], share: 0 };

/** How late a late answer comes: later than any master waits, so it meets the next request. */
const lateMs = 900;

/** The faults of a line by its plan. The draw depends on the number of the request alone. */
export function faultScript(plan: FaultPlan): FaultScript {
  const random = new SeededRandom(`${plan.seed}/faults`);
  return ({ unit, index }) => {
    if (random.at(3 * index) >= plan.share) return undefined;
    const kind = plan.kinds[Math.floor(random.at(3 * index + 1) * plan.kinds.length)];
    return kind && faultOf(kind, unit, random.at(3 * index + 2));
  };
}

function faultOf(kind: FaultKind, unit: number, draw: number): Fault {
  switch (kind) {
    case "silent":
    case "stale":
      return { kind };
    case "late":
      return { kind, byMs: lateMs };
    case "garbled":
      return { kind, bit: Math.floor(draw * 4096) };
    case "truncated":
      return { kind, bytes: 1 + Math.floor(draw * 16) };
    case "other-unit":
      return { kind, unit: unit + 1 };
  }
}
