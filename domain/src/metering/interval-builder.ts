import { z } from "zod";
import {
  type ClockQuality,
  clockQuality,
  type Interval,
  type MeterRole,
} from "../evidence/types.js";
import { wh } from "../ledger/primitives.js";

/** A reading that the register guard accepted. */
export interface GoodReading {
  /** Of the device's readings; rises. */
  readonly sequence: number;
  /** UTC in milliseconds, as the clock showed it. */
  readonly at: string;
  readonly monotonicMs: number;
  readonly bootId: string;
  readonly clock: ClockQuality;
  readonly importWh: number;
  readonly exportWh: number;
}

export interface IntervalOptions {
  readonly participant: string;
  readonly meter: string;
  readonly role: MeterRole;
  readonly slotSeconds: number;
  /** How long after a boundary a reading may still stand for it; 1 % of the slot by PTB-A 50.8. */
  readonly boundaryToleranceMs: number;
  /** A clock that shows less has not been set yet; e.g. when the certificate was issued. */
  readonly earliest?: string;
}

const boundary = z.strictObject({
  /** The boundary itself, ms since the epoch. */
  atMs: z.int(),
  errorMs: z.int().min(0),
  reading: z.int().min(1),
  readAtMs: z.int(),
  monotonicMs: z.int(),
  bootId: z.string(),
  clock: clockQuality,
  importWh: wh,
  exportWh: wh,
});
type Boundary = z.infer<typeof boundary>;

/** All that the intervals of one meter depend on; plain JSON, so that it survives a restart. */
export const intervalState = z.strictObject({
  /** Of the newest interval; 0 before the first. */
  sequence: z.int().min(0),
  epoch: z.int().min(1),
  lastGood: z
    .strictObject({ sequence: z.int(), monotonicMs: z.int(), bootId: z.string() })
    .optional(),
  /** Where the next interval begins. */
  open: boundary.optional(),
});
export type IntervalState = z.infer<typeof intervalState>;
export const newIntervals: IntervalState = { sequence: 0, epoch: 1 };

/** An interval before its batch is sealed. */
export type UnsealedInterval = Omit<Interval, "previous" | "merkleRoot">;

/** Longest silence in which nobody can have moved a clamp or a wire unseen. */
const longestSilenceMs = 30_000;
/** Within one boot, UTC may not move on by so much more than the monotonic clock: intervals could not come back from it. */
const longestLeapMs = 35 * 86_400_000;

/**
 * Takes the next accepted reading of one meter. The first one at or after a boundary, within the
 * tolerance, closes the open interval there and opens the next; missed boundaries make one `gap`
 * interval over several slots. A reading whose time is `unknown` stands for no boundary: its energy
 * waits in the registers for the first boundary whose time is known. Time never runs back: a boundary
 * at or before the open one is passed over, so a step of the clock gives no second and no overlapping
 * interval. Where both clocks ran through an interval and disagree by more than the tolerance about
 * how long it was, it is `unsynchronised`. A reading that was taken already changes nothing.
 */
export function nextInterval(
  state: IntervalState,
  reading: GoodReading,
  options: IntervalOptions,
): { readonly state: IntervalState; readonly interval?: UnsealedInterval } {
  if (state.lastGood !== undefined && reading.sequence <= state.lastGood.sequence) return { state };
  const after = withReading(state, reading);
  const here = boundaryOf(reading, state.open, options);
  if (here === undefined) return { state: after };
  if (state.open === undefined) return { state: { ...after, open: here } };
  const sequence = state.sequence + 1;
  return {
    state: { ...after, sequence, open: here },
    interval: between(state.open, here, { sequence, epoch: after.epoch }, options),
  };
}

/** The interval as it is hashed: with the hash of the one before (zeros for the first) and the root of its batch, both hex. */
export function sealInterval(
  interval: UnsealedInterval,
  { previous, merkleRoot }: Pick<Interval, "previous" | "merkleRoot">,
): Interval {
  return { ...interval, previous, merkleRoot };
}

function withReading(state: IntervalState, reading: GoodReading): IntervalState {
  const { sequence, monotonicMs, bootId } = reading;
  const before = state.lastGood;
  const silenceMs = monotonicMs - (before?.monotonicMs ?? monotonicMs);
  const unseen =
    (before !== undefined && before.bootId !== bootId) ||
    silenceMs < 0 ||
    silenceMs > longestSilenceMs;
  return {
    ...state,
    epoch: unseen ? state.epoch + 1 : state.epoch,
    lastGood: { sequence, monotonicMs, bootId },
  };
}

/** The boundary that this reading stands for, if it does and lies after the open one. */
function boundaryOf(
  reading: GoodReading,
  open: Boundary | undefined,
  { slotSeconds, boundaryToleranceMs, earliest }: IntervalOptions,
): Boundary | undefined {
  const { sequence, at, monotonicMs, bootId, clock, importWh, exportWh } = reading;
  const readAtMs = Date.parse(at);
  const slotMs = slotSeconds * 1000;
  const atMs = Math.floor(readAtMs / slotMs) * slotMs;
  const errorMs = readAtMs - atMs;
  if (clock === "unknown" || errorMs > boundaryToleranceMs) return undefined;
  if (earliest !== undefined && atMs < Date.parse(earliest)) return undefined;
  if (open !== undefined && atMs <= open.atMs) return undefined;
  const registers = { importWh, exportWh };
  const here = { atMs, errorMs, reading: sequence, readAtMs, monotonicMs, bootId, clock };
  if (open !== undefined && (disagreementMs(open, here) ?? 0) > longestLeapMs) return undefined;
  return { ...here, ...registers };
}

function between(
  start: Boundary,
  end: Boundary,
  { sequence, epoch }: Pick<Interval, "sequence" | "epoch">,
  { participant, meter, role, slotSeconds, boundaryToleranceMs }: IntervalOptions,
): UnsealedInterval {
  const importWh = end.importWh - start.importWh;
  const exportWh = end.exportWh - start.exportWh;
  if (importWh < 0 || exportWh < 0) {
    throw new RangeError(`${meter}: reading ${end.reading} went back and was not guarded`);
  }
  const slots = (end.atMs - start.atMs) / (slotSeconds * 1000);
  const whole = slots === 1 ? "good" : "gap";
  return {
    v: 1,
    participant,
    meter,
    role,
    sequence,
    start: instant(start.atMs),
    end: instant(end.atMs),
    importWh,
    exportWh,
    first: { importWh: start.importWh, exportWh: start.exportWh },
    last: { importWh: end.importWh, exportWh: end.exportWh },
    readings: { first: start.reading, last: end.reading },
    boundaryErrorMs: { start: start.errorMs, end: end.errorMs },
    quality: synchronised(start, end, boundaryToleranceMs) ? whole : "unsynchronised",
    epoch,
  };
}

function synchronised(start: Boundary, end: Boundary, toleranceMs: number): boolean {
  // States that were kept from before may hold a boundary of unknown time.
  if (start.clock === "unknown" || end.clock === "unknown") return false;
  return Math.abs(disagreementMs(start, end) ?? 0) <= toleranceMs;
}

/** How much more time went by on UTC than on the monotonic clock; undefined over a restart of the machine. */
function disagreementMs(
  start: Pick<Boundary, "readAtMs" | "monotonicMs" | "bootId">,
  end: Pick<Boundary, "readAtMs" | "monotonicMs" | "bootId">,
): number | undefined {
  if (start.bootId !== end.bootId) return undefined;
  return end.readAtMs - start.readAtMs - (end.monotonicMs - start.monotonicMs);
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
