import { darkness } from "./darkness.js";
import { sampleOf } from "./samples.js";
import type { Site } from "./site.js";
import type { Finding, Row, Rule, RuleRun } from "./types.js";
import { instantText, powerText } from "./wording.js";

/**
 * In the dark a house without storage only takes, on each phase. A phase that gives has its clamp turned;
 * or it is that of another phase, whose power shows as minus a half, being 120° off. And the phases add
 * up to the whole, unless one of them is counted with the wrong sign.
 */
export const phaseSign: Rule = {
  id: "phase-sign",
  family: "phases",
  needs: ["grid"],
  gatherSeconds: 300,
  start: (site) => (site.phases === 3 ? run(site) : undefined),
};

const columns = ["gridL1W", "gridL2W", "gridL3W"] as const;
/** Meters rustle about zero below it. */
const leastW = 20;
const darkMs = 3 * 3_600_000;
/** A welder between two phases may show a phase below zero for a while. */
const mostlyGives = 0.9;
/** With so much power on a phase its sign shows in the sum. */
const clearW = 200;
/** Of the phases' power: meters' classes, and that two registers are not read at once. */
const sumTolerance = 0.1;
const fewestSums = 50;
/** Older than a night is forgotten, by halves: a clamp that is turned after years shows within three. */
const mostMs = 8 * 3_600_000;
const mostSums = 600;

interface Phase {
  readonly name: string;
  darkMs: number;
  givesMs: number;
  wattMs: number;
  /** Samples in which the sum is right with this phase turned, and those in which it is right as it is. */
  turned: number;
  straight: number;
}

function run(site: Site): RuleRun {
  const isDark = darkness(site);
  const phases = columns.map(
    (column): Phase => ({
      name: column.slice(4, 6),
      darkMs: 0,
      givesMs: 0,
      wattMs: 0,
      turned: 0,
      straight: 0,
    }),
  );
  let fromMs: number | undefined;
  let toMs = 0;
  return {
    push: (row) => {
      const watts = columns.map((column) => row[column] ?? Number.NaN);
      if (watts.some(Number.isNaN)) return;
      fromMs ??= row.startMs;
      toMs = row.startMs + row.seconds * 1000;
      addUp(phases, watts, row);
      // A battery gives at night on the phase it is on.
      if (site.storage === "none" && isDark(row.startMs, toMs)) rest(phases, watts, row);
    },
    finding: () => judge(phases, fromMs ?? 0, toMs),
  };
}

function rest(phases: readonly Phase[], watts: readonly number[], { seconds }: Row): void {
  for (const [i, phase] of phases.entries()) {
    const ms = seconds * 1000;
    const value = watts[i] ?? 0;
    phase.darkMs += ms;
    phase.wattMs += value * ms;
    if (value < -leastW) phase.givesMs += ms;
    if (phase.darkMs < mostMs) continue;
    phase.darkMs /= 2;
    phase.wattMs /= 2;
    phase.givesMs /= 2;
  }
}

function addUp(phases: readonly Phase[], watts: readonly number[], row: Row): void {
  const { grid } = sampleOf(row);
  if (grid === undefined) return;
  const sum = watts.reduce((total, value) => total + value, 0);
  const most = sumTolerance * watts.reduce((total, value) => total + Math.abs(value), 0);
  for (const [i, phase] of phases.entries()) {
    const value = watts[i] ?? 0;
    if (Math.abs(value) < clearW) continue;
    if (Math.abs(grid - sum) <= most) phase.straight += 1;
    else if (Math.abs(grid - (sum - 2 * value)) <= most) phase.turned += 1;
    if (phase.straight + phase.turned < mostSums) continue;
    phase.straight /= 2;
    phase.turned /= 2;
  }
}

function judge(phases: readonly Phase[], fromMs: number, toMs: number): Finding {
  const given = phases.filter(
    (phase) =>
      phase.darkMs >= darkMs &&
      phase.givesMs >= mostlyGives * phase.darkMs &&
      phase.wattMs < -leastW * phase.darkMs,
  );
  const wrong = { says: "wrong", verdict: "held", confidence: 0.95, fromMs, toMs } as const;
  const since = `Since ${instantText(fromMs)}`;
  if (given.length > 0) {
    const names = given.map(
      ({ name, wattMs, darkMs: ms }) => `${name} (${powerText(-wattMs / ms)})`,
    );
    return {
      ...wrong,
      fault: given.length === phases.length ? "reversed" : "phase-reversed",
      explanation: `${since} power seems to flow out of the house in the dark on ${names.join(" and ")}, though nothing there can give any: the clamp is turned, or on another phase.`,
    };
  }
  const turned = phases.filter(
    (phase) =>
      phase.turned >= fewestSums && phase.turned >= mostlyGives * (phase.turned + phase.straight),
  );
  if (turned.length > 0) {
    const names = turned.map(({ name }) => name).join(" and ");
    return {
      ...wrong,
      fault: "phase-reversed",
      explanation: `${since} the phases add up to the whole only with ${names} turned: it is counted with the wrong sign.`,
    };
  }
  const isKnown = phases.every((phase) => phase.darkMs >= darkMs);
  return isKnown ? { says: "right", confidence: 0.9, fromMs } : { says: "nothing" };
}
