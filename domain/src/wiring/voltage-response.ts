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

interface Probed extends Omit<Asked, "answer"> {
  /** The voltages it acts on: of its phase, or of all. */
  readonly voltages: readonly Quantity[];
  readonly probe: VoltageProbe;
  energyWs: number;
}

function probed(site: Site): Probed[] {
  const one = (channel: Asked["channel"], of: readonly Quantity[]): Probed => ({
    channel,
    right: channel === "production" ? "injection" : "load",
    voltages: of,
    probe: new VoltageProbe(),
    energyWs: 0,
  });
  const [l1 = "voltageL1", l2 = "voltageL2", l3 = "voltageL3"] = voltages;
  const all = site.phases === 3 ? voltages : [l1];
  const totals = [one("grid", all), one("production", all), one("consumption", all)];
  return site.phases === 3
    ? [one("gridL1", [l1]), one("gridL2", [l2]), one("gridL3", [l3]), ...totals]
    : totals;
}

function run(site: Site): RuleRun {
  const channels = probed(site);
  const means = new MeanLevels((levels) => {
    const flowW = largestFlowW(levels);
    for (const one of channels) push(one, levels, flowW);
  });
  return {
    push: (row) => means.push(row),
    finding: () => faultOf(channels.map((one) => ({ ...one, answer: one.probe.answer() }))),
  };
}

/** Without all the voltages a channel acts on nothing is said: a load lifts the other phases through the neutral. */
function push(one: Probed, { startMs, endMs, of }: Levels, flowW: number): void {
  const powerW = of(one.channel);
  let voltageV = 0;
  for (const voltage of one.voltages) voltageV += of(voltage) / one.voltages.length;
  if (Number.isNaN(powerW) || !(voltageV > 0)) return;
  one.energyWs += (powerW * (endMs - startMs)) / 1000;
  one.probe.push({ startMs, endMs, powerW, voltageV, flowW });
}

function largestFlowW({ of }: Levels): number {
  const flow = (quantity: Quantity) => Math.abs(of(quantity) || 0);
  const phasesW = Math.max(flow("gridL1"), flow("gridL2"), flow("gridL3"));
  return Math.max(flow("grid"), flow("production"), flow("consumption"), phasesW);
}
