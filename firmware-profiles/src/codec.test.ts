import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRegister, encodeRegister } from "./codec.js";
import { shortestFloat32 } from "./numbers.js";
import type { Register } from "./types.js";

const register = (changes: Partial<Register>): Register => ({
  quantity: "voltageL1V",
  table: "input",
  address: 0,
  type: "float32",
  wordOrder: "big",
  length: 2,
  scale: 1,
  factor: 1,
  sign: 1,
  factors: [],
  plus: [],
  format: "decimal",
  expect: [],
  notAvailable: [],
  rollsOverAtWh: undefined,
  isMonotonic: false,
  pollClass: "fast",
  ...changes,
});
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const identity = { pollClass: "identity" } as const;
const energy = { quantity: "activeEnergyImportWh", factor: 1000 } as const;

test.each<{ name: string; of: Partial<Register>; hex: string; value: number | string | undefined }>(
  [
    { name: "float32", of: {}, hex: "43 66 33 33", value: 230.2 },
    { name: "float32 next to it", of: {}, hex: "43 66 33 34", value: 230.20001 },
    {
      name: "float32, low word first",
      of: { wordOrder: "little" },
      hex: "33 33 43 66",
      value: 230.2,
    },
    {
      name: "float32 between two shortest decimals",
      of: {},
      hex: "4A 1C 59 B5",
      value: 2_561_645.2,
    },
    { name: "float32 minus zero", of: {}, hex: "80 00 00 00", value: 0 },
    { name: "float32 that is no number", of: {}, hex: "7F C0 00 00", value: undefined },
    { name: "float32 infinity", of: {}, hex: "7F 80 00 00", value: undefined },
    { name: "float32 in kW", of: { factor: 1000 }, hex: "3F 9D F3 B6", value: 1234 },
    {
      name: "u16 in tenths",
      of: { type: "u16", length: 1, scale: 0.1 },
      hex: "08 FE",
      value: 230.2,
    },
    { name: "s16", of: { type: "s16", length: 1 }, hex: "FF FE", value: -2 },
    {
      name: "s16, meter's sign reversed",
      of: { type: "s16", length: 1, sign: -1 },
      hex: "FF FE",
      value: 2,
    },
    {
      name: "u32, low word first",
      of: { type: "u32", wordOrder: "little" },
      hex: "00 01 00 02",
      value: 131_073,
    },
    {
      name: "s32 in hundredths",
      of: { type: "s32", scale: 0.01 },
      hex: "FF FF FF FF",
      value: -0.01,
    },
    {
      name: "u64",
      of: { type: "u64", length: 4 },
      hex: "00 00 00 01 00 00 00 00",
      value: 4_294_967_296,
    },
    { name: "s64", of: { type: "s64", length: 4 }, hex: "FF FF FF FF FF FF FF FE", value: -2 },
    {
      name: "float64",
      of: { type: "float64", length: 4 },
      hex: "40 6C C6 66 66 66 66 66",
      value: 230.2,
    },
    {
      name: "u32 less u32",
      of: { type: "u32-u32", length: 4, scale: 0.1 },
      hex: "00 00 12 38 00 00 00 00",
      value: 466.4,
    },
    {
      name: "u32 less a greater u32",
      of: { type: "u32-u32", length: 4, scale: 0.1 },
      hex: "00 00 00 00 00 00 12 38",
      value: -466.4,
    },
    {
      name: "u32 less u32, low words first",
      of: { type: "u32-u32", length: 4, wordOrder: "little" },
      hex: "00 03 00 01 00 01 00 02",
      value: -65534,
    },
    {
      name: "u64, low word first",
      of: { type: "u64", length: 4, wordOrder: "little" },
      hex: "00 05 00 00 00 00 00 00",
      value: 5,
    },
    {
      name: "text",
      of: { type: "ascii", length: 3, ...identity },
      hex: "41 42 31 20 00 00",
      value: "AB1",
    },
    {
      name: "text that was never written",
      of: { type: "ascii", length: 3, ...identity },
      hex: "FF FF FF FF FF FF",
      value: undefined,
    },
    { name: "energy of 62.5 Wh goes to the even", of: energy, hex: "3D 80 00 00", value: 62 },
    { name: "energy of 187.5 Wh goes to the even", of: energy, hex: "3E 40 00 00", value: 188 },
    { name: "energy of −62.5 Wh goes to the even", of: energy, hex: "BD 80 00 00", value: -62 },
    {
      name: "energy in tenths of Wh",
      of: { ...energy, factor: 1, scale: 0.1, type: "u32" },
      hex: "00 00 00 19",
      value: 2,
    },
    {
      name: "energy beyond 2^53 raw units is exact",
      of: { ...energy, factor: 1, scale: 0.001, type: "u64", length: 4 },
      hex: "00 20 00 00 00 00 01 F4",
      value: 9_007_199_254_741,
    },
    {
      name: "energy beyond the exact integers",
      of: { ...energy, type: "u64", length: 4 },
      hex: "7F FF FF FF FF FF FF FF",
      value: undefined,
    },
    {
      name: "serial number keeps all digits",
      of: { quantity: "serialNumber", type: "u32", ...identity },
      hex: "FF FF FF FF",
      value: "4294967295",
    },
  ],
)("$name", ({ of, hex, value }) => {
  expect(decodeRegister(register(of), bytes(hex))).toBe(value);
});

describe("a float32", () => {
  const float32 = fc.float({ noNaN: true, noDefaultInfinity: true }).filter((x) => x !== 0);

  test("prints as a decimal that reads back to it, and no shorter one does", () => {
    fc.assert(
      fc.property(float32, (value) => {
        const short = shortestFloat32(value);
        expect(Math.fround(short)).toBe(value);
        const digits = short.toExponential().replace(/e.*|[-.]/g, "").length;
        if (digits > 1) expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test("survives encoding and decoding in either word order", () => {
    fc.assert(
      fc.property(float32, fc.constantFrom("big", "little"), (value, wordOrder) => {
        const at = register({ wordOrder });
        expect(decodeRegister(at, encodeRegister(at, value)!)).toBe(shortestFloat32(value));
      }),
    );
  });
});

test("whole energies up to 16 MWh survive a float32 register in kWh", () => {
  fc.assert(
    fc.property(fc.nat({ max: 4_000_000 }), (energyWh) => {
      const at = register(energy);
      expect(decodeRegister(at, encodeRegister(at, energyWh)!)).toBe(energyWh);
    }),
  );
});
