import * as node from "node:crypto";
import {
  type Checkpoint,
  cryptoFrom,
  type EvidenceFile,
  type EvidencePackage,
  parseEvidenceFile,
  toHex,
  verifyEvidenceFile,
} from "@powershare/domain/evidence";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type StoredEntry, sequenceOf } from "../ports/store.js";
import { connectionMeter, SimHousehold, slotSeconds } from "../testing/sim-household.js";

vi.setConfig({ testTimeout: 30_000 });
const slotMs = slotSeconds * 1000;
const second = `${connectionMeter}.2`;
let home: SimHousehold;
beforeEach(() => {
  home = new SimHousehold();
});
afterEach(() => home.dispose());

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

const billedWh = (meter: string) => acceptedOf(meter).reduce((sum, one) => sum + one.importWh, 0);
const asked = () => home.ledger.done.filter(({ name }) => name === "metering:AskMeterEpoch");
const confirm = (meter: string) => {
  const epoch = home.epochs.pending.find((one) => one.meter === meter);
  if (epoch === undefined) throw new Error(`${meter} is not pending`);
  home.epochs.decide(meter, "confirm", epoch.opening);
};

/** A reset in the middle of a slot, noticed and not decided on. */
async function reset(): Promise<void> {
  home.start();
  await home.clock.advance(3 * slotMs + 7_000);
  home.connection.importWh = 0;
  home.connection.exportWh = 0;
  await home.clock.advance(3 * slotMs);
}

describe("a meter that was reset", () => {
  it("is noticed, and billed neither as the old one nor as a new one before anybody has said so", async () => {
    await reset();
    const [epoch] = home.epochs.pending;
    expect(epoch).toMatchObject({
      meter: second,
      follows: connectionMeter,
      reason: "registers",
      opening: { importWh: 0, exportWh: 0 },
    });
    expect(acceptedOf(second)).toEqual([]);
    expect(asked()).toEqual([]);
    expect(home.health.part("bus")).toMatchObject({ code: "meter.replacement-suspected" });
  });

  it("is billed to the Wh when household and operator have said so, whatever happens in between", async () => {
    await reset();
    home.kill();
    home.start();
    await home.clock.advance(slotMs);
    const [epoch] = home.epochs.pending;
    confirm(second);
    await home.clock.advance(2 * slotMs);
    expect(asked()).toHaveLength(1);
    // The operator has not: the ledger refuses, the agent keeps.
    expect(acceptedOf(second)).toEqual([]);
    expect(home.store.unsentMeters()).toContain(second);
    home.registeredMeters.push({ id: second, role: "connection" });
    await home.clock.advance(3 * slotMs);

    const old = acceptedOf(connectionMeter);
    const since = acceptedOf(second);
    expect(old.at(-1)).toMatchObject({
      quality: "gap",
      last: { importWh: epoch?.closing.importWh },
    });
    expect(old.at(-1)?.boundaryErrorMs.end).toBeLessThan(0);
    expect(since[0]).toMatchObject({ quality: "gap", first: { importWh: 0, exportWh: 0 } });
    expect(billedWh(connectionMeter)).toBe(
      (epoch?.closing.importWh ?? 0) - (old[0]?.first.importWh ?? 0),
    );
    expect(billedWh(second)).toBe(since.at(-1)?.last.importWh);
    expect(since.slice(1).every(({ quality }) => quality === "good")).toBe(true);
  });

  it("leaves evidence that a file with all readings and events proves", async () => {
    const entries: StoredEntry[] = [];
    const checkpoints: Checkpoint[] = [];
    const sent: EvidencePackage[] = [];
    home.wrapStore = (store) => ({
      ...store,
      insertReadings: (some) => {
        store.insertReadings(some);
        entries.push(...some);
      },
      saveSealed: (sealed) => {
        store.saveSealed(sealed);
        checkpoints.push(sealed.checkpoint);
      },
      addParcel: (evidence) => {
        store.addParcel(evidence);
        sent.push(evidence);
      },
    });
    await reset();
    confirm(second);
    home.registeredMeters.push({ id: second, role: "connection" });
    await home.clock.advance(2 * slotMs);
    home.kill();
    const { keys } = home.signer;
    const { attest, signature } = keys.certify();
    const last = checkpoints.at(-1)?.statement.readings.last ?? 0;
    const sealed = entries.filter((entry) => sequenceOf(entry) <= last);
    const file: EvidenceFile = {
      format: "powershare-evidence",
      v: 1,
      device: {
        device: keys.id,
        attestationKey: toHex(keys.attestationKey),
        readingKey: toHex(keys.readingKey),
        certification: { attest: toHex(attest), signature: toHex(signature) },
        counterName: toHex(keys.counterName),
      },
      packages: sent,
      checkpoints,
      readings: sealed.flatMap((entry) => ("reading" in entry ? [{ reading: entry.reading }] : [])),
      events: sealed.flatMap((entry) => ("event" in entry ? [{ event: entry.event }] : [])),
    };
    const report = verifyEvidenceFile(
      parseEvidenceFile(JSON.parse(JSON.stringify(file))),
      cryptoFrom(node),
    );
    expect(report).toMatchObject({ proven: true, events: 3 });
    expect(sent.filter(({ meter }) => meter === second).length).toBeGreaterThan(0);
  });

  it("goes on as before where a person says that it was none", async () => {
    await reset();
    const { importWh } = home.epochs.pending[0]?.closing ?? { importWh: 0 };
    home.epochs.decide(second, "withdraw", { importWh: 0, exportWh: 0 });
    home.connection.importWh = importWh + 60;
    home.connection.exportWh = 500;
    await home.clock.advance(3 * slotMs);
    expect(home.epochs.pending).toEqual([]);
    expect(home.health.part("bus").state).toBe("ok");
    const old = acceptedOf(connectionMeter);
    expect(billedWh(connectionMeter)).toBe(
      (old.at(-1)?.last.importWh ?? 0) - (old[0]?.first.importWh ?? 0),
    );
    expect(home.store.unsentMeters()).not.toContain(second);
    expect(home.store.backlog()).toEqual({ unsentPackages: 0, oldestUnsentAt: null });
  });

  it("is decided on only as it was shown", async () => {
    await reset();
    expect(() => home.epochs.decide(second, "confirm", { importWh: 1, exportWh: 0 })).toThrow(
      expect.objectContaining({ code: "meter.epoch-changed" }),
    );
    expect(() => home.epochs.decide("other", "confirm", { importWh: 0, exportWh: 0 })).toThrow(
      expect.objectContaining({ code: "meter.epoch-unknown" }),
    );
    confirm(second);
    expect(() => home.epochs.decide(second, "confirm", { importWh: 0, exportWh: 0 })).toThrow(
      expect.objectContaining({ code: "meter.epoch-unknown" }),
    );
  });

  it("that came back by itself within the hour needs nobody's word", async () => {
    home.start();
    await home.clock.advance(2 * slotMs);
    const { importWh, exportWh } = home.connection;
    home.connection.importWh = 0;
    home.connection.exportWh = 0;
    await home.clock.advance(slotMs);
    expect(home.epochs.pending).toHaveLength(1);
    home.connection.importWh = importWh + 20;
    home.connection.exportWh = exportWh;
    await home.clock.advance(2 * slotMs);
    expect(home.epochs.pending).toEqual([]);
    expect(home.health.part("bus").state).toBe("ok");
  });
});

describe("a meter that was replaced", () => {
  it("is another meter, which begins where it was found", async () => {
    home.start();
    await home.clock.advance(2 * slotMs);
    home.connection.fault = "silent";
    await home.clock.advance(5 * slotMs);
    Object.assign(home.connection, { fault: "none", serialNumber: 555, importWh: 40, exportWh: 7 });
    await home.clock.advance(2 * slotMs);
    const replaced = "eastron/sdm630:555";
    expect(home.epochs.pending).toMatchObject([
      { meter: replaced, follows: connectionMeter, reason: "serial" },
    ]);
    confirm(replaced);
    home.registeredMeters.push({ id: replaced, role: "connection" });
    await home.clock.advance(2 * slotMs);
    const first = acceptedOf(replaced)[0];
    expect(first?.first.importWh).toBeGreaterThanOrEqual(40);
    expect(first?.first.exportWh).toBe(7);
    expect(billedWh(replaced)).toBe(
      (acceptedOf(replaced).at(-1)?.last.importWh ?? 0) - (first?.first.importWh ?? 0),
    );
  });
});
