import type { Day, Flow } from "./days.js";
import { type Step, type Windows, windows } from "./levels.js";
import { mean, quantile } from "./quantiles.js";

/**
 * How the best hours of some days compare with the best of the days before, hour by hour. Clouds take
 * from most hours of most days, but in two weeks each hour is clear once; so the best of each hour
 * follows the sun and the generator alone, and what the meter makes of them.
 */
export function envelopeRatios(
  before: readonly Day[],
  after: readonly Day[],
  flow: Flow,
  rank: 1 | 2 = 1,
): readonly number[] {
  const ratios: number[] = [];
  for (const bin of sunnyBins(after)) {
    const was = bestShare(before, flow, bin, 2);
    if (was > 0) ratios.push(bestShare(after, flow, bin, rank) / was);
  }
  return ratios;
}

/** Bins in which a clear sky gives at least half of what it gives at noon: low sun depends too much on the season. */
export function sunnyBins(days: readonly Day[]): readonly number[] {
  const middle = days[days.length >> 1];
  if (middle === undefined) return [];
  const top = Math.max(...middle.clear);
  return [...middle.clear.keys()].filter((bin) => (middle.clear[bin] ?? 0) >= 0.5 * top);
}

/** Best of a bin over days, against clear sky; of the second rank where one reading alone shall not decide. */
export function bestShare(days: readonly Day[], flow: Flow, bin: number, rank: 1 | 2): number {
  let first = 0;
  let second = 0;
  for (const day of days) {
    const share = shareOfClear(day, flow, bin);
    if (share > first) {
      second = first;
      first = share;
    } else if (share > second) second = share;
  }
  return rank === 1 ? first : second;
}

interface Limit {
  /** Days that the step has lasted. */
  readonly after: number;
  readonly certain: number;
  readonly possible: number;
}

/** Next to nothing is a dead channel, an inverter that is out, or snow: clamps miss a string or two phases of three. */
export const leastShare = 0.15;

/** Days before that are compared with: long enough for a clear hour each, short enough for the season to stay. */
const beforeDays = 25;
/** Weeks under snow are no measure of a rise: as many days as are kept. */
const longBeforeDays = 56;
const fewestAlive = 14;
const fewestFallen = 7;

/**
 * Three quarters of the hours stay below this share of their best. Over 2,500 clean home-weeks the lowest
 * was 0.86 in 13 days, 0.64 in 7 and 0.30 in 4.
 */
const falls: readonly Limit[] = [
  { after: 13, certain: 0.78, possible: 0.82 },
  { after: 10, certain: 0.6, possible: 0.66 },
  { after: 7, certain: 0.5, possible: 0.56 },
];

/** Three quarters of the hours come above this multiple of their best; the highest clean one was 1.25. */
const rises: readonly Limit[] = [
  { after: 13, certain: 1.33, possible: 1.29 },
  { after: 7, certain: 1.33, possible: 1.27 },
  { after: 4, certain: 1.4, possible: 1.33 },
];

/**
 * A lasting change of what a generator's meter reads, or undefined. After a step down the next one up is
 * its repair, for which fewer days before it do.
 */
export function findEnvelopeStep(
  days: readonly Day[],
  flow: Flow,
  factor: number,
  peakW = Number.POSITIVE_INFINITY,
): Step | undefined {
  const fewest = factor < 1 ? fewestFallen : fewestAlive;
  let possible: Step | undefined;
  for (const [limits, find] of [
    [falls, fall],
    [rises, (found: Windows, of: Flow, limit: Limit) => rise(found, of, limit, peakW)],
  ] as const) {
    for (const limit of limits) {
      const before = limits === rises ? longBeforeDays : beforeDays;
      const found = aliveWindows(days, flow, { before, after: limit.after, fewest });
      const step = found && find(found, flow, limit);
      if (step?.certain) return step;
      possible ??= step;
    }
  }
  return possible;
}

function fall(found: Windows, flow: Flow, limit: Limit): Step | undefined {
  const ratios = envelopeRatios(found.before, found.after, flow);
  const top = quantile(ratios, 0.75);
  if (!(top < limit.possible) || top < leastShare) return undefined;
  if (!hasEdge(found.after, found.before, flow, top)) return undefined;
  const certain = top < limit.certain && (limit.after >= longDays || !melts(found, flow));
  return step(found.after, ratios, certain);
}

/** So many days outlast a roof's snow and a storm. */
const longDays = 13;

/** Whether the last days reached more than all before them: snow that melts, weather that clears. */
function melts({ before, after }: Windows, flow: Flow): boolean {
  const top = (days: readonly Day[]) => quantile(envelopeRatios(before, days, flow), 0.75);
  return top(after.slice(-3)) > 1.15 * top(after.slice(0, -3));
}

/** One clear day after weeks of cloud is no rise. */
function rise(found: Windows, flow: Flow, limit: Limit, peakW: number): Step | undefined {
  const ratios = envelopeRatios(found.before, found.after, flow, 2);
  const low = quantile(ratios, 0.25);
  if (!(low > limit.possible)) return undefined;
  // Snow that goes leaves as much as it took; a generator does not exceed its size.
  if (low * leastShare > 1 && !(mostOf(found.after, flow) > 1.3 * peakW)) return undefined;
  return step(found.after, ratios, low > limit.certain);
}

interface Reach {
  readonly before: number;
  readonly after: number;
  /** Days before on which something was produced. */
  readonly fewest: number;
}

/** Days of an outage or under snow are no measure of what comes after; nor is what reads at night. */
function aliveWindows(
  days: readonly Day[],
  flow: Flow,
  { before: span, after, fewest }: Reach,
): Windows | undefined {
  const least = fewest === fewestAlive ? 0.8 * beforeDays : fewest;
  const found = windows(days, { before: span, after, least });
  if (found === undefined || shinesAtNight(found.after, flow)) return undefined;
  const enough =
    0.02 *
    quantile(
      days.map((day) => energyOf(day, flow)),
      0.9,
    );
  const before = found.before.filter((day) => energyOf(day, flow) > enough);
  return before.length >= fewest ? { ...found, before } : undefined;
}

function mostOf(days: readonly Day[], flow: Flow): number {
  return Math.max(...days.map((day) => day.watts[flow].reduce(larger, 0)));
}

function energyOf(day: Day, flow: Flow): number {
  return day.watts[flow].reduce(
    (sum, watts) => sum + (Number.isNaN(watts) ? 0 : Math.max(watts, 0)),
    0,
  );
}

function step(after: readonly Day[], ratios: readonly number[], certain: boolean): Step {
  return { factor: quantile(ratios, 0.5), fromDay: after[0]?.index ?? 0, certain };
}

/** Snow and fog leave a low best too, but one that is reached once; a share of the truth is reached on each fair day. */
function hasEdge(after: readonly Day[], before: readonly Day[], flow: Flow, top: number): boolean {
  const bins = sunnyBins(after);
  const was = new Map(bins.map((bin) => [bin, bestShare(before, flow, bin, 2)]));
  const reached = (day: Day) =>
    bins.filter((bin) => shareOfClear(day, flow, bin) >= 0.85 * top * (was.get(bin) ?? 0)).length;
  const alive = after.filter((day) =>
    bins.some((bin) => shareOfClear(day, flow, bin) > 0.1 * top * (was.get(bin) ?? 0)),
  );
  const fewest = after.length >= 0.9 * longDays ? 3 : 0.4 * after.length;
  return (
    alive.length >= 0.7 * after.length &&
    after.filter((day) => reached(day) >= 0.25 * bins.length).length >= fewest
  );
}

/** Power as a share of clear sky's, in W of peak power. */
export function shareOfClear(day: Day, flow: Flow, bin: number): number {
  return (day.watts[flow][bin] ?? 0) / Math.max(day.clear[bin] ?? 0, 0.02);
}

/** Below civil twilight not even a floodlit panel gives 2 % of what it gave at its best. */
const nightDeg = -6;
/** A clock that is off by this much shall not make night of dusk. */
const clockErrorMs = 3_600_000;

/** Whether the channel reads at night what no generator gives: then it is not one, or no longer. */
export function shinesAtNight(days: readonly Day[], flow: Flow): boolean {
  const most = mostOf(days, flow);
  const night = days.map((day) => mean(nightBins(day).map((bin) => day.watts[flow][bin] ?? 0)));
  return quantile(night.filter(Number.isFinite), 0.5) > 0.02 * most;
}

function nightBins(day: Day): readonly number[] {
  const around = clockErrorMs / day.binMs;
  const dark = (bin: number) => (day.highestDeg[bin] ?? nightDeg) <= nightDeg;
  return [...day.highestDeg.keys()].filter(
    (bin) => dark(bin - around) && dark(bin) && dark(bin + around),
  );
}

function larger(a: number, b: number): number {
  return Number.isNaN(b) ? a : Math.max(a, b);
}
