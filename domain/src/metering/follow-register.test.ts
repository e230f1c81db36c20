import { expect, it } from "vitest";
import { followRegister, guardReading } from "./index.js";
import { type Guard, realGuard, runRollovers } from "./testing/rollover.js";

const u32 = 2 ** 32;
const cases = [
  ["a rise within the range", 10, 15, 5, u32, { kind: "followed", valueWh: 15 }],
  ["the last count, then 0", u32 - 1, 0, 1, u32, { kind: "followed", valueWh: u32 }],
  ["10^6", 999_990, 5, 15, 1_000_000, { kind: "followed", valueWh: 1_000_005 }],
  ["10^8", 99_999_990, 5, 15, 100_000_000, { kind: "followed", valueWh: 100_000_005 }],
  [
    "999,999.9 kWh in steps of 0.1 kWh",
    999_999_900,
    100,
    200,
    1_000_000_000,
    { kind: "followed", valueWh: 1_000_000_100 },
  ],
  [
    "a count that is unwrapped already",
    3 * u32 - 1,
    1,
    2,
    u32,
    { kind: "followed", valueWh: 3 * u32 + 1 },
  ],
  ["a fall that no rise explains", 999_990, 6, 15, 1_000_000, { kind: "fell" }],
  ["a fall by one", 500, 499, 15, 1_000_000, { kind: "fell" }],
  ["a fall of a register that never rolls over", 500, 0, 15, undefined, { kind: "fell" }],
  ["a jump", 500, 516, 15, 1_000_000, { kind: "jumped", riseWh: 16 }],
  ["a count beyond the range", 999_990, 1_000_000, 15, 1_000_000, { kind: "beyond" }],
  [
    "so long that it can have gone round once more",
    100,
    105,
    1_000_005,
    1_000_000,
    { kind: "ambiguous" },
  ],
  ["one Wh too short for that", 100, 105, 1_000_004, 1_000_000, { kind: "followed", valueWh: 105 }],
] as const;
it.each(cases)("%s", (_, previousWh, shownWh, mostWh, rollsOverAtWh, expected) => {
  expect(followRegister(previousWh, shownWh, mostWh, rollsOverAtWh)).toEqual(expected);
});

const quickCases = 20_000;

it("rollovers of all widths are exact, and no other fall is taken for one", () => {
  const { rollovers, falls, wrong } = runRollovers(quickCases, 1);
  expect(wrong).toBe(0);
  expect(rollovers).toBeGreaterThan(quickCases / 4);
  expect(falls).toBeGreaterThan(quickCases / 8);
});

/** Takes every fall for a rollover, as many programs do. */
const guesses: Guard = (state, next, limits) => {
  const fell = state.accepted !== undefined && next.importWh < state.accepted.importWh;
  return fell
    ? { state: { accepted: next, agreeing: 0 }, accepted: true }
    : realGuard(state, next, limits);
};
/** Knows no rollover. */
const flat: Guard = (state, next, limits) => {
  const { rollsOverAtWh: _, ...rest } = limits;
  const { accepted } = guardReading(state.accepted, next, rest);
  return { state: accepted ? { accepted: next, agreeing: 0 } : state, accepted };
};
it.each([
  ["guesses", guesses],
  ["knows no rollover", flat],
])("the same cases find a guard that %s", (_, guard) => {
  expect(runRollovers(1_000, 1, guard).wrong).toBeGreaterThan(100);
});
