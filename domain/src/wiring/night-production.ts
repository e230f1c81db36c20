import { type Correlation, correlation } from "./correlation.js";
import { darkness } from "./darkness.js";
import { livesOnStorage, restingW } from "./resting.js";
import { houseOf, type Sample, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { skyOver } from "./sun.js";
import type { Finding, Rule, RuleRun, WrongFinding } from "./types.js";
import { energyText, instantText } from "./wording.js";

/**
 * Panels give nothing in the dark. A production meter that counts then measures something else: the
 * house, where the house's own meter rests meanwhile, or a battery.
 */
export const nightProduction: Rule = {
  id: "night-production",
  family: "sun",
  needs: ["production"],
  gatherSeconds: 900,
  start: (site) => (site.pv === null ? undefined : run(site)),
};

/** A meter that was out of touch hands over what it missed in one row; two rows are no such thing. */
const fewestSamples = 2;
const swapShownMs = 30 * 60_000;
/** A battery's discharge has no signature beside it, so it has to show itself for longer. */
const dischargeShownMs = 90 * 60_000;
/** So much darkness in which production rests makes a night as it should be. */
const nightMs = 4 * 3_600_000;
/** A battery may well rest for a night. */
const nightsMs = 30 * 3_600_000;

/** Two meters of one current differ by their classes. */
const same = 0.05;
const mostlySame = 0.9;

/** What counts as day, and how a day tells production from a house. */
const daylightShare = 0.02;
/** Well before dusk: a battery may give the same from then on. */
const highSunShare = 0.1;
const fewestDayHours = 4;
const follows = 0.5;
const strays = 0.3;

/** With what the house's meter read, where it did. */
type HouseSample = Sample & { readonly house: number | undefined };

/** Dark samples of one kind that count together. */
interface Tally {
  fromMs: number;
  toMs: number;
  samples: number;
  ms: number;
  productionWh: number;
  houseWh: number;
  /** In which both meters counted the same. */
  sameMs: number;
}

interface Tallies {
  exchanged: Tally;
  discharge: Tally;
  rest: Tally;
  day: Daylight;
  /** A night was as it should be. */
  wasRight: boolean;
}

/** What followed the sun on the day before. */
interface Daylight {
  readonly fromMs: number;
  toMs: number;
  hours: number;
  readonly production: Correlation;
  readonly house: Correlation;
}

function run(site: Site): RuleRun {
  const isDark = darkness(site);
  const restW = restingW(site);
  const sky = skyOver(site);
  const tallies: Tallies = {
    exchanged: empty(),
    discharge: empty(),
    rest: empty(),
    day: noDay(0),
    wasRight: false,
  };
  let lightW: number | undefined;
  return {
    push: (row) => {
      const sample = sampleOf(row);
      if (sample.production === undefined) return;
      const { share } = sky(row);
      const house = houseOf(sample, site);
      const dark = share <= daylightShare && isDark(sample.startMs, sample.endMs);
      if (share > highSunShare) lightW = sample.production;
      else if (sample.production !== lightW) lightW = undefined;
      // A meter that repeats in the dark what it read in the light is stuck, and measures nothing.
      const repeats = sample.production > restW && sample.production === lightW;
      if (share > daylightShare) tallies.day = follow(tallies.day, { ...sample, house }, share);
      else if (dark && !repeats) count(tallies, { ...sample, house }, restW);
    },
    finding: () => exchangedOrBattery(site, tallies) ?? night(tallies.rest),
  };
}

function noDay(fromMs: number): Daylight {
  return { fromMs, toMs: fromMs, hours: 0, production: correlation(), house: correlation() };
}

function follow(before: Daylight, sample: HouseSample, share: number): Daylight {
  const day = sample.startMs - before.toMs > nightMs ? noDay(sample.startMs) : before;
  const ms = sample.endMs - sample.startMs;
  day.toMs = sample.endMs;
  day.hours += ms / 3_600_000;
  day.production.add(ms, share, sample.production ?? 0);
  day.house.add(ms, share, sample.house ?? 0);
  return day;
}

function exchangedOrBattery(site: Site, tallies: Tallies): WrongFinding | undefined {
  const { exchanged, discharge, day } = tallies;
  // The day before a swap says nothing of it, where the nights before were as they should be.
  const isTelling = !tallies.wasRight || day.fromMs > exchanged.fromMs;
  const isGridOnly = !site.channels.includes("consumption");
  // A consumption worked out from both is the same where a battery bears all of the load.
  const load = isGridOnly ? sameLoad(discharge) : undefined;
  if (load === undefined && isGridOnly && isTelling && productionFollowedSun(day)) {
    return battery(site, exchanged.ms > discharge.ms ? exchanged : discharge);
  }
  return swap(site, exchanged) ?? load ?? battery(site, discharge);
}

/** A house that takes nothing from the grid at night may live on a battery: its panels follow the sun by day. */
function productionFollowedSun({ hours, production, house }: Daylight): boolean {
  return hours >= fewestDayHours && production.value() > follows && house.value() < strays;
}

function count(tallies: Tallies, sample: HouseSample, restW: number): void {
  if ((sample.production ?? 0) > restW) {
    tallies.rest = empty();
    add(houseRests(sample, restW) ? tallies.exchanged : tallies.discharge, sample);
    return;
  }
  add(tallies.rest, sample);
  // An empty house's meters rest both, and say nothing of which is which.
  if (houseRests(sample, restW)) return;
  const { exchanged, discharge, rest } = tallies;
  tallies.wasRight ||= rest.ms >= nightMs;
  if (exchanged.ms < swapShownMs || rest.ms >= nightMs) tallies.exchanged = empty();
  if (rest.ms >= (discharge.ms < dischargeShownMs ? nightMs : nightsMs))
    tallies.discharge = empty();
}

function empty(): Tally {
  return { fromMs: 0, toMs: 0, samples: 0, ms: 0, productionWh: 0, houseWh: 0, sameMs: 0 };
}

function add(tally: Tally, sample: HouseSample): void {
  const ms = sample.endMs - sample.startMs;
  if (tally.samples === 0) tally.fromMs = sample.startMs;
  tally.toMs = sample.endMs;
  tally.samples += 1;
  tally.ms += ms;
  const production = sample.production ?? 0;
  tally.productionWh += (production * ms) / 3_600_000;
  const { house } = sample;
  tally.houseWh += ((house ?? 0) * ms) / 3_600_000;
  if (house !== undefined && Math.abs(house - production) < same * production) tally.sameMs += ms;
}

function houseRests(sample: HouseSample, restW: number): boolean {
  const { house } = sample;
  // With the meters exchanged nothing is exported in the dark; a battery may give more than the house takes.
  if (house === undefined || (sample.export ?? 0) > restW) return false;
  return house <= Math.max(restW, 0.05 * (sample.production ?? 0));
}

function swap(site: Site, tally: Tally): WrongFinding | undefined {
  if (tally.samples < fewestSamples || tally.ms < swapShownMs) return undefined;
  return {
    says: "wrong",
    verdict: livesOnStorage(site) ? "suspect" : "held",
    fault: "swapped",
    confidence: confidenceAfter(tally.ms),
    fromMs: tally.fromMs,
    toMs: tally.toMs,
    explanation: `${counted(tally)}, and the house's meter only ${energyText(tally.houseWh)}: the two meters' cables are most likely exchanged.`,
  };
}

function battery(site: Site, tally: Tally): WrongFinding | undefined {
  if (tally.samples < fewestSamples || tally.ms < dischargeShownMs) return undefined;
  return {
    says: "wrong",
    verdict: site.storage === "none" ? "held" : "suspect",
    fault: "storage-as-solar",
    confidence: confidenceAfter(tally.ms),
    fromMs: tally.fromMs,
    toMs: tally.toMs,
    explanation: `${counted(tally)}, when panels give nothing: it seems to measure a battery or another source as well.`,
  };
}

/** Where the production meter stands in the house's own line, both count what the house takes. */
function sameLoad(tally: Tally): WrongFinding | undefined {
  if (tally.samples < fewestSamples || tally.ms < dischargeShownMs) return undefined;
  if (tally.sameMs < mostlySame * tally.ms) return undefined;
  return {
    says: "wrong",
    verdict: "held",
    fault: "swapped",
    confidence: confidenceAfter(tally.ms),
    fromMs: tally.fromMs,
    toMs: tally.toMs,
    explanation: `${counted(tally)}, just what the house took from the grid: it is most likely connected to the house's cable instead of the panels'.`,
  };
}

function counted({ fromMs, toMs, productionWh }: Tally): string {
  return `In the dark between ${instantText(fromMs)} and ${instantText(toMs)} the production meter counted ${energyText(productionWh)}`;
}

function night(rest: Tally): Finding {
  if (rest.ms < nightMs) return { says: "nothing" };
  return { says: "right", confidence: 0.9, fromMs: rest.fromMs };
}

/** From 0.9 at half an hour to 0.99 at a night. */
function confidenceAfter(ms: number): number {
  return Math.min(0.99, 0.9 + (0.09 * ms) / nightMs);
}
