import { hasBothWays } from "./import-export-sign.js";
import { hoursOf, recent, shareOf } from "./recent.js";
import { restingW } from "./resting.js";
import { type Sample, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import type { Fault, Finding, Rule, RuleRun } from "./types.js";
import { energyText } from "./wording.js";

/**
 * A house without storage gives the grid no more than it produces. Where it exports while production
 * rests, import and export are exchanged; where it imports at the same time and production is a part of
 * export, production and export are.
 */
export const energyBalance: Rule = {
  id: "energy-balance",
  family: "balance",
  needs: ["production"],
  gatherSeconds: 900,
  start: (site) => (site.storage === "none" && hasBothWays(site) ? run(site) : undefined),
};

const spanMs = 48 * 3_600_000;
/** Meters' intervals do not end in the same second, so one row shows nothing. */
const fewestHours = 3;
const fewestBothHours = 1;
/** Production that is awake so long is not dead. */
const fewestAwakeHours = 3;

interface Balance extends Sample {
  readonly production: number;
  readonly import: number;
  readonly export: number;
}

function run(site: Site): RuleRun {
  const restW = restingW(site);
  const window = recent<Balance>(spanMs);
  let finding: Finding = { says: "nothing" };
  return {
    push: (row) => {
      const sample = sampleOf(row);
      const { production, import: imported, export: exported } = sample;
      if (production === undefined || imported === undefined || exported === undefined) return;
      finding = judge(
        window.push({ ...sample, production, import: imported, export: exported }),
        restW,
      );
    },
    finding: () => finding,
  };
}

function judge(items: readonly Balance[], restW: number): Finding {
  const awake = items.filter(({ production }) => production > restW);
  const unfed = items.filter((item) => item.production <= restW && item.export > restW);
  const both = unfed.filter((item) => item.import > restW);
  if (isPartOfExport(awake) && hoursOf(both) >= fewestBothHours) {
    return wrong("swapped", both, "took from it too, and production was always less than export");
  }
  const alone = unfed.filter((item) => item.import < 0.05 * item.export);
  const rests = hoursOf(items) - hoursOf(awake);
  if (hoursOf(alone) >= fewestHours && hoursOf(alone) > 0.5 * rests) {
    return wrong("reversed", alone, "took nothing from it");
  }
  return { says: "nothing" };
}

function isPartOfExport(awake: readonly Balance[]): boolean {
  return (
    hoursOf(awake) >= fewestAwakeHours &&
    shareOf(awake, (item) => item.export >= item.production) > 0.95
  );
}

function wrong(
  fault: Exclude<Fault, "none">,
  items: readonly Balance[],
  meanwhile: string,
): Finding {
  const exportedWh = items.reduce(
    (wh, item) => wh + (item.export * (item.endMs - item.startMs)) / 3_600_000,
    0,
  );
  const exchanged = fault === "swapped" ? "production and export" : "import and export";
  return {
    says: "wrong",
    verdict: "held",
    fault,
    confidence: 0.95,
    fromMs: items[0]?.startMs ?? 0,
    toMs: items.at(-1)?.endMs ?? 0,
    explanation: `The house gave the grid ${energyText(exportedWh)} while its panels gave nothing, and ${meanwhile}: ${exchanged} are most likely exchanged.`,
  };
}
