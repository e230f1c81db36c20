import type { Day } from "./days.js";
import { type Step, windows } from "./levels.js";
import { quantile } from "./quantiles.js";

/** Share of production fed in. Houses that reached it in some hours kept 0.67 of it in the next 13 days. */
const fewestFedIn = 0.85;
const limit = { after: 13, fall: 0.58, rise: 1.4 } as const;
const beforeDays = 25;
const fewestHours = 16;

/**
 * A lasting change of what export's meter sees. In the sunniest hours in which a house needs least it
 * feeds in nearly all it produces, one week like another, whatever it needs otherwise; a meter that sees
 * a share of export lets it seem to use the rest itself.
 */
export function findFeedInStep(days: readonly Day[]): Step | undefined {
  const found = windows(days, { before: beforeDays, after: limit.after });
  if (found === undefined) return undefined;
  const middle = found.before.length >> 1;
  // Before a fall both halves have fed in as much: a fortnight away is no measure of the house at home.
  const halves = [found.before.slice(0, middle), found.before.slice(middle)].map(fedInShare);
  const is = fedInShare(found.after);
  const least = Math.min(...halves);
  const factor = is / fedInShare(found.before);
  // One that needs most of what it produces at all times tells nothing.
  const fell = least >= fewestFedIn && is < limit.fall * least;
  if (factor <= 0.05 || !(fell || factor > limit.rise)) return undefined;
  if (!isSteady(highest(found.after) / highest(found.before))) return undefined;
  return { factor, fromDay: found.after[0]?.index ?? 0, certain: true };
}

/** Production that changed as much is itself what is off. */
function isSteady(ratio: number): boolean {
  return ratio > 0.8 && ratio < 1.25;
}

function highest(days: readonly Day[]): number {
  return Math.max(...days.flatMap(({ watts }) => [...watts.production].filter(Number.isFinite)));
}

/** Share of production that is fed in, less import, in the hours in which it is greatest; of bright hours. */
function fedInShare(days: readonly Day[]): number {
  const hours = days.flatMap(({ watts }) =>
    Array.from(watts.production, (production, bin) => ({
      production,
      net: (watts.export[bin] ?? Number.NaN) - (watts.import[bin] ?? Number.NaN),
    })).filter(({ production, net }) => production > 0 && Number.isFinite(net)),
  );
  const bright = 0.5 * highest(days);
  const shares = hours
    .filter(({ production }) => production >= bright)
    .map(({ production, net }) => Math.max(0, net / production));
  return shares.length < fewestHours ? Number.NaN : quantile(shares, 0.95);
}
