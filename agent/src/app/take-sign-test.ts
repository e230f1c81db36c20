import type { Clock } from "../ports/clock.js";
import type { SignTestStore } from "../ports/wiring.js";
import type { EventDraft, ReadingLog } from "./reading-log.js";
import { type KnownSignTest, keptSignTest, leafOf, signTestEvent } from "./sign-test.js";

/** An installer starts the agent while still at the cabinet; after that, cables may have been changed. */
const installedWithinMs = 3_600_000;

export interface TakeSignTestOptions {
  readonly signTests: SignTestStore;
  readonly readings: Pick<ReadingLog, "recorded" | "isFirst">;
  readonly clock: Clock;
}

/**
 * The newest sign test from before this start: the agent's own, or at its very first start the
 * installer's, which becomes an event then. Undefined where there is none, or the installer's is too old.
 */
export function takeSignTest(options: TakeSignTestOptions): KnownSignTest | undefined {
  const { clock, readings, signTests } = options;
  const record = signTests.last();
  if (record === undefined) return undefined;
  if (record.event !== undefined) return keptSignTest({ ...record, event: record.event });
  const ageMs = clock.nowMs() - Date.parse(record.endedAt);
  if (!readings.isFirst || ageMs < 0 || ageMs > installedWithinMs) return undefined;
  const told = signTestEvent(record.result, Date.parse(record.startedAt));
  const event = readings.recorded({ ...stampOf(clock), ...told });
  if (event === undefined) return undefined;
  const kept = { ...record, event: leafOf(event) };
  signTests.keep(kept);
  return keptSignTest(kept);
}

/** When and by which clock an event is recorded. */
export function stampOf(clock: Clock): Omit<EventDraft, "event" | "details"> {
  return {
    at: new Date(clock.nowMs()).toISOString(),
    monotonicMs: clock.monotonicMs(),
    bootId: clock.bootId,
    clock: clock.quality(),
  };
}
