import { correlation } from "./correlation.js";
import { type Day, dayBook } from "./days.js";
import { sunnyBins } from "./envelope.js";
import type { Site } from "./site.js";
import type { Finding, Row, RuleRun } from "./types.js";
import { instantText } from "./wording.js";

const keptDays = 11;
const fewestDays = 7;
/** Changes of production that are larger than this share of the most stand out of what the house does meanwhile. */
const clearChange = 0.08;
const fewestChanges = 20;
/** W for each watt of the sun. Clean homes came to 1.15, with a correlation of 0.41; what heats with surplus reaches 1. */
const slopeRange = [1.5, 2.5] as const;
const follows = 0.85;
const rightBelow = 0.8;

/**
 * Consumption that was worked out with the grid's sign the wrong way round, and counted without a sign:
 * |production − grid power|. Its nights are the house's own, but by day it is twice production less what the
 * house uses. So from one day to the next it changes by two watts for every one of the sun's, at the same
 * hour, where season and habit drop out.
 */
export function mirroredConsumption(site: Site): RuleRun {
  const book = dayBook(site, keptDays);
  let finding: Finding = { says: "nothing" };
  return {
    push: (row: Row) => {
      if (book.push(row) !== undefined) finding = judge(book.days, finding);
    },
    finding: () => finding,
  };
}

function judge(days: readonly Day[], before: Finding): Finding {
  if (days.length < fewestDays) return before;
  const { changes, slope, likeness } = changesBySun(days);
  if (changes < fewestChanges) return before;
  const [least, most] = slopeRange;
  if (slope >= least && slope <= most && likeness >= follows) return wrong(days, slope);
  return slope < rightBelow ? { says: "nothing" } : before;
}

/** How consumption's changes from one day to the next, at the same bright hour, follow production's. */
function changesBySun(days: readonly Day[]) {
  const bins = sunnyBins(days);
  const at = (day: Day, bin: number) => ({
    production: day.watts.production[bin] ?? Number.NaN,
    consumption: day.watts.consumption[bin] ?? Number.NaN,
  });
  const top = Math.max(...days.flatMap((day) => bins.map((bin) => at(day, bin).production || 0)));
  const pairs = correlation();
  let changes = 0;
  for (const [i, day] of days.entries()) {
    const next = days[i + 1];
    if (next === undefined) break;
    for (const bin of bins) {
      const [was, is] = [at(day, bin), at(next, bin)];
      const bySun = is.production - was.production;
      const byHouse = is.consumption - was.consumption;
      if (!Number.isFinite(bySun) || !Number.isFinite(byHouse)) continue;
      pairs.add(1, bySun, byHouse);
      if (Math.abs(bySun) > clearChange * top) changes += 1;
    }
  }
  return { changes, slope: pairs.slope(), likeness: pairs.value() };
}

function wrong(days: readonly Day[], slope: number): Finding {
  const fromMs = days[0]?.startMs ?? 0;
  const toMs = days.at(-1)?.endMs ?? 0;
  return {
    says: "wrong",
    verdict: "held",
    fault: "reversed",
    confidence: 0.97,
    fromMs,
    toMs,
    explanation: `From ${instantText(fromMs)} to ${instantText(toMs)} the house's consumption changed from day to day by ${slope.toFixed(1)} W for every watt of the sun: it is worked out with the grid's power counted the wrong way round.`,
  };
}
