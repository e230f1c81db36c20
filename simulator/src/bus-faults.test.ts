import { describe, expect, test } from "vitest";
import { faultKinds, faultScript, noFaults } from "./bus-faults.js";

const requests = Array.from({ length: 1000 }, (_, index) => ({
  unit: 1,
  table: "input" as const,
  address: 0,
  count: 2,
  index,
}));
const drawn = (plan: Parameters<typeof faultScript>[0]) => requests.map(faultScript(plan));

describe("faults of a line", () => {
  test("there are none without a plan", () => {
    expect(drawn(noFaults).every((fault) => fault === undefined)).toBe(true);
  });

  test("come as often as planned, of the planned kinds, all of them", () => {
    const faults = drawn({ seed: "1", kinds: faultKinds, share: 0.3 }).filter(
      (f) => f !== undefined,
    );
    expect(faults.length).toBeGreaterThan(250);
    expect(faults.length).toBeLessThan(350);
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
  });

  test("hit every answer at a share of 1", () => {
    expect(drawn({ seed: "1", kinds: ["silent"], share: 1 })).toEqual(
      requests.map(() => ({ kind: "silent" })),
    );
  });

  test("are replayed by their seed", () => {
    const plan = { seed: "1", kinds: faultKinds, share: 0.5 };
    expect(drawn(plan)).toEqual(drawn(plan));
    expect(drawn(plan)).not.toEqual(drawn({ ...plan, seed: "2" }));
  });
});
