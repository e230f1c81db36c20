import { describe, expect, it } from "vitest";
import { Feeder, type FeederSpec } from "./feeder.js";
import { rowsOf } from "./reading.js";
import { score } from "./score.js";
import { minute } from "./score-cases.js";

const spec: FeederSpec = { seed: "a", grid: "ordinary", neighbours: 2, phases: 1, pvW: 4000 };
const trial = (wiring: "right" | "reversed") =>
  ({ reading: minute, channels: "grid", wiring }) as const;

describe("a day on the feeder", () => {
  it("depends on its seed and number alone", () => {
    const [day] = new Feeder(spec).day(1).voltageV;
    expect(new Feeder(spec).day(1).voltageV[0]).toEqual(day);
    expect(new Feeder({ ...spec, seed: "b" }).day(1).voltageV[0]).not.toEqual(day);
  });

  it("stays within what a grid delivers, and shines by day only", () => {
    const day = new Feeder(spec).day(0);
    const volts = day.voltageV[0] ?? [];
    expect(Math.min(...volts.slice(0, 50_000))).toBeGreaterThan(200);
    expect(Math.max(...volts.slice(0, 50_000))).toBeLessThan(260);
    expect(day.productionW[3600]).toBe(0);
    expect(day.productionW[12 * 3600]).toBeGreaterThan(100);
  });

  it("is read with the meter's resolution, in whole Wh where energy is asked for", () => {
    const reading = { seconds: 60, how: "energy", resolutionV: 1, skewSeconds: 0 } as const;
    const rows = [...rowsOf(new Feeder(spec).day(0), reading, "grid", 0, "a")];
    expect(rows).toHaveLength(1440);
    expect(rows.every((row) => Number.isInteger(row.importWh))).toBe(true);
    expect(rows.every((row) => Number.isInteger(row.voltageL1V))).toBe(true);
    expect(rows[5]?.startMs).toBe(300_000);
  });
});

describe("the voltage response on it", () => {
  it("finds a reversed clamp, and nothing where the wiring is right", () => {
    const [right, reversed] = score(spec, 2, [trial("right"), trial("reversed")]);
    expect(right).toMatchObject({ isFalse: false });
    expect(reversed).toMatchObject({ isFalse: false, isMisnamed: false });
    expect(reversed?.foundHours).toBeLessThan(48);
  });

  it("fails where a battery holds the voltage: the feeder can make it wrong", () => {
    const [battery] = score({ ...spec, regulatingWPerV: 1000, neighbours: 0 }, 1, [trial("right")]);
    expect(battery).toMatchObject({ isFalse: true });
  });
});
