import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planReads } from "./plan-reads.js";
import { quantities } from "./quantities.js";
import type { Profile, Register } from "./types.js";

const names = [...quantities.keys()];

function profileOf(places: readonly { quantity?: string; address: number }[], max = 80): Profile {
  const registers = places.map(
    ({ quantity, address }, index): Register => ({
      quantity: quantity ?? names.filter((name) => !name.includes("Energy"))[index]!,
      table: "input",
      address,
      type: "float32",
      wordOrder: "big",
      length: 2,
      scale: 1,
      factor: 1,
      sign: 1,
      factors: [],
      format: "decimal",
      expect: [],
      notAvailable: [],
      rollsOverAtWh: undefined,
      isMonotonic: false,
      pollClass: "fast",
    }),
  );
  return {
    id: "test/meter",
    maker: "Test",
    model: "Meter",
    firmware: "1",
    source: { title: "none" },
    captures: "constructed",
    serial: { baudRate: 9600, parity: "none", stopBits: 1 },
    unit: 1,
    maxRegisters: max,
    gaps: "readable",
    importExport: "together",
    factors: [],
    unread: [],
    whole: [],
    rollsOverAtWh: {},
    hash: "",
    registers,
    identity: [],
  };
}

const shapeOf = (profile: Profile, options = {}) =>
  planReads(profile, options).map(({ address, count }) => [address, count]);

describe("a hole between registers", () => {
  test.each([
    { hole: 10, turnaroundMs: 0, requests: 1 },
    { hole: 12, turnaroundMs: 0, requests: 2 },
    { hole: 18, turnaroundMs: 20, requests: 1 },
    { hole: 20, turnaroundMs: 20, requests: 2 },
  ])("of $hole registers at $turnaroundMs ms turnaround makes $requests request(s)", (given) => {
    const profile = profileOf([{ address: 0 }, { address: 2 + given.hole }]);
    expect(planReads(profile, { turnaroundMs: given.turnaroundMs })).toHaveLength(given.requests);
  });
});

test("import and export are never parted, even where that costs a longer block", () => {
  const pair = [
    { quantity: "activeEnergyImportWh", address: 0 },
    { quantity: "activeEnergyExportWh", address: 40 },
  ];
  expect(shapeOf(profileOf(pair))).toEqual([[0, 42]]);
  const apart = [{ address: 0 }, { address: 40 }];
  expect(shapeOf(profileOf(apart))).toEqual([
    [0, 2],
    [40, 2],
  ]);
});

test("blocks of equal length are told apart by one more value, where the meter has registers", () => {
  const profile = profileOf([{ address: 0 }, { address: 40 }, { address: 100 }]);
  expect(shapeOf(profile)).toEqual([
    [0, 2],
    [40, 4],
    [100, 2],
  ]);
});

test("what a meter gives only whole is asked for whole, and by no other request in part", () => {
  const whole = [{ table: "input", address: 20, length: 10 } as const];
  const profile = { ...profileOf([0, 22, 26, 34].map((address) => ({ address }))), whole };
  const { quantity = "" } = profile.registers[1] ?? {};
  expect(shapeOf(profile, { quantities: [quantity] })).toEqual([[20, 10]]);
  expect(shapeOf({ ...profile, maxRegisters: 16 })).toEqual([
    [0, 2],
    [20, 16],
  ]);
});

test("only what is asked for is read", () => {
  const profile = profileOf([{ address: 0 }, { address: 2 }, { address: 4 }]);
  const { quantity } = profile.registers[1]!;
  expect(shapeOf(profile, { quantities: [quantity] })).toEqual([[2, 2]]);
  expect(shapeOf(profile, { quantities: [] })).toEqual([]);
});

test("every register is read, whole, within the maximum, in no more time than one by one", () => {
  const places = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(places, fc.integer({ min: 2, max: 125 }), (even, max) => {
      const profile = profileOf(
        even.map((n) => ({ address: 2 * n })),
        max,
      );
      const plan = planReads(profile);
      for (const { address } of profile.registers) {
        const isRead = plan.some((r) => r.address <= address && address + 2 <= r.address + r.count);
        expect(isRead).toBe(true);
      }
      for (const { count } of plan) expect(count).toBeLessThanOrEqual(max);
      expect(plan.length).toBeLessThanOrEqual(profile.registers.length);
    }),
  );
});
