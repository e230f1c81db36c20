import { darkness } from "./darkness.js";
import type { Site } from "./site.js";
import type { Rule, RuleRun } from "./types.js";
import { type Asked, faultOf } from "./voltage-fault.js";
import { type Levels, MeanLevels, type Quantity } from "./voltage-levels.js";
import { VoltageProbe } from "./voltage-probe.js";

/**
 * Power drawn from the grid pulls the voltage at the meter down, power injected lifts it, day and night.
 * So the sign in which a channel's steps and the voltage's move together tells which way the channel
 * really counts. It is silent until it knows: on a grid so strong, or a display so coarse, that steps
 * drown in noise, it never says anything.
 */
export const voltageResponse: Rule = {
  id: "voltage-response",
  family: "voltage",
  needs: [],
  start: (site) => run(site),
};

const voltages: readonly Quantity[] = ["voltageL1", "voltageL2", "voltageL3"];

/** Beyond it inverters give less the higher the voltage is: the voltage moves the power, not the power the voltage. */
const regulatedV = 250;

/** What a channel's sign mostly was is asked of about so long. */
const signMemoryMs = 6 * 3_600_000;

interface Probed extends Omit<Asked, "answer"> {
  /** The voltages it acts on: of its phase, or of all. */
  readonly voltages: readonly Quantity[];
  /** What must not move while it does. */
  readonly elsewhere: readonly Quantity[];
  readonly probe: VoltageProbe;
  energyWs: number;
}

function probed(site: Site): Probed[] {
  const one = (
    channel: Asked["channel"],
    of: readonly Quantity[],
    elsewhere: readonly Quantity[],
  ): Probed => ({
    channel,
    isHonest: site.storage === "none" || (site.storage === "ac" && channel === "production"),
    right: channel === "production" ? "injection" : "load",
    voltages: of,
    elsewhere,
    probe: new VoltageProbe(),
    energyWs: 0,
  });
  const [l1 = "voltageL1", l2 = "voltageL2", l3 = "voltageL3"] = voltages;
  const all = site.phases === 3 ? voltages : [l1];
  const sun = ["production"] as const;
  const totals = [one("grid", all, sun), one("production", all, []), one("consumption", all, sun)];
  if (site.phases === 1) return totals;
  return [
    one("gridL1", [l1], [...sun, "gridL2", "gridL3"]),
    one("gridL2", [l2], [...sun, "gridL1", "gridL3"]),
    one("gridL3", [l3], [...sun, "gridL1", "gridL2"]),
    ...totals,
  ];
}

function run(site: Site): RuleRun {
  const channels = probed(site);
  const isDarkAt = darkTimes(site);
  const means = new MeanLevels((levels) => {
    const house = { flowW: largestFlowW(levels), isDark: isDarkAt(levels.startMs) };
    for (const one of channels) push(one, levels, house);
  });
  return {
    push: (row) => means.push(row),
    finding: () =>
      faultOf(
        channels.map((one) => ({ ...one, answer: one.probe.answer() })),
        site.pv !== null,
      ),
  };
}

/** Without all the voltages a channel acts on nothing is said: a load lifts the other phases through the neutral. */
function push(
  one: Probed,
  { startMs, endMs, of }: Levels,
  house: { readonly flowW: number; readonly isDark: boolean },
): void {
  const powerW = of(one.channel);
  let voltageV = 0;
  for (const voltage of one.voltages) voltageV += of(voltage) / one.voltages.length;
  if (Number.isNaN(powerW) || !(voltageV > 0 && voltageV < regulatedV)) return;
  const elsewhereW = one.elsewhere.map((quantity) => of(quantity) || 0);
  const fade = Math.exp((startMs - endMs) / signMemoryMs);
  one.energyWs = fade * one.energyWs + (powerW * (endMs - startMs)) / 1000;
  one.probe.push({ startMs, endMs, powerW, voltageV, elsewhereW, ...house });
}

/** The sun is asked every ten minutes. */
function darkTimes(site: Site): (atMs: number) => boolean {
  const isDark = darkness(site);
  let index = Number.NaN;
  let dark = false;
  return (atMs) => {
    const now = Math.floor(atMs / 600_000);
    if (now !== index) dark = isDark(now * 600_000, (now + 1) * 600_000);
    index = now;
    return dark;
  };
}

function largestFlowW({ of }: Levels): number {
  const flow = (quantity: Quantity) => Math.abs(of(quantity) || 0);
  const phasesW = Math.max(flow("gridL1"), flow("gridL2"), flow("gridL3"));
  return Math.max(flow("grid"), flow("production"), flow("consumption"), phasesW);
}
