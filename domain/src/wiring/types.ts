import { z } from "zod";
import type { Channel, Site } from "./site.js";

/** What is wrong with a wiring; `docs/glossary.md` says each in a sentence. */
export const fault = z.enum([
  "none",
  "swapped",
  "reversed",
  "phase-reversed",
  "partial",
  "scaled",
  "stuck",
  "dead",
  "clock-shift",
  "storage-as-solar",
  "replayed",
  "other",
]);
export type Fault = z.infer<typeof fault>;

/**
 * `suspect`: credited, and shown. `held`: not credited until resolved. `manipulated`: two
 * independent rules agree, or a sign test failed.
 */
export const verdict = z.enum(["ok", "suspect", "held", "manipulated"]);
export type Verdict = z.infer<typeof verdict>;

/** Names of measured columns: energy of the interval in Wh, means in the unit of the name; `gridW` is + for import. */
export const columns = [
  "productionWh",
  "consumptionWh",
  "importWh",
  "exportWh",
  "productionW",
  "consumptionW",
  "gridW",
  "gridL1W",
  "gridL2W",
  "gridL3W",
  "voltageL1V",
  "voltageL2V",
  "voltageL3V",
  "batteryW",
  "socPercent",
] as const;
export type Column = (typeof columns)[number];

/** What was measured in [startMs, startMs + seconds). A column that is left out was not measured. */
export interface Row extends Readonly<Partial<Record<Column, number>>> {
  /** Milliseconds since 1970 UTC. */
  readonly startMs: number;
  readonly seconds: number;
  /** Production of neighbours in intervals that ended since the row before. */
  readonly neighbours?: readonly NeighbourProduction[];
}

export interface NeighbourProduction {
  readonly household: string;
  readonly startMs: number;
  readonly seconds: number;
  readonly productionWh: number;
}

/** What a rule says of what it has seen so far. */
export type Finding =
  /** It does not know. */
  | { readonly says: "nothing" }
  /** What it looks at is as in a house that is wired right. */
  | { readonly says: "right"; readonly confidence: number; readonly fromMs: number }
  | WrongFinding;

export interface WrongFinding {
  readonly says: "wrong";
  /** `held` only where honest houses do not get there. */
  readonly verdict: "suspect" | "held";
  readonly fault: Exclude<Fault, "none">;
  /** 0 to 1. */
  readonly confidence: number;
  /** What it was seen in. */
  readonly fromMs: number;
  readonly toMs: number;
  /** A sentence that a household understands, in English, with the figures it rests on. */
  readonly explanation: string;
}

/** Rules of one family rest on the same physics, so they do not confirm one another. */
export const ruleFamily = z.enum([
  "sun",
  "balance",
  "voltage",
  "phases",
  "neighbours",
  "feeder",
  "registers",
  "clock",
]);
export type RuleFamily = z.infer<typeof ruleFamily>;

/** Physics turned into a finding. Pure: the same rows give the same findings. */
export interface Rule {
  readonly id: string;
  readonly family: RuleFamily;
  /** Channels without which it has nothing to look at. */
  readonly needs: readonly Channel[];
  /** Shorter rows are gathered to this length before it sees them, once for all rules with the same. */
  readonly gatherSeconds?: number;
  /** Begins anew, as at a new placement epoch; undefined where the site is not one for it. */
  readonly start: (site: Site) => RuleRun | undefined;
}

/** A rule at work on one site. Memory and time per row are bounded. */
export interface RuleRun {
  /** Rows come in order of time, without overlap; gaps are possible. */
  readonly push: (row: Row) => void;
  /** From the rows pushed so far, and no other. */
  readonly finding: () => Finding;
}

/** Where the verdict changed. */
export interface Judgement {
  /** End of the last row used, ms UTC. */
  readonly atMs: number;
  readonly verdict: Verdict;
  readonly fault: Fault;
  /** Id of the rule that decided; `none` where the verdict is `ok` again. */
  readonly rule: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly confidence: number;
  readonly explanation: string;
}

/** A time between two occasions at which cables could have been changed unseen. */
export interface PlacementEpoch {
  readonly fromMs: number;
  /** Undefined for the one that lasts. */
  readonly toMs?: number;
  readonly state: "unproven" | "proven";
  /** Why it began, or what proved it. */
  readonly reason: string;
}
