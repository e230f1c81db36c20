import { z } from "zod";
import { clockQuality, type RegisterValues } from "../evidence/types.js";
import { wh } from "../ledger/primitives.js";

/** Cumulative registers as decoded from one reading, and when they were read. */
export const meteredRegisters = z.strictObject({
  /** Id of the meter that answered, by the serial number in the same reading. */
  meter: z.string(),
  at: z.string(),
  monotonicMs: z.int(),
  bootId: z.string(),
  clock: clockQuality,
  importWh: wh,
  exportWh: wh,
});
export type MeteredRegisters = z.infer<typeof meteredRegisters>;

export interface GuardLimits {
  /** The meter that is expected on this unit of the bus. */
  readonly meter: string;
  /** Rating of the main fuse per phase, A. */
  readonly fuseA: number;
  readonly phases: number;
  /** Smallest step of the registers: a float32 register in kWh steps by 16 Wh above 131,072 kWh. */
  readonly registerStepWh: number;
}

export type GuardVerdict =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      readonly code: "meter.register-went-back" | "meter.register-jumped" | "meter.serial-changed";
      readonly message: string;
    };

/** Mains voltage (EN 50160), and the share of the fuses' rated power that a house may draw: gG fuses carry 1.25 times their rating (IEC 60269-1). */
const mainsV = 230;
const overloadPercent = 120;
/** Longest outage whose evidence is accepted: what is assumed where no clock tells how long it was. */
const longestOutageMs = 35 * 86_400_000;

/**
 * Whether a reading may be billed: same meter, no register falls, and none rises by more than the
 * fuses let through since `previous`, the last accepted reading, plus one register step. The first
 * reading is accepted if the meter is the expected one.
 */
export function guardReading(
  previous: MeteredRegisters | undefined,
  next: MeteredRegisters,
  limits: GuardLimits,
): GuardVerdict {
  if (next.meter !== limits.meter) {
    return reject("meter.serial-changed", `${next.meter} answers in place of ${limits.meter}`);
  }
  if (previous === undefined) return { accepted: true };
  const elapsed = elapsedMs(previous, next);
  const mostWh = possibleWh(elapsed, limits);
  for (const register of ["importWh", "exportWh"] as const satisfies (keyof RegisterValues)[]) {
    const rise = next[register] - previous[register];
    if (rise < 0) {
      return reject(
        "meter.register-went-back",
        `${next.meter}: ${register} fell from ${previous[register]} to ${next[register]}`,
      );
    }
    if (rise > mostWh) {
      return reject(
        "meter.register-jumped",
        `${next.meter}: ${register} rose by ${rise} Wh in ${elapsed} ms, its fuses allow ${mostWh}`,
      );
    }
  }
  return { accepted: true };
}

/** By the monotonic clock, or by UTC across a restart; where UTC is not known or fell, the longest outage. */
function elapsedMs(previous: MeteredRegisters, next: MeteredRegisters): number {
  if (previous.bootId === next.bootId) return Math.max(0, next.monotonicMs - previous.monotonicMs);
  const elapsed = Date.parse(next.at) - Date.parse(previous.at);
  return next.clock === "unknown" || elapsed < 0 ? longestOutageMs : elapsed;
}

function possibleWh(elapsed: number, { fuseA, phases, registerStepWh }: GuardLimits): number {
  const powerW = (fuseA * mainsV * phases * overloadPercent) / 100;
  return Math.ceil((powerW * elapsed) / 3_600_000) + registerStepWh;
}

function reject(
  code: Extract<GuardVerdict, { accepted: false }>["code"],
  message: string,
): GuardVerdict {
  return { accepted: false, code, message };
}

/** Rejections in a row that agree with one another before a replaced meter is suspected. */
const suspectedAfter = 10;

/** What the guard of one meter remembers; plain JSON, so that it survives a restart. */
export const guardState = z.strictObject({
  accepted: meteredRegisters.optional(),
  /** The newest rejected reading, and how many in a row agree with it. */
  rejected: meteredRegisters.optional(),
  agreeing: z.int().min(0),
});
export type GuardState = z.infer<typeof guardState>;
export const newGuard: GuardState = { agreeing: 0 };

/**
 * Judges the next reading against the last accepted one, never against a rejected one. Readings that
 * are rejected again and again although they agree among themselves stay rejected: the meter was
 * replaced or reset, which only a person can say (`replacementSuspected`,
 * `meter.replacement-suspected`).
 */
export function guardNext(
  state: GuardState,
  next: MeteredRegisters,
  limits: GuardLimits,
): {
  readonly state: GuardState;
  readonly verdict: GuardVerdict;
  readonly replacementSuspected: boolean;
} {
  const verdict = guardReading(state.accepted, next, limits);
  if (verdict.accepted) {
    return { state: { accepted: next, agreeing: 0 }, verdict, replacementSuspected: false };
  }
  const { rejected } = state;
  const agrees =
    rejected !== undefined &&
    guardReading(rejected, next, { ...limits, meter: rejected.meter }).accepted;
  const agreeing = agrees ? state.agreeing + 1 : 1;
  return {
    state: { ...state, rejected: next, agreeing },
    verdict,
    replacementSuspected: agreeing >= suspectedAfter,
  };
}
