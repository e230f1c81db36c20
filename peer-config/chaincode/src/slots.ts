import { CodedError } from "@powershare/domain/errors";
import type { Settings } from "@powershare/domain/ledger";

/** One slot in milliseconds since the epoch, [start, end). */
export interface SlotTimes {
  readonly start: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** For this long after its end a slot can be settled; evidence that comes later is late. */
export const settleableMs = 35 * 86_400_000;

/** @throws CodedError market.slot-range where the instant is not the start of a slot */
export function requireSlot(slotStart: string, { slotSeconds }: Settings): SlotTimes {
  const startMs = Date.parse(slotStart);
  if (instantOrNothing(startMs) !== slotStart || startMs % (slotSeconds * 1000) !== 0) {
    throw new CodedError(
      "market.slot-range",
      `${slotStart} is not the start of a slot of ${slotSeconds} s`,
    );
  }
  return { start: slotStart, startMs, endMs: startMs + slotSeconds * 1000 };
}

/** UTC instant on a whole second: `2026-06-01T12:00:00Z`. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function instantOrNothing(ms: number): string {
  return Number.isNaN(ms) ? "" : instant(ms);
}
