import { CodedError } from "@powershare/domain/errors";
import { describe, expect, it } from "vitest";
import { type ReadingStore, type StoredEntry, sequenceOf } from "../ports/store.js";
import { SimClock } from "../testing/sim-clock.js";
import { silentLog } from "../testing/sim-household.js";
import { ReadingLog } from "./reading-log.js";
import { Health } from "./watch-health.js";

/** A disk that fails as told; what it took is kept. */
class SimDisk {
  readonly kept: StoredEntry[] = [];
  /** `after`: the rows are there although the commit failed. */
  fault: "none" | "before" | "after" = "none";
  commits = 0;

  lastSequence(): number {
    const last = this.kept.at(-1);
    return last === undefined ? 0 : sequenceOf(last);
  }

  insertReadings(readings: readonly StoredEntry[]): void {
    const { fault } = this;
    if (fault === "before") throw new CodedError("store.full", "disk full");
    this.commits += 1;
    this.kept.push(...readings);
    if (fault === "after") throw new CodedError("store.failed", "fsync: EIO");
  }
}

function setUp() {
  const clock = new SimClock("2026-06-01T12:00:00.000Z");
  const health = new Health(clock, silentLog);
  const disk = new SimDisk();
  const store: ReadingStore = {
    lastSequence: () => disk.lastSequence(),
    insertReadings: (readings) => disk.insertReadings(readings),
    lastGood: () => undefined,
    lastEntry: () => undefined,
    pins: () => new Map(),
    pinMeter: (_place, meter) => meter,
  };
  const log = new ReadingLog({ store, clock, health, slotSeconds: 20, pollIntervalMs: 1000 });
  const append = (): number | undefined =>
    log.append(
      {
        v: 1,
        meter: "eastron/sdm630:1",
        at: new Date(clock.nowMs()).toISOString(),
        monotonicMs: clock.monotonicMs(),
        bootId: clock.bootId,
        clock: "synchronised",
        profile: "ab".repeat(32),
        registers: [{ table: "input", address: 0, bytes: "00" }],
        quality: "good",
      },
      { importWh: 1, exportWh: 1 },
    );
  const seconds = async (count: number): Promise<void> => {
    for (let second = 0; second < count; second += 1) {
      append();
      log.saveDue();
      await clock.advance(1000);
    }
  };
  const expectGapFree = (): void => {
    expect(disk.kept.map(sequenceOf)).toEqual(disk.kept.map((_, index) => index + 1));
  };
  const record = (stepMs: number): boolean =>
    log.record({
      at: new Date(clock.nowMs()).toISOString(),
      monotonicMs: clock.monotonicMs(),
      bootId: clock.bootId,
      clock: "synchronised",
      event: "clock-step",
      details: { stepMs },
    });
  return { clock, health, disk, log, append, record, seconds, expectGapFree };
}

describe("the reading log", () => {
  it("commits in groups, and never leaves more than ten seconds unsaved", async () => {
    const { disk, seconds, expectGapFree } = setUp();
    for (let second = 1; second <= 60; second += 1) {
      await seconds(1);
      expect(second - disk.kept.length).toBeLessThanOrEqual(10);
    }
    expect(disk.commits).toBeLessThan(10);
    expectGapFree();
  });

  it.each([
    ["left nothing behind", "before", "store.full"],
    ["left all behind", "after", "store.failed"],
  ] as const)(
    "neither loses nor repeats a reading when a commit failed and %s",
    async (_name, fault, code) => {
      const { disk, health, seconds, expectGapFree } = setUp();
      await seconds(15);
      disk.fault = fault;
      await seconds(40);
      expect(health.part("store")).toMatchObject({ state: "failed", code });
      disk.fault = "none";
      await seconds(20);
      expect(health.part("store").state).toBe("ok");
      expectGapFree();
      expect(disk.kept.length).toBeGreaterThanOrEqual(65);
    },
  );

  it("keeps a bounded number in memory, and of the last half only the first of each slot", async () => {
    const { clock, disk, log, append, expectGapFree } = setUp();
    disk.fault = "before";
    for (let n = 0; n < 10_050; n += 1) append();
    for (let slot = 0; slot < 3; slot += 1) {
      await clock.advance(20_000);
      for (let n = 0; n < 20; n += 1) append();
    }
    disk.fault = "none";
    log.save();
    expect(disk.kept.length).toBe(10_003);
    expectGapFree();
  });

  it("gives events their place among the readings, and keeps them when there is no room for readings", () => {
    const { disk, log, append, record, expectGapFree } = setUp();
    append();
    expect(record(-7)).toBe(true);
    append();
    log.save();
    expect(disk.kept.map((entry) => "event" in entry && entry.event.details)).toEqual([
      false,
      { stepMs: -7 },
      false,
    ]);
    disk.fault = "before";
    for (let n = 0; n < 20_050; n += 1) append();
    expect(record(1)).toBe(true);
    for (let n = 0; n < 2_000; n += 1) record(2);
    expect(record(3)).toBe(false);
    disk.fault = "none";
    log.save();
    expect(disk.kept.filter((entry) => "event" in entry)).toHaveLength(1_001);
    expect(record(4)).toBe(true);
    expectGapFree();
  });

  it("stops before it writes into a history that is not its own", async () => {
    const { disk, log, seconds } = setUp();
    await seconds(15);
    disk.fault = "before";
    await seconds(15);
    disk.kept.length = 2;
    disk.fault = "none";
    expect(() => log.save()).toThrow(expect.objectContaining({ code: "store.corrupt" }));
  });
});
