import { describe, expect, test } from "vitest";
import { ProfileError } from "../errors.js";
import { type Entries, importRegister, profileWith } from "../testing/profile-with.js";

function problemsOf(entries: Entries): readonly string[] {
  try {
    profileWith(entries);
  } catch (error) {
    if (error instanceof ProfileError) return error.problems;
    throw error;
  }
  return [];
}

const exportRegister = { ...importRegister, quantity: "activeEnergyExportWh", address: 2 };
const voltage = { quantity: "voltageL1V", address: 10, type: "u16", unit: "V", pollClass: "fast" };
const total = { ...importRegister, quantity: "activeEnergyTotalWh" };
const factor = { name: "f", address: 8, type: "u16", as: "multiplier" };
const withFactor = { ...importRegister, factors: ["f"] };
const serialNumber = { quantity: "serialNumber", address: 0x1000 };

test("the sound file of these tests is sound", () => {
  expect(problemsOf({ registers: [importRegister, exportRegister] })).toEqual([]);
  expect(problemsOf({ registers: [withFactor], factors: [factor] })).toEqual([]);
});

const cases: readonly { name: string; entries: Entries; problem: string }[] = [
  {
    name: "no way to reach the meter",
    entries: { serial: undefined },
    problem: "serial: expected serial, tcp or both",
  },
  {
    name: "the factory setting among the others",
    entries: { serial: { baudRate: 9600, parity: "none", otherBaudRates: [9600] } },
    problem: "serial.otherBaudRates: has the factory setting among the others",
  },
  {
    name: "another OBIS code than the quantity's",
    entries: { registers: [{ ...importRegister, obis: "2.8.0" }] },
    problem: "registers.0.obis: activeEnergyImportWh is 1.8.0, not 2.8.0",
  },
  {
    name: "an import that may fall",
    entries: { registers: [{ ...importRegister, monotonic: false }] },
    problem:
      "registers.0.monotonic: activeEnergyImportWh never falls; a net count is an activeEnergyTotalWh",
  },
  {
    name: "a voltage that counts",
    entries: { registers: [{ ...voltage, monotonic: true }] },
    problem: "registers.0.monotonic: voltageL1V is no count",
  },
  {
    name: "a net count that rolls over",
    entries: { registers: [{ ...total, monotonic: false, rollsOverAt: 1e6 }] },
    problem: "registers.0.rollsOverAt: a register that may fall does not roll over",
  },
  {
    name: "billed energy read now and then",
    entries: { registers: [{ ...importRegister, pollClass: "slow" }] },
    problem:
      "registers.0.pollClass: activeEnergyImportWh is billed and so read at every poll: expected fast",
  },
  {
    name: "an unsigned count that is never above 0",
    entries: { registers: [{ ...importRegister, sign: -1 }] },
    problem: "registers.0.sign: an unsigned count with sign -1 is never above 0",
  },
  {
    name: "a rollover of a voltage",
    entries: { registers: [{ ...voltage, rollsOverAt: 100 }] },
    problem: "registers.0.rollsOverAt: voltageL1V is no energy",
  },
  {
    name: "a rollover at no whole Wh",
    entries: { registers: [{ ...importRegister, rollsOverAt: 99.5 }] },
    problem: "registers.0.rollsOverAt: 99.5 is no whole number of Wh below 2^53",
  },
  {
    name: "a rollover beyond its type",
    entries: { registers: [{ ...importRegister, type: "u16", rollsOverAt: 65_537 }] },
    problem: "registers.0.rollsOverAt: a u16 cannot count to 65537",
  },
  {
    name: "a measured text",
    entries: { registers: [{ ...voltage, type: "ascii", length: 2 }] },
    problem: "registers.0.type: a measured value cannot be text",
  },
  {
    name: "a length that its type has not",
    entries: { registers: [{ ...importRegister, length: 1 }] },
    problem: "registers.0.length: a u32 takes 2",
  },
  {
    name: "a raw value that does not fit",
    entries: { registers: [{ ...voltage, notAvailable: 0x1_0000 }] },
    problem: "registers.0.notAvailable: 65536 does not fit a u16",
  },
  {
    name: "a raw value that JSON and YAML cannot keep",
    entries: { registers: [{ ...importRegister, type: "u64", notAvailable: 2 ** 53 }] },
    problem: "registers.0.notAvailable: Too big: expected int to be <=9007199254740991",
  },
  {
    name: "a rollover of a sum",
    entries: { registers: [{ ...importRegister, plus: [2], rollsOverAt: 1e6 }] },
    problem: "registers.0.rollsOverAt: a sum does not begin again at once",
  },
  {
    name: "a summand inside another value",
    entries: { registers: [{ ...importRegister, plus: [1] }] },
    problem: "registers.0.plus.0.address: overlaps activeEnergyImportWh",
  },
  {
    name: "a factor that is not there",
    entries: { registers: [{ ...importRegister, factors: ["g"] }] },
    problem: 'registers.0.factors: there is no factor "g"; there are: none',
  },
  {
    name: "a factor that nobody names",
    entries: { registers: [importRegister], factors: [factor] },
    problem: 'factors.0.name: no register names "f" in its factors',
  },
  {
    name: "a factor twice",
    entries: { registers: [withFactor], factors: [factor, { ...factor, address: 9 }] },
    problem: 'factors.1.name: "f" is there twice',
  },
  {
    name: "a choice without choices",
    entries: { registers: [withFactor], factors: [{ ...factor, as: "choice" }] },
    problem: "factors.0.choices: expected factors by raw value",
  },
  {
    name: "choices without a choice",
    entries: { registers: [withFactor], factors: [{ ...factor, choices: { 1: 2 } }] },
    problem: "factors.0.choices: belong to as: choice, not multiplier",
  },
  {
    name: "an exponent with a fraction",
    entries: { registers: [withFactor], factors: [{ ...factor, type: "float32", as: "exponent" }] },
    problem: "factors.0.type: as: exponent needs a whole number",
  },
  {
    name: "a factor inside a value",
    entries: { registers: [withFactor], factors: [{ ...factor, address: 1 }] },
    problem: "factors.0.address: overlaps activeEnergyImportWh",
  },
  {
    name: "nothing that tells the meter",
    entries: { identity: [{ quantity: "firmwareVersion", address: 50 }] },
    problem: "identity: expected a serialNumber, or what a register must say (expect)",
  },
  {
    name: "one serial number for all meters",
    entries: { identity: [{ ...serialNumber, expect: [5] }] },
    problem: "identity.0.expect: every meter has its own serial number",
  },
  {
    name: "a text that a number shall be",
    entries: {
      identity: [serialNumber, { quantity: "modelCode", address: 60, expect: ["0x47"] }],
    },
    problem: "identity.1.expect.0: expected a number, found 0x47",
  },
  {
    name: "import and export with something unknown between",
    entries: { registers: [importRegister, { ...exportRegister, address: 6 }] },
    problem:
      "registers.0: activeEnergyImportWh and activeEnergyExportWh do not fit into one request: nothing is declared at 0x0002 between them; declare it, as unread where it is not read, or gaps: readable",
  },
  {
    name: "import and export in two requests for nothing",
    entries: { registers: [importRegister, exportRegister], importExport: "apart" },
    problem: "importExport: import and export do fit into one request",
  },
  {
    name: "an address outside its SunSpec model",
    entries: {
      registers: [{ ...importRegister, address: 51 }],
      identity: [{ ...serialNumber, address: 50 }],
      sunspec: { bases: [40_000], models: [103], length: 50 },
    },
    problem: "registers.0.address: outside the model, whose offsets are 2 to 51",
  },
];

describe("a map is refused with its place for", () => {
  test.each(cases)("$name", ({ entries, problem }) => {
    expect(problemsOf({ registers: [importRegister], ...entries })).toContain(problem);
  });
});

test("what lies between import and export may be declared unread", () => {
  const registers = [importRegister, { ...exportRegister, address: 6 }];
  expect(problemsOf({ registers, unread: [{ from: 2, through: 5 }] })).toEqual([]);
  expect(problemsOf({ registers, gaps: "readable" })).toEqual([]);
});
