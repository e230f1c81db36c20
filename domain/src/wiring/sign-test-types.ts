import { z } from "zod";

export const signTestMeter = z.enum(["connection", "generator"]);
export type SignTestMeter = z.infer<typeof signTestMeter>;

/** One phase as a meter shows it: power + import, − export, and the voltage of the same phase. */
export interface MeterPhase {
  readonly activePowerW: number;
  readonly voltageV: number;
}

/** What the meters show at a moment: L1, L2, L3 of each; what was not measured is left out. */
export interface SignTestSample {
  readonly atMs: number;
  readonly meters: Readonly<Partial<Record<SignTestMeter, readonly (MeterPhase | undefined)[]>>>;
}

export const signTestState = z.enum(["waiting", "passed", "failed", "abstains"]);
export type SignTestState = z.infer<typeof signTestState>;
export const signTestFault = z.enum(["reversed", "swapped", "phase-reversed", "other"]);
export type SignTestFault = z.infer<typeof signTestFault>;
