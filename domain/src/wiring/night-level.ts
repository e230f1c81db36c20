import type { Day, Flow } from "./days.js";
import { type Step, windows } from "./levels.js";
import { median, quantileOfSorted } from "./quantiles.js";

/** Of the power drawn at night, from base load to cooking. */
const shares = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95];

/** Pairs of spans that must tell the same: a season drifts through the long one, a week away fills the short one. */
const pairs = [
  { before: 25, after: 13 },
  { before: 13, after: 13 },
  { before: 6, after: 6 },
] as const;

interface Limit {
  /** By how much the logarithms of the shifts of the quantiles may differ. */
  readonly spread: number;
  readonly fall: number;
  readonly rise: number;
}

/**
 * What clean homes came to at most, by the spread: falls to 0.78, 0.72 and 0.65, rises to 1.41, 1.73 and 1.92.
 * Where the quantiles disagree by more, people may have left for weeks, or come back.
 */
const limits: readonly Limit[] = [
  { spread: 0.25, fall: 0.64, rise: 1.75 },
  { spread: 0.35, fall: 0.58, rise: 1.95 },
  { spread: 0.5, fall: 0.5, rise: 2.3 },
];

/**
 * A lasting change of all that is drawn at night by one factor. Holidays take the large loads and leave
 * the base load, a new load adds to all and multiplies none; a meter that sees a share moves every
 * quantile of the logarithm by the same amount, from one day to the next.
 */
export function findNightStep(days: readonly Day[], flow: Flow): Step | undefined {
  const long = windows(days, pairs[0]);
  if (long === undefined) return undefined;
  const shifts = quantileShifts(long.before, long.after, flow);
  const ordered = [...shifts].sort((a, b) => a - b);
  // One quantile at each end may be out of line.
  const low = ordered[1] ?? Number.NaN;
  const high = ordered.at(-2) ?? Number.NaN;
  const limit = limits.find(({ spread }) => high - low < spread);
  if (limit === undefined) return undefined;
  const others = pairs.slice(1).flatMap((pair) => {
    const found = windows(days.slice(0, days.length - (13 - pair.after)), pair);
    return found === undefined ? [] : [median(quantileShifts(found.before, found.after, flow))];
  });
  const least = Math.min(low, ...others);
  const most = Math.max(high, ...others);
  const certain = most < Math.log(limit.fall) || least > Math.log(limit.rise);
  const possible = most < Math.log(limit.fall) + 0.1 || least > Math.log(limit.rise) - 0.1;
  if (!possible || others.length < 2) return undefined;
  return { factor: Math.exp(median(shifts)), fromDay: long.after[0]?.index ?? 0, certain };
}

/** Shift of each quantile of the night's power, as a natural logarithm. A watt more keeps zero finite. */
export function quantileShifts(
  before: readonly Day[],
  after: readonly Day[],
  flow: Flow,
): readonly number[] {
  const was = nightWatts(before, flow);
  const is = nightWatts(after, flow);
  if (was.length === 0 || is.length === 0) return [];
  return shares.map((share) =>
    Math.log((quantileOfSorted(is, share) + 1) / (quantileOfSorted(was, share) + 1)),
  );
}

/** Power of all bins without sun, sorted. */
export function nightWatts(days: readonly Day[], flow: Flow): Float64Array {
  const found: number[] = [];
  for (const day of days) {
    for (const [bin, watts] of day.watts[flow].entries()) {
      if (watts >= 0 && (day.highestDeg[bin] ?? 0) <= 0) found.push(watts);
    }
  }
  return Float64Array.from(found).sort();
}
