import type { SeededRandom } from "./random.js";

export type ThreePhases = readonly [number, number, number];

/** Quantities by the names of the meter profiles; energy in Wh without rounding, the rest in the unit of the name. */
export type ElectricalState = Readonly<Record<string, number>>;

interface Inputs {
  /** Active power per phase, W; positive is import. */
  readonly phasesW: ThreePhases;
  /** What the house's service line carries per phase, W: it makes the voltage of all meters of the house. */
  readonly lineW: ThreePhases;
  readonly total: { readonly importWh: number; readonly exportWh: number };
  readonly phases: readonly { readonly importWh: number; readonly exportWh: number }[];
  readonly noise: SeededRandom;
  /** Seconds since the start: the index of this second's noise. */
  readonly second: number;
}

/** What the line's impedance takes per ampere of a phase, as on a service line of about 50 m. */
const lineOhm = 0.25;
const nominalV = 230;
/** Reactive over active power of what households draw: a power factor of 0.96. */
const reactiveShare = 0.29;

/** The electrical state at a meter, consistent in itself: a load pulls its phase down, injection lifts it. */
export function electricalState(inputs: Inputs): ElectricalState {
  const { phasesW, lineW, total, phases, noise, second } = inputs;
  const state: Record<string, number> = {
    activeEnergyImportWh: total.importWh,
    activeEnergyExportWh: total.exportWh,
    activeEnergyTotalWh: total.importWh + total.exportWh,
    frequencyHz: 50 + 0.04 * (noise.at(second) - 0.5),
  };
  const volts: number[] = [];
  for (const [index, activeW] of phasesW.entries()) {
    const voltageV =
      nominalV +
      3 * (noise.at(-1 - index) - 0.5) +
      0.4 * (noise.at(3 * second + index) - 0.5) -
      (lineOhm * (lineW[index] ?? 0)) / nominalV;
    volts.push(voltageV);
    const energy = phases[index];
    Object.assign(state, phaseState(`L${index + 1}`, activeW, voltageV), {
      [`activeEnergyImportL${index + 1}Wh`]: energy?.importWh ?? 0,
      [`activeEnergyExportL${index + 1}Wh`]: energy?.exportWh ?? 0,
    });
  }
  return { ...state, ...totals(state, volts) };
}

function phaseState(phase: string, activeW: number, voltageV: number): Record<string, number> {
  const reactiveVar = Math.max(0, activeW) * reactiveShare;
  const apparentVa = Math.hypot(activeW, reactiveVar);
  return {
    [`voltage${phase}V`]: voltageV,
    [`current${phase}A`]: apparentVa / voltageV,
    [`activePower${phase}W`]: activeW,
    [`reactivePower${phase}Var`]: reactiveVar,
    [`apparentPower${phase}Va`]: apparentVa,
    [`powerFactor${phase}`]: apparentVa === 0 ? 1 : activeW / apparentVa,
  };
}

function totals(state: ElectricalState, volts: readonly number[]): Record<string, number> {
  const sum = (name: (phase: string) => string) =>
    ["L1", "L2", "L3"].reduce((total, phase) => total + (state[name(phase)] ?? 0), 0);
  const [v1 = nominalV, v2 = nominalV, v3 = nominalV] = volts;
  const activePowerW = sum((phase) => `activePower${phase}W`);
  const reactivePowerVar = sum((phase) => `reactivePower${phase}Var`);
  const apparentPowerVa = Math.hypot(activePowerW, reactivePowerVar);
  const [i1 = 0, i2 = 0, i3 = 0] = [1, 2, 3].map((phase) => state[`currentL${phase}A`]);
  return {
    activePowerW,
    reactivePowerVar,
    apparentPowerVa,
    powerFactor: apparentPowerVa === 0 ? 1 : activePowerW / apparentPowerVa,
    voltageL12V: lineToLine(v1, v2),
    voltageL23V: lineToLine(v2, v3),
    voltageL31V: lineToLine(v3, v1),
    currentNA: Math.sqrt(Math.max(0, i1 ** 2 + i2 ** 2 + i3 ** 2 - i1 * i2 - i2 * i3 - i3 * i1)),
  };
}

/** Of two phasors 120 degrees apart. */
function lineToLine(a: number, b: number): number {
  return Math.sqrt(a ** 2 + b ** 2 + a * b);
}
