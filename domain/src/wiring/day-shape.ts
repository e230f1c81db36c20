import { correlation } from "./correlation.js";
import { hoursOf, recent, shareOf } from "./recent.js";
import { livesOnStorage, restingW } from "./resting.js";
import { houseOf, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { skyOver } from "./sun.js";
import type { Finding, Rule, RuleRun } from "./types.js";
import { percentText } from "./wording.js";

/**
 * Production rises and falls with the sun, and a house's use does not, or not as much. Where it is the
 * house's meter that follows the sun and rests after sunset, and the production meter does neither,
 * they have changed places.
 */
export const dayShape: Rule = {
  id: "day-shape",
  family: "sun",
  needs: ["production"],
  gatherSeconds: 900,
  start: (site) => (site.pv === null ? undefined : run(site)),
};

const windowMs = 24 * 3_600_000;
/** Enough of a day to have a shape, and enough sun in it. */
const fewestHours = 10;
const fewestBrightHours = 6;
const fewestAwakeHours = 1;
const mostlyAwake = 0.6;
const daylightShare = 0.02;
/** A whole day, for saying that all is right. */
const wholeDayHours = 20;
/** In 4,600 days of 12 homes no house followed the sun so well where its panels did so much worse. */
const follows = 0.6;
const lead = 0.25;
/** And only one came to 0.9 at all. */
const followsClosely = 0.9;
/** Panels rest once the sun has set. */
const sunsetDeg = -0.8;

interface Point {
  readonly startMs: number;
  readonly endMs: number;
  readonly share: number;
  readonly afterSunset: boolean;
  readonly production: number;
  readonly house: number | undefined;
}

function run(site: Site): RuleRun {
  const sky = skyOver(site);
  const window = recent<Point>(windowMs);
  let finding: Finding = { says: "nothing" };
  return {
    push: (row) => {
      const sample = sampleOf(row);
      if (sample.production === undefined) return;
      const { share, highestDeg } = sky(row);
      const points = window.push({
        startMs: sample.startMs,
        endMs: sample.endMs,
        share,
        afterSunset: highestDeg < sunsetDeg,
        production: sample.production,
        house: houseOf(sample, site),
      });
      finding = judge(site, points, finding);
    },
    finding: () => finding,
  };
}

function judge(site: Site, points: readonly Point[], before: Finding): Finding {
  const [first] = points;
  const last = points.at(-1);
  const hours = hoursOf(points);
  const isEnough =
    hours >= fewestHours &&
    hoursOf(points.filter((p) => p.share > daylightShare)) >= fewestBrightHours;
  if (first === undefined || last === undefined || !isEnough) return before;
  const production = follow(points, (point) => point.production);
  const house = follow(points, (point) => point.house ?? 0);
  if (house - production > lead && house > leastToFollow(site, points)) {
    return {
      says: "wrong",
      verdict: "held",
      fault: "swapped",
      confidence: Math.min(0.99, 0.8 + 0.2 * (house - production)),
      fromMs: first.startMs,
      toMs: last.endMs,
      explanation: `The house's meter followed the sun (${percentText(house)}) and rested after sunset, and the production meter did neither (${percentText(Math.max(0, production))}): their cables are most likely exchanged.`,
    };
  }
  if (hours >= wholeDayHours && production > follows && production > house) {
    return { says: "right", confidence: Math.min(0.95, production), fromMs: first.startMs };
  }
  return before.says === "wrong" ? before : { says: "nothing" };
}

/**
 * How well the house's meter has to follow the sun. After sunset panels rest and houses do not; where the
 * meters did not show which is which then, a whole clear day has to.
 */
function leastToFollow(site: Site, points: readonly Point[]): number {
  const restW = restingW(site);
  const awake = points.filter((point) => point.production > restW);
  // A dead production meter is no house's.
  if (hoursOf(awake) < fewestAwakeHours) return Number.POSITIVE_INFINITY;
  const dark = points.filter((point) => point.afterSunset);
  const houseRests = dark.every((point) => point.house !== undefined && point.house <= restW);
  if (!houseRests) return Number.POSITIVE_INFINITY;
  const isAwakeInDark = dark.some((point) => point.production > restW);
  if (isAwakeInDark && !livesOnStorage(site)) return follows;
  // Panels that gave up in the course of a day were awake for a part of it.
  const bright = points.filter((point) => point.share > daylightShare);
  const isAwakeByDay = shareOf(bright, (point) => point.production > restW) >= mostlyAwake;
  return isAwakeByDay && hoursOf(points) >= wholeDayHours
    ? followsClosely
    : Number.POSITIVE_INFINITY;
}

/** Correlation with the clear sky. */
function follow(points: readonly Point[], wattsOf: (point: Point) => number): number {
  const sum = correlation();
  for (const point of points) sum.add(point.endMs - point.startMs, point.share, wattsOf(point));
  return sum.value();
}
