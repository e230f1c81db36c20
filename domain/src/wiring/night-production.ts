import { darkness } from "./darkness.js";
import { type Sample, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import type { Finding, Rule, RuleRun } from "./types.js";
import { energyText, instantText } from "./wording.js";

/**
 * Panels give nothing in the dark. A production meter that counts then measures something else: the
 * house, where the house's own meter rests meanwhile, or a battery.
 */
export const nightProduction: Rule = {
  id: "night-production",
  family: "sun",
  needs: ["production"],
  gatherSeconds: 300,
  start: (site) => (site.pv === null ? undefined : run(site)),
};

/** Inverters' standby, transformers and meters' noise stay below, on either side of zero. */
export function restingW(site: Site): number {
  return Math.max(25, (site.pv?.peakW ?? 0) * 0.002);
}

/** A meter that was out of touch hands over what it missed in one row; two rows are no such thing. */
const awakeSamples = 2;
const awakeMs = 30 * 60_000;
/** A battery without a swap's signature has to show itself for longer. */
const awakeAloneMs = 90 * 60_000;
/** So much dark rest is a night as it should be. */
const restMs = 4 * 3_600_000;

/** Dark samples in a row in which the production meter counts, or does not. */
interface Stretch {
  readonly awake: boolean;
  readonly fromMs: number;
  toMs: number;
  samples: number;
  ms: number;
  wh: number;
  otherWh: number;
  otherMs: number;
}

function run(site: Site): RuleRun {
  const isDark = darkness(site);
  const restW = restingW(site);
  let stretch: Stretch | undefined;
  let finding: Finding = { says: "nothing" };
  const use = (sample: Sample) => {
    if (sample.production === undefined || !isDark(sample.startMs, sample.endMs)) return;
    const awake = sample.production > restW;
    if (stretch?.awake !== awake) stretch = begin(awake, sample.startMs);
    extend(stretch, sample);
    finding = judge(site, stretch) ?? finding;
  };
  return { push: (row) => use(sampleOf(row)), finding: () => finding };
}

function begin(awake: boolean, fromMs: number): Stretch {
  return { awake, fromMs, toMs: fromMs, samples: 0, ms: 0, wh: 0, otherWh: 0, otherMs: 0 };
}

function extend(stretch: Stretch, sample: Sample): void {
  const ms = sample.endMs - sample.startMs;
  stretch.toMs = sample.endMs;
  stretch.samples += 1;
  stretch.ms += ms;
  stretch.wh += ((sample.production ?? 0) * ms) / 3_600_000;
  const other = sample.consumption ?? sample.import;
  if (other === undefined) return;
  stretch.otherMs += ms;
  stretch.otherWh += (other * ms) / 3_600_000;
}

function judge(site: Site, stretch: Stretch): Finding | undefined {
  const { fromMs, toMs, ms } = stretch;
  if (!stretch.awake) {
    if (ms < restMs) return undefined;
    return { says: "right", confidence: 0.9, fromMs };
  }
  if (stretch.samples < awakeSamples || ms < awakeMs) return undefined;
  const dark = `Between ${instantText(fromMs)} and ${instantText(toMs)}, in the dark, the production meter counted ${energyText(stretch.wh)}`;
  if (otherRests(site, stretch)) {
    return {
      says: "wrong",
      verdict: mayDischarge(site) ? "suspect" : "held",
      fault: "swapped",
      confidence: confidenceOf(ms),
      fromMs,
      toMs,
      explanation: `${dark}, and the house's meter only ${energyText(stretch.otherWh)}: the cables of the two are most likely exchanged.`,
    };
  }
  if (ms < awakeAloneMs) return undefined;
  return {
    says: "wrong",
    verdict: site.storage === "none" ? "held" : "suspect",
    fault: "storage-as-solar",
    confidence: confidenceOf(ms),
    fromMs,
    toMs,
    explanation: `${dark}, though panels give nothing then: it seems to measure a battery or another source too.`,
  };
}

function otherRests(site: Site, { ms, wh, otherMs, otherWh }: Stretch): boolean {
  const hours = ms / 3_600_000;
  return otherMs >= 0.9 * ms && otherWh <= Math.max(restingW(site) * hours, 0.05 * wh);
}

/** With declared storage a house may take nothing from the grid all night, and live on the battery. */
function mayDischarge(site: Site): boolean {
  return site.storage !== "none" && !site.channels.includes("consumption");
}

/** From 0.9 at half an hour to 0.99 at four hours. */
function confidenceOf(ms: number): number {
  return Math.min(0.99, 0.9 + (0.09 * (ms - awakeMs)) / (restMs - awakeMs));
}
