import { describe, expect, it } from "vitest";
import { syntheticHome } from "../testing/synthetic-home.js";
import { type Case, casesOf } from "./cases.js";
import { injectedFaults } from "./faults.js";

const dayMs = 86_400_000;
const home = syntheticHome(["production", "consumption"]);
const casesWith = (seed: string): Case[] => [
  ...casesOf({ home, minutes: 60 }, { seed, faults: injectedFaults, windows: 4 }),
];

describe("cases of a home", () => {
  const cases = casesWith("1");

  it("are the same with the same seed, and others with another", () => {
    expect(casesWith("1")).toEqual(cases);
    expect(casesWith("2")).not.toEqual(cases);
  });

  it("have a fault with the first row, or after 30 clean days, and then two weeks of it", () => {
    for (const { onset, faultMs, rows, fault } of cases) {
      if (faultMs === undefined) {
        expect(["clean", "no-sun"]).toContain(fault);
        continue;
      }
      const first = rows[0]?.startMs ?? 0;
      const last = rows.at(-1)?.startMs ?? 0;
      if (onset === "later") {
        expect(faultMs - first).toBeGreaterThanOrEqual(29.9 * dayMs);
        expect(last - faultMs).toBeGreaterThanOrEqual(14 * dayMs);
      } else if (fault !== "stuck") {
        expect(faultMs).toBe(first);
      }
    }
  });

  it("have every fault with either onset, but a clock and a replay that need a before", () => {
    const kinds = new Set(cases.map(({ fault, onset }) => `${fault} ${onset}`));
    for (const fault of injectedFaults) {
      expect(kinds).toContain(`${fault} later`);
      expect(kinds.has(`${fault} first`)).toBe(fault !== "clock-shift" && fault !== "replayed");
    }
  });

  it("declare storage in some windows, and never where a battery is what is to be found", () => {
    expect(new Set(cases.map(({ storage }) => storage))).toEqual(new Set(["none", "ac", "dc"]));
    const hidden = cases.filter(({ fault }) => fault === "storage-as-solar");
    expect(hidden.every(({ storage }) => storage === "none")).toBe(true);
  });
});
