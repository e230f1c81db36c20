import {
  decode,
  loadProfile,
  planReads,
  profileIds,
  serialNumberOf,
  withAssumedModels,
} from "@powershare/firmware-profiles";
import { describe, expect, test } from "vitest";
import { castHousehold } from "./cast.js";
import { House } from "./house.js";
import { registerBank } from "./meter.js";

const start = Date.parse("2026-06-01T12:00:00Z");
const household = castHousehold(1, "1");

describe("a simulated meter", () => {
  test.for(household.meters)("$profile answers what its profile plans to read", (meter) => {
    const house = new House(household.house, start);
    house.advance(start + 30_000);
    const profile = loadProfile(meter.profile);
    const bank = registerBank(meter, () => house.measure(meter.role));
    const blocks = planReads(profile, { pollClasses: ["fast", "slow", "identity"] }).map((read) => {
      const bytes = bank(read.table, read.address, read.count);
      if (!(bytes instanceof Uint8Array)) throw new Error(`exception at ${read.address}`);
      return { table: read.table, address: read.address, bytes };
    });
    const values = decode(profile, blocks);
    const truth = house.registers(meter.role);

    expect(serialNumberOf(values)).toBe(meter.serialNumber);
    expect(Math.abs(Number(values["activeEnergyImportWh"]) - truth.importWh)).toBeLessThan(1);
    expect(Math.abs(Number(values["activeEnergyExportWh"]) - truth.exportWh)).toBeLessThan(1);
    const measured = house.measure(meter.role);
    expect(values["activePowerW"]).toBeCloseTo(measured["activePowerW"]!, 2);
    expect(values["voltageL1V"]).toBeCloseTo(measured["voltageL1V"]!, 3);
  });

  test.for(profileIds())("any profile can be that of a simulated meter: %s", (id) => {
    const house = new House(household.house, start);
    const meter = { ...household.meters[0]!, profile: id, serialNumber: "1234567" };
    const bank = registerBank(meter, () => house.measure("connection"));
    const profile = withAssumedModels(loadProfile(id));
    const blocks = planReads(profile, { pollClasses: ["fast", "slow", "identity"] }).map((read) => {
      const bytes = bank(read.table, read.address, read.count);
      if (!(bytes instanceof Uint8Array)) throw new Error(`exception at ${read.address}`);
      return { table: read.table, address: read.address, bytes };
    });
    const values = decode(profile, blocks);
    const truth = house.registers("connection");
    // An inverter counts what it gives, and nothing else.
    const [quantity, countedWh] =
      "activeEnergyImportWh" in values
        ? (["activeEnergyImportWh", truth.importWh] as const)
        : (["activeEnergyExportWh", truth.exportWh] as const);
    // Meters count in steps of up to 0.1 kWh.
    expect(Math.abs(Number(values[quantity]) - countedWh)).toBeLessThanOrEqual(100);
    if ("voltageL1V" in values) {
      expect(values["voltageL1V"]).toBeCloseTo(house.measure("connection")["voltageL1V"]!, -0.4);
    }
  });

  test("refuses registers outside its map as the standard asks", () => {
    const bank = registerBank(household.meters[0]!, () => ({}));
    expect(bank("input", 0x4000, 2)).toEqual({ exceptionCode: 2 });
    expect(bank("holding", 0x0000, 125)).toEqual({ exceptionCode: 2 });
  });
});
