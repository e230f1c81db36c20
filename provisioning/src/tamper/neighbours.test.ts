import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Neighbours, readNeighbours } from "./neighbours.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-neighbours-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const interval = fc.record({
  household: fc.constantFrom("n1", "n2", "n3"),
  startMs: fc.integer({ min: 0, max: 100 }).map((minute) => minute * 60_000),
  seconds: fc.constantFrom(60, 300, 900),
  productionWh: fc.nat(100),
});
const endOf = ({ startMs, seconds }: { startMs: number; seconds: number }) =>
  startMs + seconds * 1000;

it("gives each interval once, with the first row that ends no earlier", () => {
  fc.assert(
    fc.property(fc.array(interval), fc.integer({ min: 1, max: 7 }), (intervals, minutes) => {
      const neighbours = new Neighbours(intervals);
      // Every third row is missing, as in a gap.
      const rows = Array.from({ length: 150 / minutes }, (_, index) => index)
        .filter((index) => index % 3 !== 2)
        .map((index) => ({ startMs: (10 + index * minutes) * 60_000, seconds: minutes * 60 }));
      let beforeMs = 10 * 60_000;
      for (const row of rows) {
        const expected = intervals.filter(
          (each) => endOf(each) > beforeMs && endOf(each) <= endOf(row),
        );
        const given = neighbours.endedBy(row);
        expect(given).toHaveLength(expected.length);
        expect(new Set(given)).toEqual(new Set(expected));
        beforeMs = endOf(row);
      }
    }),
    { numRuns: 30 },
  );
});

it("reads a file that lists one home after the other, and leaves out the household itself", async () => {
  const path = join(folder, "neighbours.csv");
  writeFileSync(
    path,
    [
      "ts_utc,seconds,household,production_wh",
      "2026-06-01T12:00:00Z,900,n1,1",
      "2026-06-01T12:15:00Z,900,n1,2",
      "2026-06-01T12:00:00Z,900,n2,3",
      "2026-06-01T12:00:00Z,900,own,4",
      "2026-06-01T12:15:00Z,900,n2,",
    ].join("\n"),
  );
  const warnings: string[] = [];
  const neighbours = await readNeighbours(path, "own", (sentence) => warnings.push(sentence));
  const row = { startMs: Date.parse("2026-06-01T12:00:00Z"), seconds: 1800 };
  expect(neighbours.endedBy(row).map(({ productionWh }) => productionWh)).toEqual([1, 3, 2]);
  expect(warnings).toEqual([`${path}: 1 row of own itself was passed over`]);
});
