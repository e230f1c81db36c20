import { describe, expect, test } from "vitest";
import { loadFixture, PowerCurve, parseSeries } from "./series.js";

const fontana = ["F02", "F03", "F05", "F06", "F09", "F16"];

describe("measured series", () => {
  test.for([
    ...fontana.map((home) => ["fontana", home, 72, 60] as const),
    ["ausgrid12", "AUS12", 144, 30] as const,
  ])("%s %s has %i steps of %i minutes", ([fixture, home, steps, minutes]) => {
    const series = loadFixture(fixture, home);
    expect(series.stepMs).toBe(minutes * 60_000);
    expect(series.productionWh).toHaveLength(steps);
    expect(series.consumptionWh).toHaveLength(steps);
  });

  test.for([
    ["a missing cell", "H,2026-06-01T00:00:00Z,60,0.1"],
    ["a negative energy", "H,2026-06-01T00:00:00Z,60,-0.1,0.2"],
    ["text for a number", "H,2026-06-01T00:00:00Z,60,x,0.2"],
    ["no time", "H,noon,60,0.1,0.2"],
    ["a gap", "H,2026-06-01T00:00:00Z,60,0,0\nH,2026-06-01T02:00:00Z,60,0,0"],
    ["a change of step", "H,2026-06-01T00:00:00Z,60,0,0\nH,2026-06-01T01:00:00Z,30,0,0"],
    ["another household", "G,2026-06-01T00:00:00Z,60,0,0"],
  ] as const)("is refused with %s", ([, csv]) => {
    expect(() => parseSeries(csv, "H")).toThrow(
      expect.objectContaining({ code: "simulator.series" }),
    );
  });
});

describe("power of a series", () => {
  const curve = new PowerCurve([0, 500, 3000, 0], 3_600_000, 0.5, "seed");
  const minutes = (step: number) =>
    Array.from({ length: 60 }, (_, minute) => curve.powerW(step * 3_600_000 + minute * 60_000));

  test("keeps the energy of every step, and of every repetition", () => {
    for (const [step, energyWh] of [0, 500, 3000, 0, 0, 500, 3000, 0].entries()) {
      const total = minutes(step).reduce((sum, watts) => sum + watts / 60, 0);
      expect(total).toBeCloseTo(energyWh, 6);
    }
  });

  test("varies, is never negative, and a step without energy is still", () => {
    expect(new Set(minutes(2)).size).toBe(60);
    expect(Math.min(...minutes(2))).toBeGreaterThan(0);
    expect(new Set(minutes(3))).toEqual(new Set([0]));
  });
});
