import { wiringRules } from "./rules.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule } from "./types.js";

/**
 * What a house uses is what its generator gives and what it takes from the grid: never less than nothing,
 * where both meters are read in the same second and there is no storage. With the two cables exchanged the
 * sum is just that, minus what the house uses, by day and by night. Meters of class B are off by 1 % each;
 * honest houses come no lower than that.
 */
export const houseBalance: Rule = {
  id: "house-balance",
  family: "balance",
  needs: ["production", "grid"],
  gatherSeconds: 900,
  start: (site: Site) => (site.storage === "none" ? run() : undefined),
};

/** All rules for two meters that are read in the same second; of files nobody knows that. */
export const liveRules: readonly Rule[] = [...wiringRules, houseBalance];

/** An hour, without a longer gap in it. */
const bins = 4;
const spanMs = 2 * 3_600_000;
const errorShare = 0.02;
const restW = 20;

interface Bin {
  readonly startMs: number;
  readonly endMs: number;
  readonly productionW: number;
  readonly gridW: number;
}

function run() {
  let hour: Bin[] = [];
  let finding: Finding = { says: "nothing" };
  return {
    push: ({ startMs, seconds, productionW, gridW }: Row) => {
      if (productionW === undefined || gridW === undefined) return;
      const endMs = startMs + seconds * 1000;
      hour = [...hour, { startMs, endMs, productionW, gridW }].slice(-bins);
      finding = hour.length < bins ? finding : judge(hour);
    },
    finding: () => finding,
  };
}

function judge(hour: readonly Bin[]): Finding {
  const [fromMs, toMs] = [hour[0]?.startMs ?? 0, hour.at(-1)?.endMs ?? 0];
  if (toMs - fromMs > spanMs) return { says: "nothing" };
  const mean = (of: (bin: Bin) => number) => hour.reduce((sum, bin) => sum + of(bin), 0) / bins;
  const usedW = mean(({ productionW, gridW }) => productionW + gridW);
  const flowW = Math.max(
    mean(({ productionW }) => Math.abs(productionW)),
    mean(({ gridW }) => Math.abs(gridW)),
  );
  const marginW = restW + errorShare * flowW;
  if (usedW > marginW) return { says: "right", confidence: 0.9, fromMs };
  if (usedW > -marginW) return { says: "nothing" };
  return {
    says: "wrong",
    verdict: "held",
    fault: "swapped",
    confidence: 0.95,
    fromMs,
    toMs,
    explanation: `For an hour the house gave the grid ${Math.round(-usedW)} W more than its generator gave the house, without storage: the two meters' cables are most likely exchanged.`,
  };
}
