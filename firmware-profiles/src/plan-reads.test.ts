import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadProfile } from "./library.js";
import { type PlannedRead, type PlanOptions, planReads } from "./plan-reads.js";
import { quantities } from "./quantities.js";
import { type Entries, profileWith } from "./testing/profile-with.js";
import type { Profile } from "./types.js";

const measured = [...quantities].filter(([name]) => !name.includes("Energy"));
const farAway = [{ quantity: "serialNumber", table: "input", address: 0xff00 }];

/** A meter with two-register values at these addresses. */
function meterAt(addresses: readonly number[], entries: Entries = {}): Profile {
  const registers = addresses.map((address, index) => {
    const [quantity, unit] = measured[index] ?? ["", ""];
    return { quantity, address, unit, table: "input", type: "float32", pollClass: "fast" };
  });
  return profileWith({ registers, gaps: "readable", identity: farAway, ...entries });
}

const shapeOf = (profile: Profile, options: PlanOptions = {}) =>
  planReads(profile, options).map(({ address, count }) => [address, count]);
const total = (reads: readonly PlannedRead[]) => reads.reduce((sum, { count }) => sum + count, 0);
const lengthsOf = (reads: readonly PlannedRead[]) => reads.map(({ count }) => count);
const energy = (quantity: string, address: number) => ({
  quantity,
  address,
  table: "input",
  unit: "Wh",
  pollClass: "fast",
});

describe("a hole between registers", () => {
  test.each([
    { hole: 10, turnaroundMs: 0, requests: 1 },
    { hole: 12, turnaroundMs: 0, requests: 2 },
    { hole: 18, turnaroundMs: 20, requests: 1 },
    { hole: 20, turnaroundMs: 20, requests: 2 },
  ])("of $hole registers at $turnaroundMs ms turnaround makes $requests request(s)", (given) => {
    const { hole, turnaroundMs, requests } = given;
    const addresses = [0, 2 + hole];
    expect(planReads(meterAt(addresses), { turnaroundMs })).toHaveLength(requests);
    const declared = meterAt(addresses, { timing: { turnaroundMs } });
    expect(planReads(declared)).toHaveLength(requests);
  });

  test("is crossed sooner where the meter asks for a long pause before requests", () => {
    const timing = { pauseMs: 3.5 * (10_000 / 9_600) + 20 };
    expect(planReads(meterAt([0, 20], { timing }))).toHaveLength(1);
    expect(planReads(meterAt([0, 22], { timing }))).toHaveLength(2);
  });

  test("is never crossed where the meter refuses it, but by what the map declares", () => {
    const refused = { gaps: "refused" };
    expect(shapeOf(meterAt([0, 4], refused))).toEqual([
      [0, 2],
      [4, 2],
    ]);
    const unread = [{ table: "input", from: 2, through: 3 }];
    expect(shapeOf(meterAt([0, 4], { ...refused, unread }))).toEqual([[0, 6]]);
    const identity = [{ quantity: "serialNumber", table: "input", address: 2 }];
    expect(shapeOf(meterAt([0, 4], { ...refused, identity }))).toEqual([[0, 6]]);
  });

  test("is always crossed over TCP, where a request costs a round trip", () => {
    const tcp = { serial: undefined, tcp: { port: 502 } };
    expect(shapeOf(meterAt([0, 120], tcp))).toEqual([[0, 122]]);
  });
});

test("import and export are never parted, even where that costs a longer block", () => {
  const registers = [energy("activeEnergyImportWh", 0), energy("activeEnergyExportWh", 40)];
  expect(shapeOf(meterAt([], { registers }))).toEqual([[0, 42]]);
  expect(shapeOf(meterAt([0, 40]))).toHaveLength(2);
});

describe("factors", () => {
  const registers = [{ ...energy("activeEnergyImportWh", 0), factors: ["f"] }];
  const factors = [{ name: "f", table: "input", address: 4, type: "s16", as: "exponent" }];
  test("are read with the values they belong to, and only then", () => {
    const profile = meterAt([], { registers, factors });
    expect(shapeOf(profile)).toEqual([[0, 5]]);
    expect(shapeOf(profile, { quantities: ["serialNumber"] })).toEqual([[0xff00, 2]]);
  });
});

describe("answers of equal length", () => {
  test("are told apart by one more value, where the meter has registers", () => {
    const plan = planReads(meterAt([0, 40, 100]));
    expect(new Set(lengthsOf(plan)).size).toBe(3);
    expect(total(plan)).toBe(2 + 4 + 6);
  });

  test("are told apart by other cuts, where every request is full", () => {
    const dense = Array.from({ length: 29 }, (_, n) => 2 * n);
    const plan = planReads(meterAt(dense, { maxRegisters: 24 }));
    expect(plan).toHaveLength(3);
    expect(total(plan)).toBe(58);
    expect(new Set(lengthsOf(plan)).size).toBe(3);
  });

  test("are not told apart by half a value", () => {
    const registers = [
      energy("activeEnergyImportWh", 0),
      { ...energy("frequencyHz", 30), type: "u16", unit: "Hz" },
      { ...energy("voltageL1V", 60), unit: "V" },
      { ...energy("voltageL2V", 62), unit: "V", pollClass: "slow" },
    ];
    const plan = planReads(meterAt([], { registers, maxRegisters: 4 }));
    for (const { address, count } of plan) {
      for (const value of registers.filter(({ quantity }) => quantity !== "frequencyHz")) {
        const [from, to] = [address - value.address, address + count - value.address];
        expect([from, to]).not.toContain(1);
      }
    }
    expect(new Set(lengthsOf(plan)).size).toBe(plan.length);
  });

  test("are left so where another request would be the price", () => {
    expect(lengthsOf(planReads(meterAt([0, 40], { gaps: "refused" })))).toEqual([2, 2]);
  });

  test.each([20, 50, 100])(
    "are avoided on an SDM630 that allows 50 registers, with %d ms turnaround",
    (turnaroundMs) => {
      const plan = planReads(
        { ...loadProfile("eastron/sdm630"), maxRegisters: 50 },
        { turnaroundMs },
      );
      expect(Math.max(...lengthsOf(plan))).toBeLessThanOrEqual(50);
      expect(new Set(lengthsOf(plan)).size).toBe(plan.length);
    },
  );
});

describe("the serial number comes along with the energies", () => {
  const registers = [energy("activeEnergyImportWh", 0)];
  const identityAt = (address: number) => [{ quantity: "serialNumber", table: "input", address }];
  test.each([
    { at: 2, shape: [[0, 4]] },
    { at: 10, shape: [[0, 12]] },
    { at: 14, shape: [[0, 2]] },
  ])("at $at by $shape", ({ at, shape }) => {
    expect(shapeOf(meterAt([], { registers, identity: identityAt(at) }))).toEqual(shape);
  });

  test("but not where only some quantities are asked for", () => {
    const profile = meterAt([], { registers, identity: identityAt(2) });
    expect(shapeOf(profile, { quantities: ["activeEnergyImportWh"] })).toEqual([[0, 2]]);
  });
});

test("only what is asked for is read", () => {
  const profile = meterAt([0, 2, 4]);
  const { quantity } = profile.registers[1]!;
  expect(shapeOf(profile, { quantities: [quantity] })).toEqual([[2, 2]]);
  expect(shapeOf(profile, { quantities: [] })).toEqual([]);
});

test("every register is read, whole, within the maximum, and no hole is crossed that is refused", () => {
  const places = fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 25 });
  const rules = fc.record({
    maxRegisters: fc.integer({ min: 2, max: 125 }),
    gaps: fc.constantFrom("readable", "refused"),
  });
  fc.assert(
    fc.property(places, rules, (even, entries) => {
      const profile = meterAt(
        even.map((n) => 2 * n),
        entries,
      );
      const plan = planReads(profile);
      for (const { address } of profile.registers) {
        const isRead = plan.some((r) => r.address <= address && address + 2 <= r.address + r.count);
        expect(isRead).toBe(true);
      }
      for (const { address, count } of plan) {
        expect(count).toBeLessThanOrEqual(profile.maxRegisters);
        const declared = even.filter((n) => address <= 2 * n && 2 * n < address + count);
        if (entries.gaps === "refused") expect(count).toBe(2 * declared.length);
      }
    }),
    { numRuns: 60 },
  );
});

/** Every way to cut a sorted list into runs. */
function partitions(sorted: readonly number[]): number[][][] {
  const [first, ...rest] = sorted;
  if (first === undefined) return [[]];
  return partitions(rest).flatMap((parts) => {
    const [run, ...others] = parts;
    return [[[first], ...parts], ...(run ? [[[first, ...run], ...others]] : [])];
  });
}

test("no other cuts take less time, answers of equal length aside", () => {
  const places = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(places, (even) => {
      const addresses = even.map((n) => 2 * n).toSorted((a, b) => a - b);
      // 13 characters of frames and two silences of 3.5: ten registers.
      const costs = partitions(addresses).map((runs) =>
        runs.reduce((sum, run) => sum + 10 + run.at(-1)! + 2 - run[0]!, 0),
      );
      const plan = planReads(meterAt(addresses));
      const extra = 6 * plan.length;
      expect(10 * plan.length + total(plan)).toBeLessThanOrEqual(Math.min(...costs) + extra);
      expect(10 * plan.length + total(plan)).toBeGreaterThanOrEqual(Math.min(...costs));
    }),
    { numRuns: 60 },
  );
});
