import { z } from "zod";
import { clockQuality, type RegisterValues } from "../evidence/types.js";
import { wh } from "../ledger/primitives.js";
import { type Followed, followRegister } from "./follow-register.js";

/** Cumulative registers of one reading, and when they were read. Of an accepted one they are unwrapped. */
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
  /** Smallest step of the registers at these values: a float32 register in kWh steps by 16 Wh above 131,072 kWh. */
  readonly registerStepWh: number;
  /** How old may be what the registers show, ms: between two writes of theirs they stand still. Default 0. */
  readonly refreshMs?: number;
  /** Counts at which registers begin again at 0, itself never shown; those that are left out never do. */
  readonly rollsOverAtWh?: Readonly<Partial<Record<keyof RegisterValues, number | undefined>>>;
}

export type GuardVerdict =
  | {
      readonly accepted: true;
      /** Unwrapped: the registers plus what they held whenever they began again at 0. */
      readonly registers: RegisterValues;
    }
  | {
      readonly accepted: false;
      readonly code:
        | "meter.register-ambiguous"
        | "meter.register-jumped"
        | "meter.register-went-back"
        | "meter.serial-changed";
      readonly message: string;
    };

/** Mains voltage (EN 50160), and the share of the fuses' rated power that a house may draw: gG fuses carry 1.25 times their rating (IEC 60269-1). */
const mainsV = 230;
const overloadPercent = 120;
/** Longest outage whose evidence is accepted: what is assumed where no clock tells how long it was. */
const longestOutageMs = 35 * 86_400_000;

/**
 * Whether a reading may be billed: same meter, no register falls, and none rises by more than the
 * fuses let through since `previous`, the last accepted reading (unwrapped), and in one `refreshMs` before
 * it, plus one register step.
 * A register that rolled over has not fallen. The first reading is accepted if the meter is the expected one.
 */
export function guardReading(
  previous: MeteredRegisters | undefined,
  next: MeteredRegisters,
  limits: GuardLimits,
): GuardVerdict {
  if (next.meter !== limits.meter) {
    return reject("meter.serial-changed", `${next.meter} answers in place of ${limits.meter}`);
  }
  const elapsed = previous === undefined ? 0 : elapsedMs(previous, next);
  const mostWh = possibleWh(elapsed, limits);
  const follow = (register: keyof RegisterValues): Followed => {
    const rollsOverAtWh = limits.rollsOverAtWh?.[register];
    const shownWh = next[register];
    return previous === undefined
      ? followRegister(shownWh, shownWh, mostWh, rollsOverAtWh)
      : followRegister(previous[register], shownWh, mostWh, rollsOverAtWh);
  };
  const [importWh, exportWh] = [follow("importWh"), follow("exportWh")];
  if (importWh.kind === "followed" && exportWh.kind === "followed") {
    return {
      accepted: true,
      registers: { importWh: importWh.valueWh, exportWh: exportWh.valueWh },
    };
  }
  const [register, found] =
    importWh.kind === "followed"
      ? (["exportWh", exportWh] as const)
      : (["importWh", importWh] as const);
  return refusal(found, `${next.meter}: ${register}`, {
    fromWh: previous?.[register] ?? 0,
    toWh: next[register],
    elapsed,
    mostWh,
  });
}

function refusal(
  { kind }: Followed,
  what: string,
  {
    fromWh,
    toWh,
    elapsed,
    mostWh,
  }: { fromWh: number; toWh: number; elapsed: number; mostWh: number },
): GuardVerdict {
  if (kind === "fell") {
    return reject("meter.register-went-back", `${what} fell from ${fromWh} to ${toWh}`);
  }
  if (kind === "ambiguous") {
    return reject(
      "meter.register-ambiguous",
      `${what} shows ${toWh} after ${fromWh}, and may have begun again at 0 more often in ${elapsed} ms`,
    );
  }
  if (kind === "beyond") {
    return reject("meter.register-jumped", `${what} shows ${toWh}, beyond where it rolls over`);
  }
  return reject(
    "meter.register-jumped",
    `${what} went from ${fromWh} to ${toWh} Wh in ${elapsed} ms, its fuses allow ${mostWh}`,
  );
}

/** By the monotonic clock, or by UTC across a restart; where UTC is not known or fell, the longest outage. */
function elapsedMs(previous: MeteredRegisters, next: MeteredRegisters): number {
  if (previous.bootId === next.bootId) return Math.max(0, next.monotonicMs - previous.monotonicMs);
  const elapsed = Date.parse(next.at) - Date.parse(previous.at);
  const known = previous.clock !== "unknown" && next.clock !== "unknown";
  return known && elapsed >= 0 ? elapsed : longestOutageMs;
}

function possibleWh(
  elapsed: number,
  { fuseA, phases, registerStepWh, refreshMs = 0 }: GuardLimits,
): number {
  const powerW = (fuseA * mainsV * phases * overloadPercent) / 100;
  return Math.ceil((powerW * (elapsed + refreshMs)) / 3_600_000) + registerStepWh;
}

function reject(
  code: Extract<GuardVerdict, { accepted: false }>["code"],
  message: string,
): Extract<GuardVerdict, { accepted: false }> {
  return { accepted: false, code, message };
}

/** Rejections in a row that agree with one another before a replaced meter is suspected. */
const suspectedAfter = 10;

/**
 * A late copy of an older answer is at most this old where the meter is asked again at once; a register
 * that fell and then fits its old count again after longer may just as well have begun anew.
 */
const staleAtMostMs = 10_000;

const mostFallen = 4;

/** What the guard of one meter remembers; plain JSON, so that it survives a restart. */
export const guardState = z.strictObject({
  accepted: meteredRegisters.optional(),
  /** First and newest of the rejected readings that agree with one another, and how many in a row do. */
  opening: meteredRegisters.optional(),
  rejected: meteredRegisters.optional(),
  agreeing: z.int().min(0),
  /** Newest readings since the accepted one that fell: each may be where a new count began. */
  fallen: z.array(meteredRegisters).optional(),
  /** A reading that fits the accepted one although the rejected ones since agree with one another. */
  returning: meteredRegisters.optional(),
});
export type GuardState = z.infer<typeof guardState>;
export const newGuard: GuardState = { agreeing: 0 };

/** A meter that seems to count anew: where the old count ended, and where the new one began. */
export interface SuspectedEpoch {
  readonly closing: MeteredRegisters;
  readonly opening: MeteredRegisters;
}

/**
 * Judges the next reading against the last accepted one, never against a rejected one. Readings that
 * are rejected again and again although they agree among themselves stay rejected: the meter was
 * replaced or reset, which only a person can say (`suspected`).
 */
export function guardNext(
  state: GuardState,
  next: MeteredRegisters,
  limits: GuardLimits,
): {
  readonly state: GuardState;
  readonly verdict: GuardVerdict;
  readonly suspected: SuspectedEpoch | undefined;
} {
  const verdict = unambiguous(state, next, limits);
  if (verdict.accepted) {
    const accepted = { ...next, ...verdict.registers };
    return { state: { accepted, agreeing: 0 }, verdict, suspected: undefined };
  }
  if (verdict.returning) {
    return { state: { ...state, returning: next }, verdict, suspected: undefined };
  }
  const { accepted, rejected } = state;
  const followed =
    rejected === undefined
      ? undefined
      : guardReading(rejected, next, { ...limits, meter: rejected.meter });
  const after: GuardState =
    followed?.accepted === true
      ? {
          ...state,
          rejected: { ...next, ...followed.registers },
          agreeing: state.agreeing + 1,
          returning: undefined,
        }
      : {
          accepted,
          opening: next,
          rejected: next,
          agreeing: 1,
          fallen:
            verdict.code === "meter.register-went-back"
              ? [...(state.fallen ?? []), next].slice(-mostFallen)
              : state.fallen,
        };
  const { opening, agreeing } = after;
  const suspected =
    agreeing >= suspectedAfter && accepted !== undefined && opening !== undefined
      ? { closing: accepted, opening }
      : undefined;
  return { state: after, verdict, suspected };
}

/**
 * As `guardReading`, but not where a reset meter could have grown past its old count unseen; and where
 * rejected readings agree with one another, a single one that fits again may do so by chance, and
 * waits for a second (`returning`).
 */
function unambiguous(
  { accepted, fallen = [], agreeing, returning }: GuardState,
  next: MeteredRegisters,
  limits: GuardLimits,
): GuardVerdict & { readonly returning?: true } {
  const verdict = guardReading(accepted, next, limits);
  if (!verdict.accepted || accepted === undefined) return verdict;
  const fitsToo = fallen.some(
    (one) => elapsedMs(one, next) > staleAtMostMs && guardReading(one, next, limits).accepted,
  );
  if (fitsToo) {
    return reject(
      "meter.register-ambiguous",
      `${next.meter}: its registers fit the last accepted reading and the fallen ones after it`,
    );
  }
  if (agreeing < 2 || elapsedMs(accepted, next) <= staleAtMostMs) return verdict;
  if (returning !== undefined && guardReading(returning, next, limits).accepted) return verdict;
  const message = `${next.meter}: its registers fit again after ${agreeing} readings that did not`;
  return { accepted: false, code: "meter.register-ambiguous", message, returning: true };
}
