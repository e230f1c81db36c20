import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, loadProfile, planReads } from "@powershare/firmware-profiles";
import { BusError, openRtuMaster, type RtuMaster } from "@powershare/modbus";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { castHousehold } from "./cast.js";
import { waitFor } from "./child.js";
import { Meters } from "./meters.js";

const directory = mkdtempSync(join(tmpdir(), "meters-"));
const path = join(directory, "h1");
const household = castHousehold(1, "1");
let meters: Meters;
let master: RtuMaster | undefined;

beforeAll(async () => {
  meters = await Meters.start(join(directory, "log"));
  await meters.open(household, path);
});
afterEach(async () => {
  await meters.disturb("h1");
  await master?.close();
  master = undefined;
});
afterAll(async () => {
  await meters.stop();
  rmSync(directory, { recursive: true });
});

/** Import and export, Wh. */
async function readEnergy(unit: number, profileId: string) {
  master ??= await openRtuMaster({ path, baudRate: 9600, parity: "none" });
  const profile = loadProfile(profileId);
  const quantities = ["activeEnergyImportWh", "activeEnergyExportWh"];
  const blocks = [];
  for (const read of planReads(profile, { quantities })) {
    blocks.push({ ...read, bytes: await master.read({ ...read, unit, timeoutMs: 500 }) });
  }
  const values = decode(profile, blocks);
  return {
    importWh: Number(values["activeEnergyImportWh"]),
    exportWh: Number(values["activeEnergyExportWh"]),
  };
}

describe("meters on a serial line", () => {
  test.for(household.meters)("unit $unit gives its true registers", async (meter) => {
    const before = await meters.registers("h1", meter.role);
    const read = await readEnergy(meter.unit, meter.profile);
    const after = await meters.registers("h1", meter.role);
    for (const register of ["importWh", "exportWh"] as const) {
      expect(read[register]).toBeGreaterThanOrEqual(before[register] - 1);
      expect(read[register]).toBeLessThanOrEqual(after[register] + 1);
    }
  });

  test("a unit that is not there stays silent", async () => {
    await expect(readEnergy(9, "eastron/sdm630")).rejects.toMatchObject({ code: "bus.timeout" });
  });

  test("a disturbed line gives errors, never a value, and is sound afterwards", async () => {
    for (const kind of ["silent", "garbled", "truncated", "other-unit", "late"] as const) {
      await meters.disturb("h1", { seed: kind, kinds: [kind], share: 1 });
      await expect(readEnergy(1, "eastron/sdm630"), kind).rejects.toBeInstanceOf(BusError);
    }
    await meters.disturb("h1");
    const read = await waitFor(
      "a sound answer",
      () => readEnergy(1, "eastron/sdm630").catch(() => undefined),
      {
        withinMs: 10_000,
      },
    );
    const truth = await meters.registers("h1", "connection");
    expect(Math.abs(read.importWh - truth.importWh)).toBeLessThan(2);
  });

  test("the port vanishes and comes back; the registers went on meanwhile", async () => {
    const before = await readEnergy(1, "eastron/sdm630");
    await master?.close();
    master = undefined;
    await meters.unplug("h1");
    expect(existsSync(path)).toBe(false);
    await meters.plugIn("h1");
    const after = await readEnergy(1, "eastron/sdm630");
    expect(after.exportWh).toBeGreaterThanOrEqual(before.exportWh);
  });

  test("the truth of an earlier moment is kept", async () => {
    const then = Date.now();
    const at = await meters.registers("h1", "connection");
    const later = await waitFor(
      "a second later",
      async () =>
        Date.now() > then + 1500 ? meters.registers("h1", "connection", then + 1000) : undefined,
      { withinMs: 5000 },
    );
    expect(later.exportWh).toBeGreaterThanOrEqual(at.exportWh);
    expect(later.exportWh).toBeLessThanOrEqual(
      (await meters.registers("h1", "connection")).exportWh,
    );
  });

  test("requests are counted, with those that broke the silence between frames", async () => {
    const before = await meters.counts("h1");
    for (let poll = 0; poll < 5; poll += 1) await readEnergy(1, "eastron/sdm630");
    const after = await meters.counts("h1");
    expect(after.requests - before.requests).toBe(5);
    expect(after.gapViolations).toBe(before.gapViolations);
  });
});

test("an unknown household is an error that says so", async () => {
  await expect(meters.unplug("h7")).rejects.toThrow(/no line of h7 is open/);
});

test("meters end with the process that holds them, and say that they have", async () => {
  const other = await Meters.start(join(directory, "other.log"));
  await other.open(household, join(directory, "other"));
  const asked = other.registers("h1", "connection");
  await asked;
  other.child.signal("SIGKILL");
  await other.child.ended;
  await expect(other.counts("h1")).rejects.toMatchObject({ code: "simulator.process-failed" });
});
