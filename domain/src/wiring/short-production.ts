import { type Day, dayBook } from "./days.js";
import { bestShare, leastShare, shareOfClear, shinesAtNight, sunnyBins } from "./envelope.js";
import { nightWatts } from "./night-level.js";
import { quantile, quantileOfSorted } from "./quantiles.js";
import type { Site } from "./site.js";
import type { Row, RuleRun, WrongFinding } from "./types.js";
import { instantText, percentText } from "./wording.js";

const keptDays = 30;
const fewestDays = 12;

/**
 * Production that is too little for what the other channels and the generator's size say, from the first
 * day on: no history of better days is needed.
 */
export function shortProduction(site: Site): RuleRun {
  const book = dayBook(site, keptDays);
  let small: WrongFinding | undefined;
  let short: Short | undefined;
  return {
    push: (row: Row) => {
      if (book.push(row) === undefined || site.storage !== "none") return;
      small = belowSize(site, book.days, small);
      short = belowExport(site, book.days, short);
    },
    finding: () => short?.finding ?? small ?? { says: "nothing" },
  };
}

interface Short {
  readonly finding: WrongFinding;
  /** The most that was produced before, W; undefined where that was too short a time. */
  readonly usualW: number | undefined;
}

/** Hours of fair sun in which more is fed in than produced. */
const hoursNeeded = 4;

/**
 * A house without storage feeds in no more than it produces; meters agree within a few percent. Production
 * is what falls short, unless it reaches what it did before, or export exceeds that.
 */
function belowExport(
  site: Site,
  days: readonly Day[],
  before: Short | undefined,
): Short | undefined {
  const recent = days.slice(-3);
  if (shinesAtNight(recent, "export")) return before;
  // A day on which production dies is a dead channel's.
  const excess = recent.map((day) => (isAlive(day) ? excessHours(site, day, 1.1) : 0));
  const hours = excess.reduce((sum, one) => sum + one, 0);
  if (hours < hoursNeeded || excess.filter((one) => one > 0).length < 2) {
    const fedIn = recent.reduce((sum, day) => sum + excessHours(site, day, 0), 0);
    return hours === 0 && fedIn >= hoursNeeded ? undefined : before;
  }
  const known = days.length >= fewestDays ? most(days.slice(0, -3), "production") : undefined;
  const usualW = before === undefined ? known : before.usualW;
  const isTall =
    before?.finding.fault === "scaled" ||
    most(recent, "export") > 1.1 * (usualW ?? Number.POSITIVE_INFINITY) ||
    mostWhileShort(site, recent) > 0.9 * (usualW ?? Number.POSITIVE_INFINITY);
  const finding = isTall
    ? wrong("scaled", recent, "more was fed in than the generator gives")
    : wrong(
        "partial",
        recent,
        `in ${hours.toFixed(0)} h more was fed in than production's meter saw`,
      );
  return { finding, usualW };
}

function most(days: readonly Day[], flow: "production" | "export"): number {
  return Math.max(...days.flatMap((day) => [...day.watts[flow]].filter(Number.isFinite)));
}

function isAlive(day: Day): boolean {
  return most([day], "production") >= 0.02 * most([day], "export");
}

/** The most that production read while it fell short; before it did, it may have been right. */
function mostWhileShort(site: Site, days: readonly Day[]): number {
  return Math.max(
    ...days.flatMap((day) =>
      excessBins(site, day, 1.1).map((bin) => day.watts.production[bin] ?? 0),
    ),
  );
}

/** Hours in which export exceeded so many times production. */
function excessHours(site: Site, day: Day, factor: number): number {
  return (excessBins(site, day, factor).length * day.binMs) / 3_600_000;
}

function excessBins(site: Site, { watts }: Day, factor: number): readonly number[] {
  const margin = 0.01 * (site.pv?.peakW ?? 0) + 50;
  return [...watts.export.keys()].filter(
    (bin) =>
      (watts.export[bin] ?? Number.NaN) > factor * (watts.production[bin] ?? Number.NaN) + margin,
  );
}

/** Generators that face away, or are old, still reach this share of clear sky's power on a level plane. */
const leastOfPeak = 0.4;
/** And one that reaches this has shown its size. */
const enoughOfPeak = 0.65;
/** Share of its bright hours in which the house would need next to nothing. */
const restingShare = 0.12;

/**
 * Derived consumption lacks what production lacks, so at noon it falls below what the house needs at night.
 * What was found `before` stays until production shows the generator's size.
 */
function belowSize(
  site: Site,
  days: readonly Day[],
  before: WrongFinding | undefined,
): WrongFinding | undefined {
  if (site.pv === null || days.length < fewestDays || shinesAtNight(days, "production"))
    return before;
  const bins = sunnyBins(days);
  const tops = bins.map((bin) => bestShare(days, "production", bin, 2));
  const top = quantile(tops, 0.75) / site.pv.peakW;
  if (top > enoughOfPeak) return undefined;
  // Less than that is snow, or an outage with a few good hours.
  if (!(top < leastOfPeak) || top < leastShare) return before;
  const baseW = quantileOfSorted(nightWatts(days, "consumption"), 0.05);
  if (!(baseW > 0)) return before;
  const consumed = days.flatMap((day) =>
    bins
      .filter((bin, i) => shareOfClear(day, "production", bin) >= 0.6 * (tops[i] ?? 0))
      .map((bin) => day.watts.consumption[bin] ?? Number.NaN)
      .filter(Number.isFinite),
  );
  const resting = consumed.filter((watts) => watts < 0.25 * baseW);
  if (consumed.length < 20 || resting.length < restingShare * consumed.length) return before;
  return wrong(
    "partial",
    days,
    `its meter reached only ${percentText(top)} of what a clear sky gives a generator of this size, and consumption, which is derived from it, fell below the house's nights in ${percentText(resting.length / consumed.length)} of the sunny hours`,
  );
}

function wrong(fault: "partial" | "scaled", days: readonly Day[], what: string): WrongFinding {
  const fromMs = days[0]?.startMs ?? 0;
  const toMs = days.at(-1)?.endMs ?? 0;
  return {
    says: "wrong",
    verdict: "held",
    fault,
    confidence: 0.97,
    fromMs,
    toMs,
    explanation: `Between ${instantText(fromMs)} and ${instantText(toMs)} ${what}.`,
  };
}
