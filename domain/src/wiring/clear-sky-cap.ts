import { restingW } from "./resting.js";
import { sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { solarTime } from "./solar-time.js";
import type { Finding, Rule, RuleRun } from "./types.js";
import { energyText } from "./wording.js";

/**
 * In the evening panels give no more than on the best day of the last weeks at that hour. What comes above
 * comes from somewhere else, mostly a battery that was filled by day, or from the grid.
 */
export const clearSkyCap: Rule = {
  id: "clear-sky-cap",
  family: "sun",
  needs: ["production"],
  gatherSeconds: 900,
  start: (site) => (site.pv === null ? undefined : run(site)),
};

const hoursOfDay = 24;
/** From three in the afternoon, solar time; before it a good day may simply be better than those before. */
const eveningHour = 15;
/** The best is looked for in so many days, and among enough of them that one was clear. */
const learnedDays = 60;
const fewestDays = 14;
/** Above the best by so much: cold, clean panels and clouds' edges stay below. */
const factor = 1.4;
const peakShare = 0.05;
/** So much of it on so many of the last evenings. */
const fewestHours = 1;
const fewestEvenings = 2;
const lastDays = 5;

/** Best production at each hour of a solar day, W, and what came above the cap in its evening. */
interface SolarDay {
  readonly index: number;
  readonly startMs: number;
  readonly bestW: number[];
  aboveHours: number;
  aboveWh: number;
  /** What came from somewhere else must not become the sun's best. */
  isDoubted: boolean;
}

function run(site: Site): RuleRun {
  const restW = restingW(site);
  const days: SolarDay[] = [];
  let finding: Finding = { says: "nothing" };
  return {
    push: (row) => {
      const { startMs, endMs, production } = sampleOf(row);
      if (production === undefined) return;
      const { day, hour } = solarTime((startMs + endMs) / 2, site.longitude);
      const today = dayOf(days, day, startMs);
      if (hour >= eveningHour && days.length > fewestDays + lastDays) {
        const aboveW = production - capW(days, today, hour) - restW;
        if (aboveW > 0) {
          today.aboveHours += row.seconds / 3600;
          today.aboveWh += (aboveW * row.seconds) / 3600;
        }
      }
      today.bestW[hour] = Math.max(bestOf(today, hour), production);
      finding = judge(site, days.slice(-lastDays), endMs);
      if (finding.says === "wrong")
        for (const doubted of days.slice(-lastDays)) doubted.isDoubted = true;
    },
    finding: () => finding,
  };
}

function dayOf(days: SolarDay[], index: number, startMs: number): SolarDay {
  const last = days.at(-1);
  if (last?.index === index) return last;
  const bestW = Array<number>(hoursOfDay).fill(0);
  const today = { index, startMs, bestW, aboveHours: 0, aboveWh: 0, isDoubted: false };
  days.push(today);
  while (days[0] !== undefined && days[0].index < index - learnedDays) days.shift();
  return today;
}

function bestOf(day: SolarDay, hour: number): number {
  return day.bestW[hour] ?? 0;
}

/**
 * The best at this hour or one beside it, for clocks and seasons, and in proportion where today's noon was
 * better than any before: after snow, soiling or an outage everything is.
 */
function capW(days: readonly SolarDay[], today: SolarDay, hour: number): number {
  const before = days.filter((day) => day.index <= today.index - lastDays && !day.isDoubted);
  const best = (of: number) => Math.max(...before.map((day) => bestOf(day, of)));
  const noon = [10, 11, 12, 13];
  const noonBest = Math.max(...noon.map(best));
  const noonToday = Math.max(...noon.map((of) => bestOf(today, of)));
  const better = noonBest > 0 ? Math.max(1, noonToday / noonBest) : Number.POSITIVE_INFINITY;
  const beside = Math.max(best(hour - 1), best(hour), best((hour + 1) % hoursOfDay));
  return better * (factor * beside + peakShare * noonBest);
}

function judge(site: Site, days: readonly SolarDay[], nowMs: number): Finding {
  const evenings = days.filter((day) => day.aboveHours >= fewestHours);
  const [first] = evenings;
  if (first === undefined || evenings.length < fewestEvenings) return { says: "nothing" };
  const aboveWh = evenings.reduce((wh, day) => wh + day.aboveWh, 0);
  return {
    says: "wrong",
    verdict: site.storage === "none" ? "held" : "suspect",
    fault: "storage-as-solar",
    confidence: 0.9,
    fromMs: first.startMs,
    toMs: nowMs,
    explanation: `On ${evenings.length} of the last ${lastDays} evenings the production meter counted ${energyText(aboveWh)} more than panels gave at these hours on the best of ${learnedDays} days: it seems to measure a battery or another source as well.`,
  };
}
