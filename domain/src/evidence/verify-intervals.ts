import { CodedError, type ErrorCode } from "../errors/index.js";
import type { MeterHead } from "../ledger/records.js";
import { toHex } from "./bytes.js";
import { intervalHash, type Sha256, zeroHash } from "./hashes.js";
import type { Interval, RegisterValues } from "./types.js";

/** What an interval follows: the accepted head of its meter, or the interval before it. */
interface Link {
  readonly sequence: number;
  readonly hash: string;
  readonly end: string;
  readonly importWh: number;
  readonly exportWh: number;
  readonly epoch: number;
  /** Sequence of the reading at its end; a ledger's head does not keep it. */
  readonly reading?: number;
}

/**
 * Checks that intervals of one meter follow `head` and one another without a gap in sequence, hash,
 * time or registers. Returns the link that the next one must follow. Throws `evidence.*`.
 */
export function followIntervals(
  intervals: readonly Interval[],
  head: MeterHead | undefined,
  sha256: Sha256,
  slotSeconds: number | undefined,
): Link | undefined {
  let link: Link | undefined = head;
  for (const interval of intervals) {
    requireOrder(interval, link);
    requireTime(interval, link, slotSeconds);
    requireRegisters(interval, link);
    link = linkOf(interval, sha256);
  }
  return link;
}

function linkOf(interval: Interval, sha256: Sha256): Link {
  const { sequence, end, epoch, last, readings } = interval;
  const hash = toHex(intervalHash(interval, sha256));
  return { sequence, hash, end, epoch, ...last, reading: readings.last };
}

function requireOrder(interval: Interval, link: Link | undefined): void {
  const expected = (link?.sequence ?? 0) + 1;
  if (interval.sequence !== expected) {
    refuse("evidence.sequence", interval, `expected number ${expected}`);
  }
  if (interval.previous !== (link?.hash ?? zeroHash)) {
    refuse("evidence.chain", interval, "its previous hash is not that of the interval before");
  }
  if (link !== undefined && interval.epoch < link.epoch) {
    refuse("evidence.epoch", interval, `epoch falls from ${link.epoch} to ${interval.epoch}`);
  }
  const { first, last } = interval.readings;
  if (first >= last || (link?.reading !== undefined && first !== link.reading)) {
    refuse(
      "evidence.readings",
      interval,
      `readings ${first} to ${last} do not follow ${link?.reading ?? first}`,
    );
  }
}

function requireTime(
  interval: Interval,
  link: Link | undefined,
  slotSeconds: number | undefined,
): void {
  const { start, end, quality } = interval;
  const startMs = Date.parse(start);
  const endMs = Date.parse(end);
  if (startMs >= endMs) refuse("evidence.time-order", interval, `starts ${start}, ends ${end}`);
  if (link !== undefined && start !== link.end) {
    refuse("evidence.time-gap", interval, `starts ${start}, the one before ends ${link.end}`);
  }
  if (slotSeconds === undefined) return;
  const slotMs = slotSeconds * 1000;
  if (startMs % slotMs !== 0 || endMs % slotMs !== 0) {
    refuse(
      "evidence.alignment",
      interval,
      `${start} to ${end} is not on slots of ${slotSeconds} s`,
    );
  }
  if (quality === "good" && endMs - startMs !== slotMs) {
    refuse("evidence.quality", interval, `good, yet ${(endMs - startMs) / slotMs} slots long`);
  }
}

function requireRegisters(interval: Interval, link: Link | undefined): void {
  for (const register of ["importWh", "exportWh"] as const satisfies (keyof RegisterValues)[]) {
    const first = interval.first[register];
    const last = interval.last[register];
    if (last < first) {
      refuse("evidence.register-went-back", interval, `${register} falls from ${first} to ${last}`);
    }
    if (link !== undefined && first !== link[register]) {
      refuse(
        "evidence.register-gap",
        interval,
        `${register} begins at ${first}, the one before ended at ${link[register]}`,
      );
    }
    if (interval[register] !== last - first) {
      refuse(
        "evidence.energy",
        interval,
        `${register} is ${interval[register]}, the registers say ${last - first}`,
      );
    }
  }
}

function refuse(code: ErrorCode, interval: Interval, what: string): never {
  throw new CodedError(code, `${interval.meter} interval ${interval.sequence}: ${what}`);
}
