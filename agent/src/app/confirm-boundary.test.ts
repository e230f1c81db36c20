import { describe, expect, it } from "vitest";
import { disagreement, mostPowerW } from "./confirm-boundary.js";

const reads = {
  first: { importWh: 1_000, exportWh: 50 },
  elapsedMs: 100,
  mostW: 20_000,
  registerStepWh: 1,
  refreshMs: 1_000,
  rollsOverAtWh: {},
};

// 20 kW for 1.1 s are 6.1 Wh.
describe("two reads right after one another", () => {
  it.each([
    ["agree where nothing changed", { importWh: 1_000, exportWh: 50 }, undefined],
    ["agree where a second's energy came at once", { importWh: 1_007, exportWh: 50 }, undefined],
    ["disagree where more came", { importWh: 1_008, exportWh: 50 }, "importWh was 1000 and 1008"],
    ["disagree where less is shown", { importWh: 1_000, exportWh: 49 }, "exportWh was 50 and 49"],
  ])("%s", (_, again, expected) => {
    const found = disagreement({ ...reads, again });
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(expected);
  });

  it("agree over the end of a register's range", () => {
    const again = { importWh: 2, exportWh: 50 };
    expect(disagreement({ ...reads, again, rollsOverAtWh: { importWh: 1_001 } })).toBeUndefined();
  });
});

describe("the most that can flow", () => {
  const fuses = { fuseA: 63, phases: 3 };
  it.each([
    [{ activePowerW: -1_500 }, 3_000],
    [{ activePowerW: 0, activePowerL1W: 2_000, activePowerL2W: -2_000 }, 8_000],
    [{ voltageL1V: 230 }, 43_470],
  ])("by %j is %i W", (values, mostW) => {
    expect(mostPowerW(values, fuses)).toBe(mostW);
  });
});
