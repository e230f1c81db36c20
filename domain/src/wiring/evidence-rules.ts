import { z } from "zod";
import { instantSeconds, wh } from "../ledger/primitives.js";
import { lightAt, solarMs } from "./light.js";
import type { RuleFamily } from "./types.js";
import type { WiringSettings } from "./wiring-settings.js";

/**
 * What the ledger itself finds out about a meter's wiring, from the totals of intervals alone and in whole
 * numbers. Physics: no generator on the sun gives energy in the dark, and a connection point without
 * storage behind it gives none either. Both are assumed to be wired wrong, not believed, where they do: what
 * else may produce by night (wind, cogeneration, storage that nobody declared) needs a word of people.
 */
export const evidenceRule = z.enum(["night-production", "night-export"]);
export type EvidenceRule = z.infer<typeof evidenceRule>;
/** Both rest on where the sun stands, so they do not confirm one another. */
export const evidenceRuleFamily: RuleFamily = "sun";

/** What the totals of a placement epoch's intervals come to so far. */
export const tally = z.strictObject({
  /** Nights that were as they should be, and days on which a generator produced. */
  nights: z.int().min(0),
  days: z.int().min(0),
  /** Intervals without a gap between them, all in the dark or all by day, and whether they counted as such. */
  run: z
    .strictObject({
      light: z.enum(["dark", "day"]),
      end: instantSeconds,
      seconds: z.int().min(1),
      solarSeconds: z.int().min(1),
      importWh: wh,
      exportWh: wh,
      counted: z.boolean(),
    })
    .nullable(),
  /** The first rule that the totals broke. It stays so until the next placement epoch. */
  failed: evidenceRule.nullable(),
});
export type Tally = z.infer<typeof tally>;
export const emptyTally: Tally = { nights: 0, days: 0, run: null, failed: null };

/** What a rule needs to know of an interval; `Interval` of domain/evidence has more. */
export interface TalliedInterval {
  readonly start: string;
  readonly end: string;
  readonly importWh: number;
  readonly exportWh: number;
  readonly quality: "good" | "gap" | "unsynchronised";
}

/** Of the meter, as its household declared it, and of the microgrid. */
export interface EvidenceContext {
  readonly role: "connection" | "generator";
  readonly storage: "none" | "ac" | "dc";
  readonly wiring: WiringSettings;
}

export const evidenceVerdict = z.enum(["open", "passed", "failed"]);
export type EvidenceVerdict = z.infer<typeof evidenceVerdict>;

/** What stray voltage and rounding of registers to whole Wh may show. */
const noiseW = 15;
const noiseWh = 2;
/** In the sun's time: what makes a night, what breaks one, what makes a day, and what is too long to be either. */
const nightSeconds = 3 * 3_600;
const brokenNightSeconds = 1_800;
const daySeconds = 3_600;
const longestSeconds = 2 * 3_600;

/** The tally with one more interval, in order of time. Those that are not `good` only end a run. */
export function addInterval(
  before: Tally,
  interval: TalliedInterval,
  context: EvidenceContext,
): Tally {
  const run = nextRun(before.run, interval, context.wiring);
  if (run === null || before.failed !== null) return { ...before, run };
  const gives = isLoud(run.exportWh, run.seconds);
  if (run.light === "day") {
    const counts = !run.counted && gives && run.solarSeconds >= daySeconds;
    return counted({ ...before, run }, "days", counts);
  }
  const failed = gives && run.solarSeconds >= brokenNightSeconds ? ruleOf(context) : null;
  if (failed !== null) return { ...before, run, failed };
  const isAsExpected =
    !gives && (context.role === "generator" || isLoud(run.importWh, run.seconds));
  const counts = !run.counted && isAsExpected && run.solarSeconds >= nightSeconds;
  return counted({ ...before, run }, "nights", counts);
}

/**
 * Whether the totals prove the wiring right (a generator: by a night without and a day with production; a
 * connection point: by a night that took energy and gave none), or wrong. A generator with storage on its
 * direct-current side is never proven by totals: its meter cannot tell it from the sun.
 */
export function judgeTally(
  { nights, days, failed }: Tally,
  { role, storage }: Pick<EvidenceContext, "role" | "storage">,
): EvidenceVerdict {
  if (failed !== null) return "failed";
  if (role === "connection") return nights > 0 ? "passed" : "open";
  return nights > 0 && days > 0 && storage !== "dc" ? "passed" : "open";
}

/** The rule that energy given in the dark breaks; null where storage may have given it. */
function ruleOf({ role, storage }: EvidenceContext): EvidenceRule | null {
  if (role === "generator") return storage === "dc" ? null : "night-production";
  return storage === "none" ? "night-export" : null;
}

function nextRun(
  before: Tally["run"],
  { start, end, importWh, exportWh, quality }: TalliedInterval,
  wiring: WiringSettings,
): Tally["run"] {
  const fromMs = Date.parse(start);
  const seconds = (Date.parse(end) - fromMs) / 1000;
  const solarSeconds = seconds * (wiring.solarClock?.speed ?? 1);
  const fromSolarMs = solarMs(fromMs, wiring);
  const light = lightAt(fromSolarMs, wiring);
  const isAlike = light === lightAt(fromSolarMs + solarSeconds * 1000, wiring);
  if (quality !== "good" || light === undefined || !isAlike || solarSeconds > longestSeconds) {
    return null;
  }
  if (before?.light !== light || before.end !== start) {
    return { light, end, seconds, solarSeconds, importWh, exportWh, counted: false };
  }
  return {
    light,
    end,
    seconds: before.seconds + seconds,
    solarSeconds: before.solarSeconds + solarSeconds,
    importWh: before.importWh + importWh,
    exportWh: before.exportWh + exportWh,
    counted: before.counted,
  };
}

/** More than noise on average. */
function isLoud(energyWh: number, seconds: number): boolean {
  return energyWh > noiseWh && energyWh * 3_600 > noiseW * seconds;
}

function counted(now: Tally, what: "nights" | "days", counts: boolean): Tally {
  if (!counts || now.run === null) return now;
  return { ...now, [what]: now[what] + 1, run: { ...now.run, counted: true } };
}
