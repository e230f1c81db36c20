import type { IntervalOptions, IntervalState, UnsealedInterval } from "./interval-builder.js";
import type { EpochEnd } from "./meter-epoch.js";

/**
 * The state in which a new epoch's intervals begin: at the boundary before its opening reading, with
 * that reading's registers, so that none of its energy is lost. `sequence` is that of the event which
 * tells of the opening.
 */
export function openEpoch(
  opening: EpochEnd,
  sequence: number,
  { slotSeconds }: Pick<IntervalOptions, "slotSeconds">,
): IntervalState {
  const { at, monotonicMs, bootId, clock, importWh, exportWh } = opening;
  const slotMs = slotSeconds * 1000;
  const readAtMs = Date.parse(at);
  const atMs = Math.floor(readAtMs / slotMs) * slotMs;
  const taken = { errorMs: readAtMs - atMs, reading: sequence, readAtMs };
  return {
    sequence: 0,
    epoch: 1,
    lastGood: { sequence, monotonicMs, bootId },
    open: { atMs, ...taken, monotonicMs, bootId, clock, importWh, exportWh },
  };
}

/**
 * The last interval of an epoch: from its last boundary to the closing reading, as a `gap` that ends
 * with the slot in which that was taken; so `boundaryErrorMs.end` is negative. Undefined where the
 * last boundary is the closing reading, or there was none.
 */
export function closeEpoch(
  { open, sequence, epoch }: IntervalState,
  { at, importWh, exportWh, reading, clock }: EpochEnd,
  { participant, meter, role, slotSeconds }: IntervalOptions,
): UnsealedInterval | undefined {
  if (open === undefined || reading === undefined || reading <= open.reading) return undefined;
  const slotMs = slotSeconds * 1000;
  const takenMs = Date.parse(at);
  // A clock that stepped back may show less than the last boundary.
  const endMs = Math.max(Math.ceil(takenMs / slotMs) * slotMs, open.atMs + slotMs);
  return {
    v: 1,
    participant,
    meter,
    role,
    sequence: sequence + 1,
    start: instant(open.atMs),
    end: instant(endMs),
    importWh: importWh - open.importWh,
    exportWh: exportWh - open.exportWh,
    first: { importWh: open.importWh, exportWh: open.exportWh },
    last: { importWh, exportWh },
    readings: { first: open.reading, last: reading },
    boundaryErrorMs: { start: open.errorMs, end: takenMs - endMs },
    quality: open.clock === "unknown" || clock === "unknown" ? "unsynchronised" : "gap",
    epoch,
  };
}

/** An interval that began with an opening reading: no boundary was there, so it is a `gap` like one that missed it. */
export function fromOpening(
  interval: UnsealedInterval,
  { boundaryToleranceMs }: Pick<IntervalOptions, "boundaryToleranceMs">,
): UnsealedInterval {
  const opened = interval.boundaryErrorMs.start > boundaryToleranceMs;
  return opened && interval.quality === "good" ? { ...interval, quality: "gap" } : interval;
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
