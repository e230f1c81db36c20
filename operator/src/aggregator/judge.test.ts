import { describe, expect, test } from "vitest";
import { type Household, judge, likenessPermille } from "./judge.js";
import type { Totals } from "./totals.js";

const slotMs = 15_000;
/** A meter that counts the same energy in each of so many slots; or as a function of the slot. */
const meter = (
  slots: number,
  importWh: number | ((i: number) => number),
  exportWh: number | ((i: number) => number),
): Totals[] =>
  Array.from({ length: slots }, (_, i) => ({
    fromMs: i * slotMs,
    toMs: (i + 1) * slotMs,
    importWh: typeof importWh === "number" ? importWh : importWh(i),
    exportWh: typeof exportWh === "number" ? exportWh : exportWh(i),
  }));
const house = (some: Partial<Household>): Household => ({
  storage: "none",
  connection: [],
  generator: undefined,
  neighbours: [],
  ...some,
});
/** 12 Wh of sun in a slot, 2 of which the house uses. */
const [sun, surplus] = [meter(8, 0, 12), meter(8, 0, 10)];
const clouds = (i: number) => 60 + ((i * 37) % 41);
const loads = (i: number) => (i * 23) % 47;
const [cloudy, lessLoads] = [meter(20, 0, clouds), meter(20, 0, (i) => clouds(i) - loads(i))];
const [fadingSun, otherWay] = [meter(30, 0, (i) => 31 - i), meter(30, 0, (i) => 1 + i)];

describe("what evidence of intervals says of a wiring", () => {
  test.for<[string, Household, string | undefined, string?]>([
    ["nothing yet", house({}), undefined],
    ["a house that takes", house({ connection: meter(2, 3, 0) }), "right"],
    ["hardly anything", house({ connection: meter(2, 1, 0) }), undefined],
    ["gives without a generator", house({ connection: meter(2, 0, 3) }), "held", "reversed"],
    ["may be its battery", house({ connection: meter(2, 0, 3), storage: "ac" }), undefined],
    ["surplus of its sun", house({ connection: surplus, generator: sun }), "right", "none"],
    ["too short", house({ connection: surplus.slice(6), generator: sun.slice(6) }), undefined],
    ["exchanged", house({ connection: sun, generator: surplus }), "held", "swapped"],
    [
      "exchanged, where the house uses more than the sun gives",
      house({ connection: sun, generator: meter(8, 2, 0) }),
      "held",
      "swapped",
    ],
    [
      "exchanged after a long time that was right",
      house({
        connection: meter(40, 0, (i) => (i < 32 ? 10 : 12)),
        generator: meter(40, 0, (i) => (i < 32 ? 12 : 10)),
      }),
      "held",
      "swapped",
    ],
    ["uses nothing: nobody can tell", house({ connection: sun, generator: sun }), undefined],
    ["by night", house({ connection: meter(8, 2, 0), generator: meter(8, 0, 0) }), undefined],
    [
      "a battery that gives, and the neighbours' sun",
      house({ connection: sun, generator: surplus, neighbours: sun, storage: "ac" }),
      "right",
    ],
    [
      "a battery, and no neighbour to compare with",
      house({ connection: surplus, generator: sun, storage: "ac" }),
      undefined,
    ],
    [
      "a generator that takes, whatever the battery does",
      house({ connection: meter(8, 0, 0), generator: meter(8, 2, 0), storage: "ac" }),
      "held",
      "other",
    ],
    [
      "a generator that does not follow the neighbours' sun",
      house({ connection: meter(30, 0, 0), generator: otherWay, neighbours: fadingSun }),
      "held",
      "other",
    ],
    [
      "exchanged: the connection follows the neighbours' sun, too",
      house({
        connection: cloudy,
        generator: lessLoads,
        neighbours: meter(20, 0, (i) => 2 * clouds(i)),
      }),
      "manipulated",
      "swapped",
    ],
    [
      "right: the generator follows it, the connection has loads",
      house({
        connection: lessLoads,
        generator: cloudy,
        neighbours: meter(20, 0, (i) => 2 * clouds(i)),
      }),
      "right",
    ],
    [
      "exchanged, and unlike the neighbours: two families",
      house({ connection: meter(30, 0, 31), generator: otherWay, neighbours: fadingSun }),
      "manipulated",
      "swapped",
    ],
  ])("%s", ([, household, verdict, fault]) => {
    const found = judge(household);
    expect(found?.verdict).toBe(verdict);
    if (fault !== undefined) expect(found?.fault).toBe(fault);
  });
});

test.for([
  [[1, 2, 3], [2, 4, 6], 1000],
  [[1, 2, 3], [3, 2, 1], -1000],
  [[1, 2, 3], [5, 5, 5], 0],
] as const)("%j and %j are alike by %d thousandths", ([a, b, permille]) => {
  expect(likenessPermille(a, b)).toBe(permille);
});
