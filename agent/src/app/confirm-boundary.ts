import type { RegisterValues } from "@powershare/domain/evidence";
import { followRegister } from "@powershare/domain/metering";
import type { Values } from "@powershare/firmware-profiles";

export interface TwoReads {
  readonly first: RegisterValues;
  readonly again: RegisterValues;
  /** Between the moments at which both were asked for. */
  readonly elapsedMs: number;
  /** Most that can flow, W. */
  readonly mostW: number;
  readonly registerStepWh: number;
  /** How long the registers stand still between two writes, ms. */
  readonly refreshMs: number;
  readonly rollsOverAtWh: Readonly<Partial<Record<keyof RegisterValues, number | undefined>>>;
}

/**
 * Compares two reads of the energy registers, one right after the other. Where the second shows less, or
 * more than can have flowed in between, one of them is a late copy of an older answer.
 * @returns what is wrong; undefined where they agree
 */
export function disagreement(reads: TwoReads): string | undefined {
  const { first, again, elapsedMs, mostW, registerStepWh, refreshMs, rollsOverAtWh } = reads;
  // Between two reads may come what flowed since the registers were written last.
  const mostMs = elapsedMs + refreshMs;
  // A register steps at most once more than what flowed has whole steps.
  const mostWh = Math.floor((mostW * mostMs) / 3_600_000) + registerStepWh;
  for (const register of ["importWh", "exportWh"] as const) {
    const { kind } = followRegister(
      first[register],
      again[register],
      mostWh,
      rollsOverAtWh[register],
    );
    if (kind === "followed") continue;
    return `${register} was ${first[register]} and ${again[register]} Wh ${elapsedMs} ms later`;
  }
  return undefined;
}

/** Twice the power that the meter shows, all phases taken by their amount; what the fuses allow where it shows none. */
export function mostPowerW(
  values: Values,
  { fuseA, phases }: { readonly fuseA: number; readonly phases: number },
): number {
  const shown = (name: string): number | undefined => {
    const value = values[name];
    return typeof value === "number" ? Math.abs(value) : undefined;
  };
  const byPhase = ["activePowerL1W", "activePowerL2W", "activePowerL3W"].map(shown);
  const sum = byPhase.reduce<number>((total, power) => total + (power ?? 0), 0);
  const total = shown("activePowerW");
  if (total === undefined && byPhase.every((power) => power === undefined)) {
    return fuseA * 230 * phases;
  }
  return 2 * Math.max(total ?? 0, sum);
}
