import { type Day, dayBook, dayGatherSeconds, type Flow } from "./days.js";
import { shinesAtNight } from "./envelope.js";
import { median, quantile } from "./quantiles.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule, RuleRun } from "./types.js";
import { instantText } from "./wording.js";

/**
 * A meter's or a file's clock changes. The sun's does not: first light, the middle of the day's energy and
 * last light all move by as much, against where they were relative to the sun's own course, so that
 * season and place drop out and azimuth need not be known. Morning fog moves first light and middle,
 * a tree that grew one end, a storm each on a day of its own; none moves all three for two weeks. Over
 * clean homes the combined shift of 12 days against 25 was 0.55 h at most.
 */
export const clockShift: Rule = {
  id: "clock-shift",
  family: "clock",
  needs: [],
  gatherSeconds: dayGatherSeconds,
  start: (site) => {
    const flow: Flow = site.channels.includes("production") ? "production" : "export";
    // A battery gives when its owner likes, not when the sun does.
    const battery = flow === "production" ? site.storage === "dc" : site.storage !== "none";
    return site.pv === null || battery ? undefined : run(site, flow);
  },
};

/** Where a day's energy lies, in hours after where clear sky's does. */
interface Light {
  readonly index: number;
  /** Energy as a share of clear sky's; of any unit. */
  readonly bright: number;
  readonly first: number;
  readonly middle: number;
  readonly last: number;
}

const hourMs = 3_600_000;
/** A gap that is longer leaves a day without a shape, h. */
const mostGapHours = 2;
/** Share of a day's energy before first light and after last: where the night's noise no longer counts. */
const edgeShare = 0.03;
const beforeDays = 25;
const keptDays = 40;

/** Hours that certain days must have moved by; honest weeks wander further than honest fortnights. */
const limits = [
  { after: 12, certain: 0.62, possible: 0.55 },
  { after: 7, certain: 0.85, possible: 0.75 },
] as const;
const fewestBefore = 15;
/** Shifts that take back one another leave this at most, h. */
const backWithin = 0.4;

function run(site: Site, flow: Flow): RuleRun {
  // A house's own needs cut export at either end.
  const slack = flow === "production" ? 1 : 1.45;
  const book = dayBook(site, 8);
  let lights: readonly Light[] = [];
  let shift = 0;
  let fromMs = 0;
  let finding: Finding = { says: "nothing" };
  const look = (day: Day) => {
    const light = lightOf(day, flow);
    if (light !== undefined) lights = [...lights.slice(1 - keptDays), light];
    if (shinesAtNight(book.days, flow)) return;
    const moved = moveOf(lights, day, slack);
    if (moved?.certain) {
      shift = Math.abs(shift + moved.hours) < backWithin ? 0 : shift + moved.hours;
      // What comes is compared with days under the new clock.
      lights = lights.filter(({ index }) => index >= moved.firstIndex);
      fromMs = moved.fromMs;
    }
    if (shift !== 0) finding = wrong("held", shift, fromMs, day.endMs);
    else if (moved?.certain === false)
      finding = wrong("suspect", moved.hours, moved.fromMs, day.endMs);
    else finding = fine(lights, book.days);
  };
  return {
    push: (row: Row) => {
      const day = book.push(row);
      if (day !== undefined) look(day);
    },
    finding: () => finding,
  };
}

function fine(lights: readonly Light[], days: readonly Day[]): Finding {
  if (lights.length < fewestBefore) return { says: "nothing" };
  return { says: "right", confidence: 0.9, fromMs: days[0]?.startMs ?? 0 };
}

interface Move {
  readonly hours: number;
  readonly certain: boolean;
  readonly firstIndex: number;
  readonly fromMs: number;
}

function moveOf(lights: readonly Light[], day: Day, slack: number): Move | undefined {
  for (const { after, certain, possible } of limits) {
    const hours = shiftOf(lights, day.index, after);
    if (Math.abs(hours) <= possible * slack) continue;
    const daysBack = after - 1;
    return {
      hours,
      certain: Math.abs(hours) > certain * slack,
      firstIndex: day.index - daysBack,
      fromMs: day.startMs - daysBack * 24 * hourMs,
    };
  }
  return undefined;
}

/** By how much the last days lie later than those before, h; 0 where too few were bright, or the three do not agree. */
function shiftOf(lights: readonly Light[], last: number, after: number): number {
  const first = last - after + 1;
  const was = lights.filter(({ index }) => index < first && index >= first - beforeDays);
  const top = quantile(
    was.map(({ bright }) => bright),
    0.9,
  );
  const fair = ({ bright }: Light) => bright > 0.25 * top;
  const before = was.filter(fair);
  const now = lights.filter((light) => light.index >= first && fair(light));
  if (before.length < fewestBefore || now.length < 0.6 * after) return 0;
  const moved = (part: "first" | "middle" | "last") =>
    median(now.map((light) => light[part])) - median(before.map((light) => light[part]));
  const parts = [moved("first"), moved("middle"), moved("last")];
  const sign = Math.sign((parts[0] ?? 0) + (parts[1] ?? 0) + (parts[2] ?? 0));
  const [least = 0, next = 0] = parts.map((hours) => hours * sign).sort((a, b) => a - b);
  // None may stay behind by much, and two of the three decide.
  return sign * Math.max(0, Math.min(1.6 * least, (least + next) / 2));
}

function lightOf(day: Day, flow: Flow): Light | undefined {
  const watts = withoutGaps(day.watts[flow], mostGapHours * (hourMs / day.binMs));
  const energy = watts.reduce((sum, value) => sum + value, 0);
  const clear = day.clear.reduce((sum, value) => sum + value, 0);
  // A day with a long gap has no middle.
  if (!(energy > 0) || clear <= 0) return undefined;
  const part = (share: number) => timeOf(watts, share * energy) - timeOf(day.clear, share * clear);
  const bins = day.binMs / hourMs;
  return {
    index: day.index,
    bright: energy / clear,
    first: part(edgeShare) * bins,
    middle: (centre(watts) - centre(day.clear)) * bins,
    last: part(1 - edgeShare) * bins,
  };
}

/** With gaps of a few bins filled evenly from one side to the other. */
function withoutGaps(values: Float64Array, mostBins: number): Float64Array {
  const filled = values.slice();
  for (let bin = 0; bin < filled.length; bin += 1) {
    if (!Number.isNaN(filled[bin])) continue;
    let end = bin;
    while (end < filled.length && Number.isNaN(filled[end])) end += 1;
    if (end - bin > mostBins) return values;
    const [from, to] = [filled[bin - 1] ?? 0, filled[end] ?? 0];
    for (let i = bin; i < end; i += 1) {
      filled[i] = from + ((to - from) * (i - bin + 1)) / (end - bin + 1);
    }
  }
  return filled;
}

function centre(values: Float64Array): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.reduce((total, value, bin) => total + value * bin, 0) / sum;
}

/** When so much of the day's energy has come, in bins; between bins as if it came evenly in each. */
function timeOf(values: Float64Array, energy: number): number {
  let sum = 0;
  for (const [bin, value] of values.entries()) {
    if (sum + value >= energy) return bin + (value > 0 ? (energy - sum) / value : 0);
    sum += value;
  }
  return values.length;
}

function wrong(verdict: "suspect" | "held", hours: number, fromMs: number, toMs: number): Finding {
  const direction = hours > 0 ? "later" : "earlier";
  return {
    says: "wrong",
    verdict,
    fault: "clock-shift",
    confidence: verdict === "held" ? 0.97 : 0.7,
    fromMs,
    toMs,
    explanation: `Since about ${instantText(fromMs)} sunrise, noon and sunset come ${Math.abs(hours).toFixed(1)} h ${direction} in the readings than before, against the sun: a clock was changed.`,
  };
}
