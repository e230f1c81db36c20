import { listProfiles, loadProfile, type Values } from "@powershare/firmware-profiles";
import { BusError, type RegisterBank } from "@powershare/modbus";
import { describe, expect, test } from "vitest";
import { BankReader } from "../testing/bank-reader.js";
import { bankOf } from "../testing/scan-line.js";
import { answersAs, identify, isAmbiguous } from "./identify.js";
import { isMakersSetting } from "./line-settings.js";
import { UnitReader } from "./unit-reader.js";

const profiles = listProfiles();

const unitOf = (bank: RegisterBank) => new UnitReader(new BankReader(new Map([[1, bank]])), 1);

async function candidatesOf(bank: RegisterBank, setting?: { baudRate: 9600; parity: "none" }) {
  return await identify(unitOf(bank), profiles, (profile) =>
    setting ? isMakersSetting(profile, { ...setting, stopBits: 1 }) : false,
  );
}

describe("every meter is told from all others", () => {
  test.for(profiles.map(({ id }) => id))("%s", async (id) => {
    const profile = loadProfile(id);
    const hasSerial = profile.identity.some(({ quantity }) => quantity === "serialNumber");
    const bank = bankOf(profile);
    const { serial } = profile;
    const candidates = await identify(unitOf(bank), profiles, (each) =>
      serial ? isMakersSetting(each, serial) : each.tcp !== undefined,
    );
    expect(candidates.map((each) => each.profile.id)).toContain(id);
    // What the registers cannot tell apart is said to be so.
    if (candidates[0]?.profile.id !== id) expect(isAmbiguous(candidates)).toBe(true);
    if (candidates[0]?.by === "model code") expect(candidates).toHaveLength(1);
    if (hasSerial) expect(candidates[0]?.serialNumber).toBeDefined();
  });
});

describe("what no meter on a grid says is no meter", () => {
  const refused = { exceptionCode: 2 };
  const constant =
    (word: number): RegisterBank =>
    (_table, _address, count) =>
      Uint8Array.from(Array.from({ length: count }).flatMap(() => [word >> 8, word & 0xff]));
  const counting: RegisterBank = (_table, address, count) =>
    Uint8Array.from(
      Array.from({ length: count }).flatMap((_, i) => [(address + i) >> 8, (address + i) & 0xff]),
    );
  test.for<[string, RegisterBank]>([
    ["a device that reads 0 everywhere", constant(0)],
    ["a device that reads all ones everywhere", constant(0xffff)],
    ["a device whose registers are 230 throughout", constant(230)],
    ["a device whose registers are 2300 throughout", constant(2300)],
    ["a float of 230 V in each pair of registers", constant(0x4366)],
    ["a device whose registers hold their addresses", counting],
    ["a device that refuses all", () => refused],
    ["a device that says an SDM630's model code everywhere", constant(0x0070)],
  ])("%s", async ([, bank]) => {
    expect(await candidatesOf(bank)).toEqual([]);
  });

  test.for<[string, Values]>([
    ["110 V", { voltageL1V: 110, voltageL2V: 110, voltageL3V: 110 }],
    ["60 Hz", { frequencyHz: 60 }],
    ["more power than voltage times current", { activePowerW: 9_000 }],
  ])("an SDM230's registers with %s", async ([, values]) => {
    expect(await candidatesOf(bankOf(loadProfile("eastron/sdm230"), values))).toEqual([]);
  });
});

describe("a meter that states its model", () => {
  const b23 = loadProfile("abb/b23");

  test("is named by it, with what speaks for it", async () => {
    const [best, ...others] = await candidatesOf(bankOf(b23));
    expect(best).toMatchObject({ profile: { id: "abb/b23" }, by: "model code" });
    expect(best?.reason).toContain("B23");
    expect(others).toEqual([]);
  });

  test("is named also where no voltage is on it, and the doubt is said", async () => {
    const dead = { voltageL1V: 0, voltageL2V: 0, voltageL3V: 0, frequencyHz: 0 };
    const [best] = await candidatesOf(bankOf(b23, dead));
    expect(best?.profile.id).toBe("abb/b23");
    expect(best?.reason).toContain("not those of a meter on the grid");
  });

  test("is nothing else where it states another", async () => {
    const other = bankOf(b23, { modelCode: "B99" });
    expect(await candidatesOf(other)).toEqual([]);
  });
});

test("an SDM630 of before the model code is named, beside what else it may be", async () => {
  const bank = bankOf(loadProfile("eastron/sdm630"));
  const isIdentity = (address: number) => address >= 0xfc00;
  const candidates = await candidatesOf((table, address, count) =>
    isIdentity(address) ? { exceptionCode: 2 } : bank(table, address, count),
  );
  expect(candidates[0]).toMatchObject({ profile: { id: "eastron/sdm630" }, by: "physics" });
  expect(candidates[0]?.reason).toContain("does not tell its modelCode");
  expect(candidates.map(({ profile }) => profile.id)).toContain("eastron/sdm72-v2");
  expect(isAmbiguous(candidates)).toBe(true);
});

test("a meter that keeps silent on what it does not have is told all the same, and soon", async () => {
  const profile = loadProfile("eastron/sdm230");
  const bank = bankOf(profile);
  const meter = new BankReader(new Map([[1, bank]]));
  const read = meter.read;
  let waitedMs = 0;
  const silent = Object.assign(meter, {
    read: async (request: Parameters<typeof read>[0]) => {
      try {
        return await read(request);
      } catch {
        waitedMs += request.timeoutMs ?? 0;
        throw new BusError("bus.timeout", "no answer");
      }
    },
  });
  const candidates = await identify(new UnitReader(silent, 1), profiles, () => false);
  expect(candidates.map((each) => each.profile.id)).toContain("eastron/sdm230");
  // Of some thirty makers' registers that are not there.
  expect(waitedMs).toBeLessThan(30_000);
});

test("a meter is known again by its serial number, and another is not", async () => {
  const profile = loadProfile("eastron/sdm630");
  const serialNumber = "12345678";
  const [known] = await candidatesOf(bankOf(profile, { serialNumber }));
  if (!known) throw new Error("not found");
  expect(known.serialNumber).toBe(serialNumber);
  const later = bankOf(profile, { serialNumber, activeEnergyImportWh: 1_300_000 });
  expect(await answersAs(unitOf(later), known)).toBe(true);
  const other = bankOf(profile, { serialNumber: "87654321" });
  expect(await answersAs(unitOf(other), known)).toBe(false);
});
