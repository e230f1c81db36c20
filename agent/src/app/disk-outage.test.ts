import { CodedError } from "@powershare/domain/errors";
import { expect, it } from "vitest";
import type { ReadingStore, StoredEntry } from "../ports/store.js";
import { sequenceOf } from "../ports/store.js";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog } from "../testing/sim-household.js";
import { type ReadingDraft, ReadingLog } from "./reading-log.js";
import { Health } from "./watch-health.js";

const slotSeconds = 900;
const pollMs = 5_000;
const daySeconds = 86_400;
const meters = ["eastron/sdm630:1", "eastron/sdm230:2"];

it("24 hours without a disk cost no end of a slot, and memory is bounded", async () => {
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  const health = new Health(clock, silentLog);
  const kept: StoredEntry[] = [];
  let works = false;
  const store: ReadingStore = {
    lastEntry: () => undefined,
    lastGood: () => undefined,
    pins: () => new Map(),
    pinMeter: (_place, meter) => meter,
    lastSequence: () => kept.length,
    insertReadings: (entries) => {
      if (!works) throw new CodedError("store.failed", "fsync: EIO");
      kept.push(...entries);
    },
  };
  const draftAt = (meter: string, ms: number): ReadingDraft => ({
    v: 1,
    meter,
    at: new Date(clock.nowMs() + ms).toISOString(),
    monotonicMs: clock.monotonicMs() + ms,
    bootId: clock.bootId,
    clock: "synchronised",
    profile: "ab".repeat(32),
    registers: [{ table: "input", address: 0, bytes: "00" }],
    quality: "good",
  });
  const log = new ReadingLog({
    store,
    clock,
    health,
    slotSeconds,
    pollIntervalMs: pollMs,
  });
  for (let minute = 0; minute < daySeconds / 60; minute += 1) {
    for (let ms = 0; ms < 60_000; ms += pollMs) {
      for (const meter of meters) log.append(draftAt(meter, ms), { importWh: minute, exportWh: 0 });
    }
    log.saveDue();
    await clock.advance(60_000);
  }
  expect(health.part("store")).toMatchObject({ state: "failed", code: "store.failed" });
  works = true;
  log.save();
  expect(kept.length).toBeLessThanOrEqual(20_000);
  expect(kept.map(sequenceOf)).toEqual(kept.map((_, index) => index + 1));
  const slots = new Set(
    kept.flatMap((entry) =>
      "reading" in entry && Date.parse(entry.reading.at) % (slotSeconds * 1000) === 0
        ? [`${entry.reading.meter} ${entry.reading.at}`]
        : [],
    ),
  );
  expect(slots.size).toBe((meters.length * daySeconds) / slotSeconds);
});
