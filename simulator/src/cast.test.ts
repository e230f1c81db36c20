import { expect, test } from "vitest";
import { castHouseholds } from "./cast.js";
import { House } from "./house.js";

const start = Date.parse("2026-06-01T12:00:00Z");
const energyOf = (household: ReturnType<typeof castHouseholds>[number], minutes: number) => {
  const house = new House(household.house, start);
  const before = house.registers("connection");
  house.advance(start + minutes * 60_000);
  const after = house.registers("connection");
  return {
    importWh: after.importWh - before.importWh,
    exportWh: after.exportWh - before.exportWh,
  };
};

test.for(["1", "2", "a longer seed"])(
  "with seed %j there is something to sell and to buy in the first minute",
  (seed) => {
    const [seller, buyer] = castHouseholds(3, seed).map((household) => energyOf(household, 1));
    expect(seller?.exportWh).toBeGreaterThan(10);
    expect(buyer?.importWh).toBeGreaterThan(5);
  },
);

test("the default demo has one home with sun, one without, one with sun and a battery", () => {
  const households = castHouseholds(3, "1");
  expect(
    households.map(({ id, house, meters }) => [id, house.hasGeneration, meters.length]),
  ).toEqual([
    ["h1", true, 2],
    ["h2", false, 1],
    ["h3", true, 2],
  ]);
  expect(households.map(({ house }) => house.battery !== undefined)).toEqual([false, false, true]);
});

test("twelve households have ids, serial numbers and lives of their own", () => {
  const households = castHouseholds(12, "1");
  const serialNumbers = households.flatMap(({ meters }) => meters.map((m) => m.serialNumber));
  expect(new Set(households.map(({ id }) => id)).size).toBe(12);
  expect(new Set(serialNumbers).size).toBe(serialNumbers.length);
  const lives = households.map((household) => JSON.stringify(energyOf(household, 2)));
  expect(new Set(lives).size).toBe(12);
});

test("every household gains from trading: it sells above feed-in and buys below retail", () => {
  for (const { market } of castHouseholds(12, "1")) {
    expect(market.sellMinMicroPerKwh).toBeGreaterThan(50_000);
    expect(market.buyMaxMicroPerKwh).toBeLessThan(250_000);
    expect(market.sellMinMicroPerKwh).toBeLessThan(market.buyMaxMicroPerKwh);
  }
});

test("the same seed casts the same households, another seed others", () => {
  expect(castHouseholds(5, "1")).toEqual(castHouseholds(5, "1"));
  expect(castHouseholds(5, "1")).not.toEqual(castHouseholds(5, "2"));
});
