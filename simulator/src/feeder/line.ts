/** Impedance of one conductor, Ω. */
interface Impedance {
  readonly r: number;
  readonly x: number;
}

/** A low-voltage feeder: a transformer, a line of equal sections with a node behind each, and a service line to each home. */
export interface LineSpec {
  /** Of transformer and the grid above it, per phase. */
  readonly transformer: Impedance;
  /** Of one section of the line; neutral and phase conductor are alike. */
  readonly section: Impedance;
  readonly nodes: number;
  /** Of a home's own line. */
  readonly service: Impedance;
}

/** How far a load of 1 W (and its var) on a phase pulls the target's phase voltages down, V. */
export interface Sensitivity {
  readonly ownPhase: Impedance;
  /** Through the neutral: negative, it lifts the other phases. */
  readonly otherPhase: Impedance;
}

const nominalV = 230;

/**
 * From an electric point of view what a home sees: linearised power flow (LinDistFlow, Baran and Wu
 * 1989) without losses, in which the drop at one node by a load at another is (R P + X Q) / V over the
 * path that both share. The neutral carries the phase's current back on the same path; 120° apart, it
 * moves the other two phases the other way by half its drop. Against a full sweep the drops are low by
 * the losses, below a tenth within ±10 % of the nominal voltage.
 */
export function sensitivity(
  line: LineSpec,
  node: number,
  other: number,
  same: boolean,
): Sensitivity {
  const sections = Math.min(node, other) + 1;
  const neutral = (of: "r" | "x") => sections * line.section[of] + (same ? line.service[of] : 0);
  const phase = (of: "r" | "x") => line.transformer[of] + neutral(of);
  const own = (of: "r" | "x") => (phase(of) + neutral(of)) / nominalV;
  const others = (of: "r" | "x") => -neutral(of) / 2 / nominalV;
  return {
    ownPhase: { r: own("r"), x: own("x") },
    otherPhase: { r: others("r"), x: others("x") },
  };
}

/** Grids from that of a city's centre to the end of a rural line. Drop of 1 kW at the last node: 0.06, 0.2, 1.1 and 4 V. */
export const grids = {
  "very strong": line(0.004, 0.001, 4, 0.001),
  strong: line(0.008, 0.003, 5, 0.004),
  ordinary: line(0.012, 0.016, 6, 0.02),
  weak: line(0.03, 0.055, 8, 0.03),
} as const satisfies Record<string, LineSpec>;
export type GridStrength = keyof typeof grids;

/** Cables of 150 mm² have R/X about 2.6, service lines and overhead lines of small section more; a transformer less than 1. */
function line(transformerR: number, sectionR: number, nodes: number, serviceR: number): LineSpec {
  return {
    transformer: { r: transformerR, x: 2 * transformerR },
    section: { r: sectionR, x: sectionR / 2.6 },
    nodes,
    service: { r: serviceR, x: serviceR / 8 },
  };
}
