import { correlation } from "./correlation.js";
import { mirroredConsumption } from "./mirrored-consumption.js";
import { hoursOf, recent, shareOf } from "./recent.js";
import { restingW } from "./resting.js";
import { type Sample, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { solarTime } from "./solar-time.js";
import type { Finding, Rule, RuleRun, WrongFinding } from "./types.js";
import { energyText } from "./wording.js";

/**
 * Consumption is often worked out as production plus grid power. With the clamp at the grid the wrong way
 * round it is production minus grid power, twice production less what the house uses: nothing, or less,
 * whenever production rests, never more than twice production, and two watts more for every one of the sun's.
 */
export const derivedConsumption: Rule = {
  id: "derived-consumption",
  family: "balance",
  needs: ["production", "consumption"],
  gatherSeconds: 900,
  start: run,
};

const spanMs = 96 * 3_600_000;
/** More than two nights, and some hours of sun: a meter that is new may be fed zeros at first. */
const fewestRestHours = 24;
const fewestAwakeHours = 8;
/** A house whose people are away for three nights is awake on the days they leave and come back. */
const fewestAwakeDays = 3;
const awakeDayHours = 2;
/** Of clean homes' four days, in the worst a house rests through 51 % of the time without sun, and stays below twice production for 74 %. */
const mostlyRests = 0.93;
const hardlyRests = 0.6;
const mostlyBelow = 0.95;
const slopeRange = [1.2, 2.8] as const;
const follows = 0.6;

type Both = Sample & { readonly production: number; readonly consumption: number };

function run(site: Site): RuleRun {
  const restW = restingW(site);
  const window = recent<Both>(spanMs);
  const mirrored = mirroredConsumption(site);
  let finding: Finding = { says: "nothing" };
  return {
    push: (row) => {
      mirrored.push(row);
      const sample = sampleOf(row);
      const { production, consumption } = sample;
      if (production === undefined || consumption === undefined) return;
      const items = window.push({ ...sample, production, consumption });
      finding = judge(items, restW, site.longitude) ?? finding;
    },
    finding: () => (finding.says === "wrong" ? finding : mirrored.finding()),
  };
}

function judge(items: readonly Both[], restW: number, longitude: number): Finding | undefined {
  const resting = items.filter(({ production }) => production <= restW);
  if (hoursOf(resting) < fewestRestHours) return undefined;
  const rests = shareOf(resting, ({ consumption }) => consumption <= restW);
  if (rests < hardlyRests) return { says: "nothing" };
  if (rests < mostlyRests) return undefined;
  if (shareOf(resting, ({ consumption }) => consumption < -restW) > 0.5) {
    return wrong(items, `it counts backwards at night`);
  }
  const awake = items.filter(({ consumption }) => consumption > restW);
  if (hoursOf(awake) < fewestAwakeHours || awakeDays(awake, longitude) < fewestAwakeDays)
    return undefined;
  const isBelow = ({ production, consumption }: Both) => consumption <= 2.05 * production + restW;
  const [least, most] = slopeRange;
  const { slope, likeness } = line(awake);
  const turned =
    shareOf(awake, isBelow) >= mostlyBelow &&
    slope >= least &&
    slope <= most &&
    likeness >= follows;
  // Dull days show little of the slope, and do not turn the clamp back.
  return turned
    ? wrong(items, `it grows by ${slope.toFixed(1)} W for every watt of the sun`)
    : undefined;
}

/** Days by the sun with some hours in which the house consumed. */
function awakeDays(awake: readonly Both[], longitude: number): number {
  const hours = new Map<number, number>();
  for (const item of awake) {
    const { day } = solarTime(item.startMs, longitude);
    hours.set(day, (hours.get(day) ?? 0) + hoursOf([item]));
  }
  return [...hours.values()].filter((sum) => sum >= awakeDayHours).length;
}

/** How consumption moves with production. */
function line(items: readonly Both[]): { readonly slope: number; readonly likeness: number } {
  const pairs = correlation();
  for (const { startMs, endMs, production, consumption } of items) {
    pairs.add(endMs - startMs, production, consumption);
  }
  return { slope: pairs.slope(), likeness: pairs.value() };
}

function wrong(items: readonly Both[], how: string): WrongFinding {
  const usedWh = items.reduce(
    (wh, { startMs, endMs, consumption }) => wh + (consumption * (endMs - startMs)) / 3_600_000,
    0,
  );
  return {
    says: "wrong",
    verdict: "held",
    fault: "reversed",
    confidence: 0.95,
    fromMs: items[0]?.startMs ?? 0,
    toMs: items.at(-1)?.endMs ?? 0,
    explanation: `The house's consumption (${energyText(usedWh)} in four days) is nothing whenever the sun is away, and ${how}: the clamp at the grid is most likely the wrong way round, or its sign set wrongly.`,
  };
}
