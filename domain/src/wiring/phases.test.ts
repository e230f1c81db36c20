import { describe, expect, it } from "vitest";
import { seeded } from "../testing/seeded.js";
import type { Row, Site } from "./index.js";
import { phaseSign } from "./phases.js";
import { site } from "./testing/minutes.js";

const three: Site = { ...site, phases: 3, latitude: 40, longitude: 0 };
const startMs = Date.UTC(2026, 2, 1);

type Watts = readonly [number, number, number];
type Meter = (watts: Watts) => Partial<Row>;

const shown = ([a, b, c]: Watts, gridW = a + b + c): Partial<Row> => ({
  gridL1W: a,
  gridL2W: b,
  gridL3W: c,
  gridW,
});

/** Days of a house that takes 50 to 2,000 W on each phase, and gives on L1 by day. */
function said(meter: Meter, of: Site = three, days = 2): string {
  const run = phaseSign.start(of);
  const random = seeded(7);
  for (let row = 0; row < days * 288; row += 1) {
    const hour = (row / 12) % 24;
    const sunW = hour > 8 && hour < 17 ? 5000 : 0;
    const load = () => 50 + 1950 * random() ** 4;
    run?.push({
      startMs: startMs + row * 300_000,
      seconds: 300,
      ...meter([load() - sunW, load(), load()]),
    });
  }
  const finding = run?.finding();
  return finding?.says === "wrong" ? finding.fault : (finding?.says ?? "no rule");
}

describe("phaseSign", () => {
  it.each<[string, string, Meter, Site]>([
    ["all right", "right", (watts) => shown(watts), three],
    ["one clamp turned", "phase-reversed", ([a, b, c]) => shown([a, -b, c]), three],
    ["all clamps turned", "reversed", ([a, b, c]) => shown([-a, -b, -c]), three],
    ["two clamps crossed", "phase-reversed", ([a, b, c]) => shown([b / -2, a / -2, c]), three],
    [
      "one phase with the wrong sign beside a right total, and a battery",
      "phase-reversed",
      ([a, b, c]) => shown([a, b, -c], a + b + c),
      { ...three, storage: "ac" },
    ],
    [
      "a battery that gives on L2 at night",
      "nothing",
      ([a, b, c]) => shown([a, b - 3000, c]),
      { ...three, storage: "ac" },
    ],
    ["standby that rustles about zero", "right", () => shown([-5, 5, 0]), three],
    ["one phase", "no rule", (watts) => shown(watts), site],
    ["no phases measured", "nothing", ([a, b, c]) => ({ gridW: a + b + c }), three],
  ])("%s: %s", (_, expected, meter, of) => {
    expect(said(meter, of)).toBe(expected);
  });

  it("knows nothing before it has seen the dark", () => {
    const run = phaseSign.start(three);
    run?.push({ startMs: startMs + 12 * 3_600_000, seconds: 300, ...shown([100, -200, 100]) });
    expect(run?.finding().says).toBe("nothing");
  });

  it("forgets a fault that was repaired", () => {
    let rows = 0;
    const repaired: Meter = ([a, b, c]) => {
      rows += 1;
      return shown([a, rows < 288 ? -b : b, c]);
    };
    expect(said(repaired, three, 8)).toBe("right");
  });
});
