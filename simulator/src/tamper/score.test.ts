import { describe, expect, it } from "vitest";
import { syntheticHome } from "../testing/synthetic-home.js";
import type { Case } from "./cases.js";
import { coarser } from "./resolution.js";
import type { Said } from "./run-case.js";
import { outcomeOf, precisionOf, recallWithin, scoreOf } from "./score.js";
import { parseScoreOptions } from "./score-options.js";
import { withScore } from "./score-page.js";
import { homesOf } from "./split.js";

const home = syntheticHome(["production", "consumption"], 40);
const hourMs = 3_600_000;
const faultMs = (home.rows[0]?.startMs ?? 0) + 24 * 24 * hourMs;
const swappedCase: Case = {
  id: "c1",
  home: "h1",
  minutes: 60,
  fault: "swapped",
  variant: "production-consumption",
  view: "measured",
  onset: "later",
  weather: "clear",
  storage: "none",
  site: home.site,
  rows: home.rows,
  neighbours: [],
  faultMs,
};
const said = (hours: number, verdict: Said["verdict"], fault: Said["fault"]): Said => ({
  atMs: faultMs + hours * hourMs,
  verdict,
  fault,
  rule: "r",
});

describe("what became of a case", () => {
  const found = outcomeOf(swappedCase, [
    said(10, "suspect", "stuck"),
    said(20, "held", "stuck"),
    said(30, "manipulated", "swapped"),
  ]);
  const missed = outcomeOf(swappedCase, []);
  const tooSoon = outcomeOf(swappedCase, [said(-5, "held", "swapped")]);

  it("is told by level, with the time since the fault", () => {
    expect(found.levels).toEqual({
      suspect: { afterHours: 10, rule: "r", firstNamed: "stuck", lastNamed: "swapped" },
      held: { afterHours: 20, rule: "r", firstNamed: "stuck", lastNamed: "swapped" },
    });
    expect(found.hours).toBe(16 * 24);
  });

  it("counts a verdict before the fault as said of honest time, not as found", () => {
    expect(tooSoon.levels.held).toEqual({ before: { named: "swapped", rule: "r" } });
  });

  it("makes recall by horizon, names and times", () => {
    const { n, recall, named, medianHours } = scoreOf([found, missed, tooSoon], "held");
    expect(n).toBe(3);
    expect(recall.map(({ hits }) => hits)).toEqual([0, 1, 1, 1, 1]);
    expect(named).toMatchObject({ hits: 1, of: 1 });
    expect(medianHours).toBe(20);
  });

  it("asks of no case what its window is too short for", () => {
    expect(recallWithin([missed], "held", 17 * 24)).toMatchObject({ hits: 0, of: 0 });
  });

  it("makes precision of what was named first", () => {
    const right = outcomeOf(swappedCase, [said(1, "held", "swapped")]);
    expect(precisionOf("swapped", [right, found, tooSoon], "held")).toMatchObject({
      hits: 1,
      of: 2,
    });
  });
});

it("sums energy where it makes rows coarser, and leaves out what is not whole", () => {
  const rows = home.rows.slice(1, 48);
  const fourHours = coarser({ ...home, rows }, 240).rows;
  expect(fourHours).toHaveLength(11);
  const whole = rows.slice(3).reduce((total, { productionWh = 0 }) => total + productionWh, 0);
  const sum = fourHours.reduce((total, { productionWh = 0 }) => total + productionWh, 0);
  expect(sum).toBeCloseTo(whole);
});

it("keeps tuning and reporting apart, and homes with faults of their own out of both", () => {
  const homes = ["F02", "F04", "F12", "B1", "AEW-B"].map((id) => ({ ...home, id }));
  const ids = (split: Parameters<typeof homesOf>[0]) => homesOf(split, homes).map(({ id }) => id);
  expect(ids("tune")).toEqual(["F02", "B1", "AEW-B"]);
  expect(ids("report")).toEqual(["F04", "AEW-B"]);
  expect(ids("all")).toEqual(["F02", "F04", "B1", "AEW-B"]);
});

it("puts a score between the marks of a page, again and again", () => {
  const page = [
    "# Page",
    "<!-- Written by npm run score:tamper; everything up to its end is replaced. -->",
    "old",
    "<!-- End of what npm run score:tamper writes. -->",
    "more\n",
  ].join("\n");
  const once = withScore(page, "new\n");
  expect(once).toContain("```text\nnew\n```");
  expect(once).not.toContain("old");
  expect(once.endsWith("-->\nmore\n")).toBe(true);
  expect(withScore(once, "new\n")).toBe(once);
  expect(() => withScore("# Page\n", "new")).toThrow(RangeError);
});

describe("options", () => {
  it("are read", () => {
    expect(parseScoreOptions(["--data", "d", "--faults", "dead,stuck", "--split", "tune"])).toEqual(
      {
        data: "d",
        seed: "1",
        split: "tune",
        faults: ["stuck", "dead"],
      },
    );
  });

  it("are refused with exit code 2", () => {
    for (const argv of [
      [],
      ["--data", "d", "--faults", "rust"],
      ["--data", "d", "--split", "half"],
    ]) {
      expect(parseScoreOptions(argv)).toEqual({ exitCode: 2 });
    }
  });
});
