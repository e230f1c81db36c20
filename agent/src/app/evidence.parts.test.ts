import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  connectionMeter,
  generatorMeter,
  SimHousehold,
  slotSeconds,
} from "../testing/sim-household.js";

vi.setConfig({ testTimeout: 30_000 });
const slotMs = slotSeconds * 1000;
let home: SimHousehold;
beforeEach(() => {
  home = new SimHousehold();
});
afterEach(() => home.dispose());

/** Accepted intervals of a meter: exactly once, oldest first, without a gap in sequence or time. */
function acceptedOf(meter: string) {
  const intervals = home.ledger.accepted
    .map(({ interval }) => interval)
    .filter((interval) => interval.meter === meter);
  for (const [index, interval] of intervals.entries()) {
    expect(interval.sequence).toBe(index + 1);
    if (index > 0) expect(interval.start).toBe(intervals[index - 1]?.end);
  }
  return intervals;
}

describe("from meter to ledger", () => {
  it("brings every slot of every meter to the ledger, with the energy that flowed", async () => {
    home.start();
    await home.clock.advance(10 * slotMs);
    const connection = acceptedOf(connectionMeter);
    expect(connection).toHaveLength(9);
    for (const interval of connection) {
      expect(interval.quality).toBe("good");
      expect(interval.exportWh).toBe(0);
      expect(Math.abs(interval.importWh - 20)).toBeLessThanOrEqual(1);
    }
    expect(acceptedOf(generatorMeter)).toHaveLength(9);
    expect(home.store.counts()).toMatchObject({
      intervals: 18,
      evidenceCommitted: 18,
      rejected: 0,
    });
    expect(home.health.part("bus").state).toBe("ok");
    expect(home.health.part("tpm").state).toBe("ok");
  });

  it("shows a day in hours", async () => {
    home.clock.step(58 * 60_000);
    home.start();
    await home.clock.advance(6 * 60_000);
    const midnightMs = Date.parse("2026-06-01T00:00:00Z");
    const hours = home.store
      .hourlyEnergy(midnightMs, midnightMs + 86_400_000)
      .filter(({ role }) => role === "connection");
    expect(hours.map(({ hour }) => hour)).toEqual([12, 13]);
    // 1 Wh a second; the first begins at 12:58:20, the last seen ends at 13:04:00.
    expect(hours.map(({ importWh }) => importWh)).toEqual([100, 240]);
  });

  it("reads before its clock is set, and opens no interval in that time", async () => {
    const setBackMs = home.clock.nowMs() - Date.parse("1970-01-01T00:00:07Z");
    home.clock.currentQuality = "unknown";
    home.clock.step(-setBackMs);
    home.start();
    await home.clock.advance(3 * slotMs);
    home.clock.step(setBackMs);
    home.clock.currentQuality = "synchronised";
    await home.clock.advance(3 * slotMs);
    expect(home.store.counts().readings).toBeGreaterThan(2 * 5 * slotSeconds);
    const intervals = acceptedOf(connectionMeter);
    expect(intervals.map(({ start }) => start.slice(0, 10))).toEqual(["2026-06-01", "2026-06-01"]);
  });

  it("goes on after a kill where the disk ended, and loses at most ten seconds of readings", async () => {
    home.start();
    await home.clock.advance(3 * slotMs + 7_000);
    const before = home.store.lastSequence();
    home.kill();
    home.start();
    expect(home.store.lastSequence()).toBe(before);
    await home.clock.advance(5 * slotMs);
    const intervals = acceptedOf(connectionMeter);
    expect(intervals.every(({ quality }) => quality === "good")).toBe(true);
    expect(intervals).toHaveLength(7);
  });

  it("keeps the backlog of an outage and drains it oldest first in few transactions", async () => {
    home.start();
    await home.clock.advance(3 * slotMs);
    home.ledger.down = true;
    await home.clock.advance(20 * slotMs);
    expect(home.health.part("ledger")).toMatchObject({
      state: "degraded",
      code: "ledger.unavailable",
    });
    expect(home.store.backlog().unsentPackages).toBeGreaterThan(2);
    expect(home.store.backlog().oldestUnsentAt).not.toBeNull();
    const readings = home.store.lastSequence();
    home.kill();
    home.start();
    home.ledger.down = false;
    await home.clock.advance(slotMs);
    expect(acceptedOf(connectionMeter)).toHaveLength(23);
    expect(acceptedOf(generatorMeter)).toHaveLength(23);
    expect(home.store.backlog()).toEqual({ unsentPackages: 0, oldestUnsentAt: null });
    expect(home.store.lastSequence()).toBeGreaterThan(readings);
    const transactions = new Set(home.ledger.accepted.map(({ transactionId }) => transactionId));
    expect(transactions.size).toBeLessThan(12);
  });

  it("meters on with a locked TPM and seals everything, intervals too, when it is back", async () => {
    home.start();
    await home.clock.advance(2 * slotMs);
    home.signer.fault = "tpm.locked";
    await home.clock.advance(12 * slotMs);
    expect(home.health.part("tpm")).toMatchObject({ state: "failed", code: "tpm.locked" });
    expect(home.health.part("bus").state).toBe("ok");
    home.signer.fault = "none";
    await home.clock.advance(3 * slotMs);
    expect(home.health.part("tpm").state).toBe("ok");
    expect(acceptedOf(connectionMeter)).toHaveLength(16);
    expect(acceptedOf(connectionMeter).every(({ quality }) => quality === "good")).toBe(true);
  });

  it("tells a silent meter from a present one, and closes its silence with one gap interval", async () => {
    home.start();
    await home.clock.advance(3 * slotMs);
    home.generator.fault = "silent";
    await home.clock.advance(5 * slotMs);
    expect(home.health.part("bus")).toMatchObject({ state: "degraded", code: "bus.timeout" });
    expect(acceptedOf(connectionMeter)).toHaveLength(7);
    home.generator.fault = "none";
    await home.clock.advance(5 * slotMs);
    const generator = acceptedOf(generatorMeter);
    const gaps = generator.filter(({ quality }) => quality === "gap");
    expect(gaps).toHaveLength(1);
    const exported = generator.reduce((wh, { exportWh }) => wh + exportWh, 0);
    const last = generator.at(-1);
    expect(exported).toBe((last?.last.exportWh ?? 0) - (generator[0]?.first.exportWh ?? 0));
    expect(home.health.part("bus").state).toBe("ok");
  });

  it("asks a silent meter less often, so that it does not hold up the line", async () => {
    home.generator.fault = "silent";
    home.start();
    await home.clock.advance(60_000);
    const before = home.bus.reads;
    await home.clock.advance(60_000);
    // Four blocks of the connection each second, and a few tries of the other.
    expect(home.bus.reads - before).toBeLessThan(60 * 4 + 20);
  });

  it("never bills another meter in the place of the known one", async () => {
    home.start();
    await home.clock.advance(3 * slotMs);
    home.connection.fault = "silent";
    await home.clock.advance(2_000);
    home.connection.serialNumber = 99999999;
    home.connection.fault = "none";
    const before = home.store.counts();
    await home.clock.advance(5_000);
    expect(home.health.part("bus")).toMatchObject({
      state: "failed",
      code: "meter.serial-changed",
    });
    home.connection.fault = "silent";
    await home.clock.advance(2_000);
    home.connection.serialNumber = 12345678;
    home.connection.fault = "none";
    await home.clock.advance(3 * slotMs);
    expect(home.health.part("bus").state).toBe("ok");
    expect(home.store.counts().intervals).toBeGreaterThan(before.intervals);
    expect(acceptedOf(connectionMeter).every(({ meter }) => meter === connectionMeter)).toBe(true);
  });

  it("records a register that went back, and never bills it", async () => {
    home.start();
    await home.clock.advance(2 * slotMs);
    const trueWh = home.connection.importWh;
    home.connection.importWh = trueWh - 100;
    await home.clock.advance(3_000);
    expect(home.health.part("bus")).toMatchObject({
      state: "failed",
      code: "meter.register-went-back",
    });
    home.connection.importWh = trueWh + 5;
    await home.clock.advance(2 * slotMs);
    expect(home.store.counts().rejected).toBeGreaterThan(0);
    expect(home.health.part("bus").state).toBe("ok");
    acceptedOf(connectionMeter);
  });

  it.each([
    ["forward by an hour", 3_600_000],
    ["back by an hour", -3_600_000],
    ["back by one second", -1_000],
    ["forward by three seconds", 3_000],
  ])(
    "survives a clock that steps %s: no interval twice, none overlapping",
    async (_name, stepMs) => {
      home.start();
      await home.clock.advance(3 * slotMs + 4_000);
      home.clock.step(stepMs);
      await home.clock.advance(3 * slotMs + 4_000);
      home.clock.step(-stepMs);
      await home.clock.advance(10 * slotMs);
      acceptedOf(connectionMeter);
      expect(home.store.lastSequence()).toBeGreaterThan(0);
      expect(home.health.part("tpm").state).toBe("ok");
    },
  );
});
