import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seeded } from "../testing/seeded.js";
import type { Finding, Site } from "./index.js";
import {
  answersToNoise,
  type Columns,
  gridOnly,
  type Home,
  type Minute,
  minutesOf,
  right,
  site,
  watch,
} from "./testing/minutes.js";
import { voltageResponse } from "./voltage-response.js";

const said = (finding: Finding) => (finding.says === "wrong" ? finding.fault : finding.says);
const home: Home = { seed: 1, minutes: 1440, voltsPerKw: 1 };

describe("what it says of a day of minutes", () => {
  it.each<[string, (minute: Minute) => Columns, string]>([
    ["all right", right, "right"],
    [
      "only the grid",
      ({ loadW, sunW, voltageV }) => ({ gridW: loadW - sunW, voltageL1V: voltageV }),
      "right",
    ],
    [
      "only L1 of the grid",
      ({ loadW, sunW, voltageV }) => ({ gridL1W: loadW - sunW, voltageL1V: voltageV }),
      "right",
    ],
    [
      "energies of a minute",
      ({ loadW, sunW, voltageV }) => ({
        importWh: Math.max(0, loadW - sunW) / 60,
        exportWh: Math.max(0, sunW - loadW) / 60,
        voltageL1V: voltageV,
      }),
      "right",
    ],
    [
      "the grid's clamp turned, and consumption computed from it",
      ({ loadW, sunW, voltageV }) => ({
        gridW: sunW - loadW,
        productionW: sunW,
        consumptionW: 2 * sunW - loadW,
        voltageL1V: voltageV,
      }),
      "reversed",
    ],
    [
      "import and export exchanged",
      ({ loadW, sunW, voltageV }) => ({
        exportWh: Math.max(0, loadW - sunW) / 60,
        importWh: Math.max(0, sunW - loadW) / 60,
        voltageL1V: voltageV,
      }),
      "reversed",
    ],
    [
      "production counted backwards",
      ({ sunW, voltageV }) => ({ productionW: -sunW, voltageL1V: voltageV }),
      "reversed",
    ],
    [
      "consumption computed with the wrong sign",
      ({ loadW, sunW, voltageV }) => ({
        productionW: sunW,
        consumptionW: 2 * sunW - loadW,
        voltageL1V: voltageV,
      }),
      "reversed",
    ],
    [
      "production and consumption exchanged",
      ({ loadW, sunW, voltageV }) => ({
        productionW: loadW,
        consumptionW: sunW,
        voltageL1V: voltageV,
      }),
      "swapped",
    ],
    [
      "the same at night",
      ({ loadW, voltageV, sunW }) => ({
        productionW: loadW,
        consumptionW: 0,
        voltageL1V: voltageV - sunW / 1000,
      }),
      "swapped",
    ],
    ["no voltage", ({ loadW }) => ({ gridW: loadW }), "nothing"],
    [
      "a power that stands still",
      ({ voltageV }) => ({ gridW: 500, voltageL1V: voltageV }),
      "nothing",
    ],
  ])("%s", (_, columnsOf, expected) => {
    expect(said(watch(home, columnsOf))).toBe(expected);
  });

  it("says how sure it is, since when, and why", () => {
    const reversed = watch(home, ({ loadW, voltageV }) => ({
      gridW: -loadW,
      voltageL1V: voltageV,
    }));
    expect(reversed).toMatchObject({ says: "wrong", verdict: "held" });
    if (reversed.says !== "wrong") return;
    expect(reversed.confidence).toBeGreaterThan(0.9999);
    expect(reversed.toMs).toBeGreaterThan(reversed.fromMs);
    expect(reversed.explanation).toMatch(/steps of the grid power .* rose instead of falling/);
  });

  it.each<[string, (columns: Columns) => Columns, string]>([
    ["the grid reversed", ({ gridW = 0, ...rest }) => ({ ...rest, gridW: -gridW }), "reversed"],
    [
      "production counted backwards",
      ({ productionW = 0, ...rest }) => ({ ...rest, productionW: -productionW }),
      "reversed",
    ],
    [
      "production and consumption exchanged",
      ({ productionW = 0, consumptionW = 0, ...rest }) => ({
        ...rest,
        productionW: consumptionW,
        consumptionW: productionW,
      }),
      "swapped",
    ],
  ])("after five days of right wiring, within a day: %s", (_, fault, expected) => {
    const run = voltageResponse.start(site);
    let startMs = 0;
    for (const minute of minutesOf({ ...home, minutes: 6 * 1440 })) {
      const columns = right(minute);
      run?.push({ startMs, seconds: 60, ...(startMs < 5 * 86_400_000 ? columns : fault(columns)) });
      startMs += 60_000;
    }
    expect(said(run?.finding() ?? { says: "nothing" })).toBe(expected);
  });

  it("passes over steps of a quarter of an hour and more", () => {
    const run = voltageResponse.start(site);
    let startMs = 0;
    for (const minute of minutesOf(home)) {
      run?.push({ startMs, seconds: 900, ...right(minute) });
      startMs += 900_000;
    }
    expect(run?.finding().says).toBe("nothing");
  });
});

describe("three phases", () => {
  const three: Site = { ...site, phases: 3 };
  /** Each phase's own house of appliances; a load lifts the other phases through the neutral. */
  function phases(signs: readonly [number, number, number], columns: 1 | 3 = 3): Finding {
    const run = voltageResponse.start(three);
    const runs = [11, 12, 13].map((seed) => minutesOf({ seed, minutes: 2880, voltsPerKw: 0 }));
    for (let startMs = 0; ; startMs += 60_000) {
      const now = runs.map((each) => each.next().value as Minute | undefined);
      const [a, b, c] = now;
      if (!a || !b || !c) return run?.finding() ?? { says: "nothing" };
      const loads = [a.loadW, b.loadW, c.loadW];
      const [v1 = 0, v2 = 0, v3 = 0] = loads.map((w) => {
        const others = loads.reduce((sum, other) => sum + other, -w);
        return a.voltageV - w / 1000 + others / 4000;
      });
      const [s1, s2, s3] = signs;
      run?.push({
        startMs,
        seconds: 60,
        gridL1W: s1 * a.loadW,
        gridL2W: s2 * b.loadW,
        gridL3W: s3 * c.loadW,
        voltageL1V: v1,
        ...(columns === 3 && { voltageL2V: v2, voltageL3V: v3 }),
      });
    }
  }

  it.each<[string, readonly [number, number, number], string]>([
    ["all right", [1, 1, 1], "right"],
    ["one clamp turned", [1, -1, 1], "phase-reversed"],
    ["two clamps turned", [-1, 1, -1], "phase-reversed"],
    ["all clamps turned", [-1, -1, -1], "reversed"],
  ])("%s: %s", (_, signs, expected) => {
    expect(said(phases(signs))).toBe(expected);
  });

  it("takes no phase's voltage for another's", () => {
    const total = watch({ ...home, minutes: 3000 }, right, three);
    expect(total.says).toBe("nothing");
  });
});

describe("properties", () => {
  const homes = fc.record({
    seed: fc.integer(),
    minutes: fc.constant(720),
    voltsPerKw: fc.double({ min: 0.05, max: 4, noNaN: true }),
  });
  const opposite = new Map([
    ["right", "reversed"],
    ["nothing", "nothing"],
  ]);

  it("a negated power gives the opposite answer, and never a false one", () => {
    fc.assert(
      fc.property(homes, (one) => {
        const grid = said(watch(one, gridOnly));
        const negated = watch(one, ({ loadW, voltageV }) => ({
          gridW: -loadW,
          voltageL1V: voltageV,
        }));
        expect(said(negated)).toBe(opposite.get(grid));
      }),
      { numRuns: 40 },
    );
  });

  it("a voltage that moves more or less in all it does gives the same answer", () => {
    fc.assert(
      fc.property(homes, fc.double({ min: 0.1, max: 1, noNaN: true }), (one, factor) => {
        const scaled = ({ loadW, voltageV }: Minute) => ({
          gridW: loadW,
          voltageL1V: factor * voltageV,
        });
        expect(said(watch(one, scaled))).toBe(said(watch(one, gridOnly)));
      }),
      { numRuns: 20 },
    );
  });

  it("200 windows of three hours in which the voltage knows nothing of the power: no answer", () => {
    expect(answersToNoise(200, 0).filter(({ says }) => says !== "nothing")).toEqual([]);
  });

  it("a load that rises with the voltage is not taken for an injection", () => {
    const run = voltageResponse.start(site);
    const random = seeded(5);
    let volts = 230;
    for (let minute = 0; minute < 7 * 1440; minute += 1) {
      volts += random() - 0.5 + (230 - volts) / 100;
      run?.push({
        startMs: minute * 60_000,
        seconds: 60,
        gridW: 6000 * (volts / 230) ** 2 + 40 * random() - 20,
        voltageL1V: volts,
      });
    }
    expect(run?.finding().says).toBe("nothing");
  });
});
