import { fileURLToPath } from "node:url";
import { type Row, watchWiring } from "@powershare/domain/wiring";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { describeReplay } from "./describe.js";
import { readReadings } from "./readings.js";
import { Replay, tamperingFound } from "./replay.js";
import { type ReplayResult, replayResult } from "./result.js";
import { readSite } from "./site-file.js";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/tamper/${name}`, import.meta.url));
const site = await readSite(fixture("site.json"));
const exchangedFrom = "2017-03-15T22:00:00Z";

let clean: Row[];
let swapped: Row[];
beforeAll(async () => {
  [clean, swapped] = await Promise.all([rowsOf("clean.csv"), rowsOf("swapped.csv")]);
});

async function rowsOf(name: string): Promise<Row[]> {
  const rows: Row[] = [];
  await readReadings(
    fixture(name),
    () => {},
    (row) => rows.push(row),
  );
  return rows;
}

function replay(rows: readonly Row[]): ReplayResult {
  const run = new Replay(watchWiring(site), site.channels);
  for (const row of rows) run.push(row);
  return run.result();
}

describe("three weeks of a measured home", () => {
  it("say nothing but ok as they were measured", () => {
    const result = replay(clean);
    expect(result).toMatchObject({
      verdicts: [],
      final: { verdict: "ok", fault: "none" },
      days: 21,
      coverage: 1,
    });
    expect(tamperingFound(result)).toBe(false);
  });

  it("are held as swapped within 16 hours of the exchange, with what it was seen in", () => {
    const result = replay(swapped);
    const [first] = result.verdicts;
    expect(first).toMatchObject({ fault: "swapped" });
    expect(["held", "manipulated"]).toContain(first?.verdict);
    expect(Date.parse(first?.at ?? "") - Date.parse(exchangedFrom)).toBeLessThanOrEqual(
      16 * 3_600_000,
    );
    expect(first && first.from < first.to && first.to <= first.at).toBe(true);
    expect(tamperingFound(result)).toBe(true);
  });

  it("print as their schema says", () => {
    for (const rows of [clean, swapped]) {
      expect(replayResult.parse(replay(rows))).toEqual(replay(rows));
    }
  });

  it("are told to people with rule, time and what to do", () => {
    const text = describeReplay(site.householdId, replay(swapped));
    expect(text).toContain("F02: 21 days, 100 % measured");
    expect(text).toMatch(/2017-03-16 \d\d:00 {2}(held|manipulated): swapped {2}by /);
    expect(text).toMatch(/At the end: .*swapped\. Have an electrician compare the cables/);
  });
});

it("says of the beginning of a file what it says of it in the whole", () => {
  const whole = replay(swapped);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 504 }), (length) => {
      const { verdicts } = replay(swapped.slice(0, length));
      expect(verdicts).toEqual(whole.verdicts.slice(0, verdicts.length));
      const next = whole.verdicts[verdicts.length];
      const end = swapped[length - 1];
      if (next && end) {
        expect(Date.parse(next.at)).toBeGreaterThan(end.startMs + end.seconds * 1000);
      }
    }),
    { numRuns: 25 },
  );
});

describe("coverage", () => {
  const row = (hour: number, values: Partial<Row>): Row => ({
    startMs: hour * 3_600_000,
    seconds: 3600,
    ...values,
  });
  it("is the share of time and channels that was measured", () => {
    const run = new Replay(watchWiring(site), site.channels);
    run.push(row(0, { productionWh: 0, consumptionWh: 1 }));
    run.push(row(1, { productionW: 0 }));
    run.push(row(3, {}));
    expect(run.result()).toMatchObject({ days: 0.17, coverage: 0.375 });
    expect(run.coverage.unmeasured).toEqual([]);
  });

  it("names channels that no row measures", () => {
    const run = new Replay(watchWiring(site), ["production", "grid", "export"]);
    run.push(row(0, { productionWh: 0, gridL1W: 1, gridL2W: 1 }));
    expect(run.coverage.unmeasured).toEqual(["grid", "export"]);
  });
});
