import { correlation } from "./correlation.js";
import { darkness } from "./darkness.js";
import { hoursOf, recent, shareOf } from "./recent.js";
import { restingW } from "./resting.js";
import { type Sample, sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import { skyOver } from "./sun.js";
import type { Finding, Rule, RuleRun } from "./types.js";
import { energyText, percentText } from "./wording.js";

/**
 * In the dark a house without storage takes from the grid and gives nothing; what it gives, it gives by
 * day. With the clamp at the grid the wrong way round it exports all night.
 */
export const importExportSign: Rule = {
  id: "import-export-sign",
  family: "sun",
  needs: [],
  gatherSeconds: 900,
  start: (site) => (hasBothWays(site) ? run(site) : undefined),
};

const spanMs = 48 * 3_600_000;
const fewestDarkHours = 6;
/** Batteries that export at night do not do so all night for two nights. */
const mostlyExports = 0.8;
const hardlyExports = 0.2;
/** Or does so often, where import follows the sun besides, and export does not; with storage both are needed. */
const oftenExports = 0.4;
const follows = 0.5;
const lead = 0.25;

interface Point extends Sample {
  readonly import: number;
  readonly export: number;
  readonly share: number;
  readonly isDark: boolean;
}

export function hasBothWays({ channels }: Site): boolean {
  return channels.includes("grid") || (channels.includes("import") && channels.includes("export"));
}

function run(site: Site): RuleRun {
  const isDark = darkness(site);
  const sky = skyOver(site);
  const window = recent<Point>(spanMs);
  let finding: Finding = { says: "nothing" };
  return {
    push: (row) => {
      const sample = sampleOf(row);
      const { startMs, endMs, import: imported, export: exported } = sample;
      if (imported === undefined || exported === undefined) return;
      const point = {
        ...sample,
        import: imported,
        export: exported,
        share: sky(row).share,
        isDark: isDark(startMs, endMs),
      };
      finding = judge(site, window.push(point)) ?? finding;
    },
    finding: () => finding,
  };
}

function judge(site: Site, points: readonly Point[]): Finding | undefined {
  const restW = restingW(site);
  const dark = points.filter((point) => point.isDark);
  if (hoursOf(dark) < fewestDarkHours) return undefined;
  const exports = shareOf(
    dark,
    (point) => point.export > restW && point.import < 0.05 * point.export,
  );
  const fromMs = points[0]?.startMs ?? 0;
  if (exports < hardlyExports) return { says: "right", confidence: 0.9, fromMs };
  const followsSun = importFollowsSun(points);
  const isWrong =
    site.storage === "none"
      ? exports >= mostlyExports || (exports >= oftenExports && followsSun)
      : exports >= mostlyExports && followsSun;
  if (!isWrong) return undefined;
  const exportedWh = dark.reduce(
    (wh, point) => wh + (point.export * (point.endMs - point.startMs)) / 3_600_000,
    0,
  );
  return {
    says: "wrong",
    verdict: "held",
    fault: "reversed",
    confidence: 0.95,
    fromMs,
    toMs: points.at(-1)?.endMs ?? fromMs,
    explanation: `For ${percentText(exports)} of the time in the dark the house seemed to feed into the grid, ${energyText(exportedWh)} in two nights, when nothing generates: import and export are most likely exchanged by a clamp the wrong way round.`,
  };
}

function importFollowsSun(points: readonly Point[]): boolean {
  const imports = correlation();
  const exports = correlation();
  for (const point of points) {
    imports.add(point.endMs - point.startMs, point.share, point.import);
    exports.add(point.endMs - point.startMs, point.share, point.export);
  }
  return imports.value() > follows && imports.value() - exports.value() > lead;
}
