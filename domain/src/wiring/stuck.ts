import { dayGatherSeconds } from "./days.js";
import { type Sample, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { skyOver } from "./sun.js";
import type { Finding, Row, Rule, RuleRun } from "./types.js";
import { instantText, powerText } from "./wording.js";

/**
 * A channel repeats one value. Refrigerators, clouds and the sun's height change what is measured from
 * one half hour to the next; a meter that lost its measuring part, or an agent that reads an old copy,
 * says the same for ever. In clean homes the longest repetition was 6 h, at base load, with a meter
 * that counts in steps of a fifth of it. Zero is left to the rule on dead channels: it is what most
 * channels read at some time.
 */
export const stuck: Rule = {
  id: "stuck",
  family: "registers",
  needs: [],
  gatherSeconds: dayGatherSeconds,
  start: run,
};

const watched = ["production", "consumption", "import", "export", "grid", "derived"] as const;
type Watched = (typeof watched)[number];

const names: Readonly<Record<Watched, string>> = {
  production: "production",
  consumption: "consumption",
  import: "import",
  export: "export",
  grid: "grid power",
  derived: "consumption less production, which is the grid's,",
};

const hourMs = 3_600_000;
/** Longer than anything but a vacation at base load with a coarse meter. */
const longMs = 24 * hourMs;
/** For values of few steps of the meter's resolution. */
const coarseMs = 96 * hourMs;
const fewSteps = 4;
/** A generator that reads the same by day and in the dark needs no longer. */
const dayAndNightMs = 3 * hourMs;
const dayDeg = 5;
const darkDeg = -6;

interface Repetition {
  value: number;
  fromMs: number;
  toMs: number;
  samples: number;
  lowestDeg: number;
  highestDeg: number;
  /** Least difference seen between one value and the next. */
  resolution: number;
}

function run(site: Site): RuleRun {
  const sky = skyOver(site);
  const repetitions = new Map<Watched, Repetition>();
  return {
    push: (row: Row) => {
      const sample = sampleOf(row);
      const { lowestDeg, highestDeg } = sky(row);
      for (const channel of watched) {
        const value = readingOf(sample, channel);
        if (value !== undefined)
          follow(repetitions, channel, { sample, value, lowestDeg, highestDeg });
      }
    },
    finding: () => {
      for (const [channel, repetition] of repetitions) {
        if (isStuck(site, channel, repetition)) return wrong(channel, repetition);
      }
      return { says: "nothing" };
    },
  };
}

/** Consumption that is clipped at zero says nothing of the grid. */
function readingOf(sample: Sample, channel: Watched): number | undefined {
  if (channel !== "derived") return sample[channel];
  const { production, consumption } = sample;
  if (production === undefined || consumption === undefined || consumption <= 0) return undefined;
  return consumption - production;
}

interface Seen {
  readonly sample: Sample;
  readonly value: number;
  readonly lowestDeg: number;
  readonly highestDeg: number;
}

function follow(repetitions: Map<Watched, Repetition>, channel: Watched, seen: Seen): void {
  const { sample, value, lowestDeg, highestDeg } = seen;
  const last = repetitions.get(channel);
  const difference = Math.abs(value - (last?.value ?? Number.NaN));
  if (last !== undefined && difference <= equalWithin(channel, value)) {
    last.toMs = sample.endMs;
    last.samples += 1;
    last.lowestDeg = Math.min(last.lowestDeg, lowestDeg);
    last.highestDeg = Math.max(last.highestDeg, highestDeg);
    return;
  }
  repetitions.set(channel, {
    value,
    fromMs: sample.startMs,
    toMs: sample.endMs,
    samples: 1,
    lowestDeg,
    highestDeg,
    resolution: Math.min(last?.resolution ?? Number.POSITIVE_INFINITY, difference || Infinity),
  });
}

/** Sums of equal numbers differ in their last digits, and a difference of two rounded readings by one step. */
function equalWithin(channel: Watched, value: number): number {
  return channel === "derived" ? 0.5 : Math.max(1e-6, Math.abs(value) * 1e-6);
}

function isStuck(site: Site, channel: Watched, repetition: Repetition): boolean {
  const { value, fromMs, toMs, samples, lowestDeg, highestDeg, resolution } = repetition;
  const lastsMs = toMs - fromMs;
  if (Math.abs(value) < 0.5 || samples < 4) return false;
  // A battery in the panels' line can give the same for hours, into the night.
  if (channel === "production" && site.storage !== "dc") {
    const aboveStandby = value > 0.005 * (site.pv?.peakW ?? 0);
    if (aboveStandby && lastsMs >= dayAndNightMs && lowestDeg < darkDeg && highestDeg > dayDeg)
      return true;
  }
  return lastsMs >= (Math.abs(value) < fewSteps * resolution ? coarseMs : longMs);
}

function wrong(channel: Watched, { value, fromMs, toMs }: Repetition): Finding {
  return {
    says: "wrong",
    verdict: "held",
    fault: "stuck",
    confidence: 0.99,
    fromMs,
    toMs,
    explanation: `From ${instantText(fromMs)} to ${instantText(toMs)} the ${names[channel]} never changed from ${powerText(value)}: the meter repeats an old value.`,
  };
}
