import { describe, expect, test } from "vitest";
import { decode, isExpected } from "./decode.js";
import { encode } from "./encode.js";
import { ProfileError } from "./errors.js";
import { planReads } from "./plan-reads.js";
import { type Entries, importRegister, profileWith } from "./testing/profile-with.js";
import type { Block } from "./types.js";

const holding = (address: number, hex: string): Block => ({
  table: "holding",
  address,
  bytes: Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex")),
});

describe("a factor register", () => {
  const withFactor = (factor: object, register: object = {}) =>
    profileWith({
      registers: [{ ...importRegister, factors: ["f"], ...register }],
      factors: [{ name: "f", address: 9, type: "s16", ...factor }],
    } satisfies Entries);

  test.each([
    { factor: { as: "exponent" }, raw: "0003", value: 12_345_000 },
    { factor: { as: "exponent" }, raw: "fffe", value: 123 },
    { factor: { as: "decimals" }, raw: "0001", value: 1_234 },
    { factor: { as: "multiplier" }, raw: "0028", value: 493_800 },
    { factor: { as: "multiplier", scale: 0.1 }, raw: "0005", value: 6_172 },
    { factor: { as: "choice", choices: { 0: 0.1, 5: 10 } }, raw: "0005", value: 123_450 },
    { factor: { as: "choice", choices: { 0: 0.1, 5: 10 } }, raw: "0000", value: 1_234 },
  ])("$factor that holds $raw makes 12345 Wh $value Wh", ({ factor, raw, value }) => {
    const blocks = [holding(0, "00003039"), holding(9, raw)];
    expect(decode(withFactor(factor), blocks)).toEqual({ activeEnergyImportWh: value });
  });

  test.each([
    { name: "no factor of the table", factor: { as: "choice", choices: { 1: 10 } }, raw: "0007" },
    { name: "an exponent beyond all scales", factor: { as: "exponent" }, raw: "8000" },
    { name: "negative decimals", factor: { as: "decimals" }, raw: "ffff" },
    { name: "a ratio of 0", factor: { as: "multiplier" }, raw: "0000" },
    { name: "its own not measured", factor: { as: "exponent", notAvailable: 2 }, raw: "0002" },
  ])("with $name leaves no value", ({ factor, raw }) => {
    expect(decode(withFactor(factor), [holding(0, "00003039"), holding(9, raw)])).toEqual({});
  });

  test("that was not read leaves no value", () => {
    expect(decode(withFactor({ as: "exponent" }), [holding(0, "00003039")])).toEqual({});
  });

  test("is rounded with the value once, half to even", () => {
    const profile = withFactor({ as: "multiplier", scale: 0.1 }, { scale: 0.1 });
    // 5 × 0.1 × 0.5 is a quarter, 10 × 0.1 × 0.5 a half, 30 × 0.1 × 0.5 one and a half.
    const of = (raw: string) => decode(profile, [holding(0, raw), holding(9, "0005")]);
    expect(of("00000005")).toEqual({ activeEnergyImportWh: 0 });
    expect(of("0000000a")).toEqual({ activeEnergyImportWh: 0 });
    expect(of("0000001e")).toEqual({ activeEnergyImportWh: 2 });
  });

  test("is shared with the identity value that shows it", () => {
    const profile = profileWith({
      registers: [{ ...importRegister, factors: ["ct"] }],
      factors: [{ name: "ct", address: 9, type: "u16", as: "multiplier" }],
      identity: [
        { quantity: "serialNumber", address: 20 },
        { quantity: "ctRatio", address: 9, type: "u16" },
      ],
    });
    const image = encode(profile, { activeEnergyImportWh: 8_000, ctRatio: 40 });
    const blocks = [0, 9].map((at) => ({
      table: "holding" as const,
      address: at,
      bytes: image.read("holding", at, at === 0 ? 2 : 1)!,
    }));
    expect(Buffer.from(blocks[0]!.bytes).toString("hex")).toBe("000000c8");
    expect(decode(profile, blocks)).toEqual({ activeEnergyImportWh: 8_000, ctRatio: 40 });
  });
});

describe("a count by tariff is the sum of its registers", () => {
  const profile = profileWith({
    registers: [{ ...importRegister, type: "u32", scale: 0.1, plus: [2, 6] }],
    gaps: "readable",
  });
  test("rounded once", () => {
    // 0.2 + 0.2 + 0.2 Wh.
    expect(decode(profile, [holding(0, "00000002 00000002 00000000 00000002")])).toEqual({
      activeEnergyImportWh: 1,
    });
  });

  test("and none where one of them was not read", () => {
    expect(decode(profile, [holding(0, "00000002 00000002")])).toEqual({});
  });

  test("that one request reads", () => {
    expect(planReads(profile)).toEqual([{ table: "holding", address: 0, count: 8 }]);
  });

  test("and has no rollover of its own", () => {
    expect(profile.rollsOverAtWh).toEqual({});
  });

  test("which a simulated meter shows", () => {
    const bytes = encode(profile, { activeEnergyImportWh: 5_000 }).read("holding", 0, 8)!;
    expect(decode(profile, [{ table: "holding", address: 0, bytes }])).toEqual({
      activeEnergyImportWh: 5_000,
    });
  });
});

describe("a register that says it measures nothing has no value", () => {
  const power = { quantity: "activePowerW", address: 0, unit: "W", pollClass: "fast" };
  test.each([
    { type: "s16", notAvailable: 0x8000, raw: "8000" },
    { type: "s16", notAvailable: -32_768, raw: "8000" },
    { type: "u16", notAvailable: [0x7fff, 0xffff], raw: "ffff" },
    { type: "u32", notAvailable: 0xffff_ffff, raw: "ffffffff" },
    { type: "u64", notAvailable: "0xFFFFFFFFFFFFFFFF", raw: "ffffffffffffffff" },
    { type: "s64", notAvailable: "-9223372036854775808", raw: "8000000000000000" },
    { type: "float32", notAvailable: "0xFF7FFFFF", raw: "ff7fffff" },
    { type: "float32", notAvailable: undefined, raw: "ffffffff" },
  ])("$type $raw", ({ type, notAvailable, raw }) => {
    const profile = profileWith({ registers: [{ ...power, type, notAvailable }] });
    expect(decode(profile, [holding(0, raw)])).toEqual({});
    expect(decode(profile, [holding(0, raw.replaceAll(/./g, "0"))])).toEqual({ activePowerW: 0 });
  });

  test("in its own word order, by the default of its type", () => {
    const profile = profileWith({
      registers: [{ ...power, type: "s32" }],
      defaults: {
        table: "holding",
        type: "u32",
        wordOrder: "little",
        notAvailable: { s32: 0x7fff_ffff },
      },
    });
    expect(decode(profile, [holding(0, "ffff7fff")])).toEqual({});
    expect(decode(profile, [holding(0, "7fffffff")])).toEqual({ activePowerW: -32_769 });
  });
});

describe("an energy's count begins again at", () => {
  const registerWith = (entries: object) => ({ ...importRegister, ...entries });
  test.each([
    { name: "the width of its type", of: { type: "u32" }, at: 2 ** 32 },
    {
      name: "its width in its unit",
      of: { type: "u32", scale: 0.01, unit: "kWh" },
      at: 2 ** 32 * 10,
    },
    { name: "no width that is no whole Wh", of: { type: "u32", scale: 0.1 }, at: undefined },
    { name: "no width beyond exact numbers", of: { type: "u64" }, at: undefined },
    { name: "none for a float", of: { type: "float32" }, at: undefined },
    { name: "none for a signed count", of: { type: "s32" }, at: undefined },
    { name: "what is declared", of: { type: "float32", unit: "kWh", rollsOverAt: 1e6 }, at: 1e9 },
    {
      name: "a declared fraction of kWh",
      of: { type: "u32", unit: "kWh", rollsOverAt: 99_999.999 },
      at: 99_999_999,
    },
  ])("$name: $at Wh", ({ of, at }) => {
    const { rollsOverAtWh } = profileWith({ registers: [registerWith(of)] });
    expect(rollsOverAtWh["activeEnergyImportWh"]).toBe(at);
  });

  test.each([
    {
      at: { type: "u32", scale: 0.1, unit: "kWh", rollsOverAt: 1e6 },
      wh: 1_000_000_300,
      shows: 300,
    },
    { at: { type: "u32" }, wh: 2 ** 32 + 7, shows: 7 },
    { at: { type: "float32", unit: "kWh", rollsOverAt: 1e6 }, wh: 3_000_004_000, shows: 4_000 },
    { at: { type: "u32", scale: 0.1, unit: "kWh", rollsOverAt: 1e6 }, wh: 999_999_990, shows: 0 },
  ])("so a simulated meter that counted $wh Wh shows $shows Wh", ({ at, wh, shows }) => {
    const profile = profileWith({ registers: [registerWith(at)] });
    const bytes = encode(profile, { activeEnergyImportWh: wh }).read("holding", 0, 2)!;
    const values = decode(profile, [{ table: "holding", address: 0, bytes }]);
    expect(values).toEqual({ activeEnergyImportWh: shows });
  });
});

test("a value that its register cannot hold is refused, not cut", () => {
  const profile = profileWith({
    registers: [
      { quantity: "voltageL1V", address: 0, type: "u16", scale: 0.1, unit: "V", pollClass: "fast" },
    ],
  });
  const text = "the register of voltageL1V cannot hold";
  expect(() => encode(profile, { voltageL1V: 7_000 })).toThrow(ProfileError);
  expect(() => encode(profile, { voltageL1V: 7_000 })).toThrow(`${text} 7000`);
  expect(() => encode(profile, { voltageL1V: Number.NaN })).toThrow(`${text} NaN`);
});

test.each([1e-7, 1e-300, 5e-324, 1e21, 1e300])(
  "a value of %d is encoded as the number it is",
  (value) => {
    const profile = profileWith({
      registers: [
        { quantity: "voltageL1V", address: 0, type: "float64", unit: "V", pollClass: "fast" },
      ],
    });
    const bytes = encode(profile, { voltageL1V: value }).read("holding", 0, 4)!;
    expect(decode(profile, [{ table: "holding", address: 0, bytes }])).toEqual({
      voltageL1V: value,
    });
  },
);

describe("identity", () => {
  const profile = profileWith({
    registers: [importRegister],
    identity: [
      { quantity: "serialNumber", address: 10, format: "hex" },
      { quantity: "modelCode", address: 12, type: "u16", expect: [71, 72] },
    ],
  });
  test("in hexadecimal digits keeps its zeros", () => {
    expect(decode(profile, [holding(10, "0012abcd")])).toEqual({ serialNumber: "0012ABCD" });
    const bytes = encode(profile, { serialNumber: "0012abcd" }).read("holding", 10, 3)!;
    expect(Buffer.from(bytes).toString("hex")).toBe("0012abcd0047");
  });
  test.each([
    { values: { modelCode: 72 }, isIt: true },
    { values: { modelCode: 73 }, isIt: false },
    { values: {}, isIt: false },
  ])("$values is that of the model: $isIt", ({ values, isIt }) => {
    expect(isExpected(profile, values)).toBe(isIt);
  });
});
