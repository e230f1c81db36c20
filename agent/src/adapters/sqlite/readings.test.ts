import { readingOf, toHex } from "@powershare/domain/evidence";
import fc from "fast-check";
import { expect, it } from "vitest";
import { packRegisters } from "./readings.js";

const block = fc.record({
  table: fc.constantFrom("input" as const, "holding" as const),
  address: fc.nat(65_535),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }).map(toHex),
});
const unpacked = (registers: Uint8Array<ArrayBuffer>) =>
  readingOf({
    sequence: 1,
    meter: "eastron/sdm630:1",
    profile: "00".repeat(32),
    boot: "boot",
    at_ms: 0,
    monotonic_ms: 0,
    clock: "unknown",
    registers,
    reason: null,
    import_wh: null,
    export_wh: null,
  }).registers;

it("registers are unpacked as they were packed, and not where they are cut short", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 32 }), (registers) => {
      const packed = Uint8Array.from(packRegisters(registers));
      expect(unpacked(packed)).toEqual(registers);
      expect(() => unpacked(packed.subarray(0, -1))).toThrow(RangeError);
    }),
  );
});
