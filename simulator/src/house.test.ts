import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { House, type HouseSpec } from "./house.js";
import { loadFixture } from "./series.js";

const start = Date.parse("2026-06-01T12:00:00Z");
const sunny: HouseSpec = {
  seed: "sunny",
  series: loadFixture("fontana", "F03"),
  playFrom: "2017-05-18T17:00:00Z",
  speed: 30,
  hasGeneration: true,
};
const without: HouseSpec = { ...sunny, seed: "without", hasGeneration: false };
const withBattery: HouseSpec = {
  ...sunny,
  battery: { capacityWh: 5000, powerW: 1500, efficiency: 0.9, storedWh: 1000 },
};

describe("registers of a house", () => {
  test("integrate real time, not the time of the playback", () => {
    const house = new House(sunny, start);
    const before = house.registers("generator");
    house.advance(start + 120_000);
    const madeWh = house.registers("generator").exportWh - before.exportWh;
    // One hour of the series, 2247 Wh, was played in two minutes, a thirtieth of an hour.
    expect(madeWh).toBeCloseTo(2247.3 / 30, 0);
  });

  test("never go back, whatever the moments at which they are read", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(sunny, without, withBattery),
        fc.array(fc.integer({ min: -2000, max: 90_000 }), { maxLength: 40 }),
        (spec, steps) => {
          const house = new House(spec, start);
          let atMs = start;
          let last = [house.registers("connection"), house.registers("generator")];
          for (const step of steps) {
            atMs += step;
            house.advance(atMs);
            const now = [house.registers("connection"), house.registers("generator")];
            for (const [index, register] of now.entries()) {
              expect(register.importWh).toBeGreaterThanOrEqual(last[index]!.importWh);
              expect(register.exportWh).toBeGreaterThanOrEqual(last[index]!.exportWh);
            }
            last = now;
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test("are the same however often the house is read", () => {
    const often = new House(withBattery, start);
    const once = new House(withBattery, start);
    for (let atMs = start; atMs <= start + 60_000; atMs += 137) often.advance(atMs);
    often.advance(start + 60_000);
    once.advance(start + 60_000);
    expect(often.measure("connection")).toEqual(once.measure("connection"));
  });

  test("differ with the seed", () => {
    const one = new House(sunny, start);
    const other = new House({ ...sunny, seed: "other" }, start);
    expect(one.registers("connection")).not.toEqual(other.registers("connection"));
  });

  test("are remembered for two hours, to the second", () => {
    const house = new House(sunny, start);
    house.advance(start + 40_000);
    const then = house.registers("connection");
    house.advance(start + 7_200_000);
    expect(house.registersAt("connection", start + 40_999)).toEqual(then);
    house.advance(start + 7_300_000);
    expect(house.registersAt("connection", start + 40_999)).toBeUndefined();
  });
});

describe("what the meters see", () => {
  test("a sunny house exports: negative power, and a lifted voltage on the inverter's phase", () => {
    const house = new House(sunny, start);
    house.advance(start + 60_000);
    const atGrid = house.measure("connection");
    expect(atGrid["activePowerW"]).toBeLessThan(-500);
    expect(atGrid["activePowerL1W"]).toBeLessThan(0);
    expect(atGrid["activePowerL2W"]).toBeGreaterThan(0);
    const dark = new House({ ...sunny, playFrom: "2017-05-19T08:00:00Z" }, start);
    dark.advance(start + 60_000);
    expect(atGrid["voltageL1V"]).toBeGreaterThan(dark.measure("connection")["voltageL1V"]!);
  });

  test("production, battery and load add up to what passes the connection", () => {
    const house = new House(withBattery, start);
    const plain = new House(sunny, start);
    const loadOnly = new House({ ...sunny, hasGeneration: false }, start);
    const production = -house.measure("generator")["activePowerW"]!;
    const load = loadOnly.measure("connection")["activePowerW"]!;
    expect(plain.measure("connection")["activePowerW"]).toBeCloseTo(load - production, 6);
    // The battery takes what it can: 1500 W here, or the whole surplus if that is less.
    const charge = Math.min(1500, production - load);
    expect(house.measure("connection")["activePowerW"]).toBeCloseTo(load - production + charge, 6);
  });

  test("a house without generation only imports, and its generator register rests", () => {
    const house = new House(without, start);
    const before = house.registers("generator");
    house.advance(start + 3_600_000);
    expect(house.registers("generator")).toEqual(before);
    expect(house.registers("connection").exportWh).toBe(500_000);
  });

  test("mains stay within what EN 50160 allows", () => {
    const house = new House(sunny, start);
    for (let minute = 1; minute < 60; minute += 1) {
      house.advance(start + minute * 60_000);
      const state = house.measure("connection");
      for (const phase of ["L1", "L2", "L3"]) {
        expect(state[`voltage${phase}V`]).toBeGreaterThan(207);
        expect(state[`voltage${phase}V`]).toBeLessThan(253);
      }
      expect(state["frequencyHz"]).toBeCloseTo(50, 1);
      expect(state["voltageL12V"]).toBeCloseTo(230 * Math.sqrt(3), -1);
    }
  });
});
