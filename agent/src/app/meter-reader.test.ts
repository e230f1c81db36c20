import { decode, loadProfile, parseProfile } from "@powershare/firmware-profiles";
import { describe, expect, it } from "vitest";
import { energyOf, meterIdOf } from "./meter-reader.js";
import { registerStepWh } from "./register-step.js";

const meter = loadProfile("eastron/sdm630");
const inverter = loadProfile("sunspec/inverter");
const both = { activeEnergyImportWh: 5, activeEnergyExportWh: 7 };

describe("energy registers", () => {
  it.each([
    ["both", both, meter, "connection", { importWh: 5, exportWh: 7 }],
    ["one that is not available", { activeEnergyImportWh: 5 }, meter, "connection", undefined],
    ["the same of a generator", { activeEnergyImportWh: 5 }, meter, "generator", undefined],
    ["NaN", { ...both, activeEnergyExportWh: Number.NaN }, meter, "generator", undefined],
    ["a negative count", { ...both, activeEnergyExportWh: -1 }, meter, "connection", undefined],
    [
      "beyond what is exact",
      { ...both, activeEnergyImportWh: 2 ** 53 },
      meter,
      "connection",
      undefined,
    ],
    [
      "an inverter's",
      { activeEnergyExportWh: 7 },
      inverter,
      "generator",
      { importWh: 0, exportWh: 7 },
    ],
    [
      "an inverter's at a connection",
      { activeEnergyExportWh: 7 },
      inverter,
      "connection",
      undefined,
    ],
  ] as const)("%s", (_, values, profile, role, expected) => {
    expect(energyOf(values, profile, role)).toEqual(expected);
  });

  // 2^17 kWh is where a float32 in kWh begins to step by 2^-6 kWh.
  it.each([
    [1_000, 1],
    [16_000_000, 1],
    [131_072_000, 16],
    [999_999_000, 63],
  ])("of float32 in kWh at %i Wh step by at most %i Wh", (valueWh, stepWh) => {
    expect(registerStepWh(meter, "activeEnergyImportWh", valueWh)).toBe(stepWh);
  });
});

it.each([
  [1, 10],
  [40, 400],
])("a register with a transformer ratio of %i steps by %i Wh", (ratio, stepWh) => {
  const profile = parseProfile(`
id: test/ratio
maker: Test
model: Ratio
firmware: any
source: { title: none }
captures: constructed
serial: { baudRate: 9600, parity: none }
maxRegisters: 20
defaults: { table: holding, type: u32, wordOrder: little }
factors:
  - { name: ctRatio, address: 0, type: u16, as: multiplier }
registers:
  - { quantity: activeEnergyImportWh, address: 1, scale: 0.01, unit: kWh, factors: [ctRatio], pollClass: fast }
  - { quantity: activeEnergyExportWh, address: 3, scale: 0.01, unit: kWh, factors: [ctRatio], pollClass: fast }
identity: []
`);
  const blocks = [
    { table: "holding", address: 0, bytes: Uint8Array.of(0, ratio, 0x30, 0x39, 0, 0, 0, 0, 0, 0) },
  ] as const;
  const valueWh = Number(decode(profile, blocks)["activeEnergyImportWh"]);
  expect(valueWh).toBe(123_450 * ratio);
  expect(registerStepWh(profile, "activeEnergyImportWh", valueWh, blocks)).toBe(stepWh);
});

it.each([
  ["12345678", "eastron/sdm630:12345678"],
  [" AB 12.3 ", "eastron/sdm630:AB-12-3"],
  ["x".repeat(40), `eastron/sdm630:${"x".repeat(32)}`],
])("serial number '%s' makes an id that the ledger takes", (serialNumber, id) => {
  expect(meterIdOf(meter, serialNumber)).toBe(id);
});
