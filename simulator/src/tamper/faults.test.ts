import { columns, type Row } from "@powershare/domain/wiring";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../random.js";
import { syntheticHome } from "../testing/synthetic-home.js";
import { faultVariants, injectedFaults } from "./faults.js";
import type { Home } from "./homes.js";
import type { InjectedFault } from "./injection.js";
import { homeIn, type View, viewsOf } from "./views.js";

const days = 60;
const measured = [
  syntheticHome(["production", "consumption"], days),
  syntheticHome(["production", "import"], days),
  syntheticHome(["production", "import", "export"], days),
  syntheticHome(["import", "export"], days),
];
const from = 30 * 24 + 12;

interface Way {
  readonly fault: InjectedFault;
  readonly variant: string;
  readonly view: View;
  readonly home: Home;
}
const ways: Way[] = injectedFaults.flatMap((fault) =>
  measured.flatMap((home) =>
    viewsOf(home).flatMap((view) => {
      const seen = homeIn(view, home, "1");
      return faultVariants[fault]
        .filter(({ applies }) => applies(seen.site.channels, view))
        .map(({ name }) => ({ fault, variant: name, view, home: seen }));
    }),
  ),
);
const named = ways.map(
  (way) =>
    [way.fault, way.variant, `${way.home.site.channels.join("+")}, ${way.view}`, way] as const,
);

function inject({ fault, variant, home }: Way, seed = "s") {
  const found = faultVariants[fault].find(({ name }) => name === variant);
  if (!found) throw new RangeError(variant);
  return found.inject(home.rows, from, new SeededRandom(seed), home.site);
}

const wayOf = (
  fault: InjectedFault,
  variant: string,
  channels: number,
  view: View = "measured",
) => {
  const home = measured[channels];
  if (!home) throw new RangeError("no such home");
  return { fault, variant, view, home: homeIn(view, home, "1") };
};

const sum = (rows: readonly Row[], column: (typeof columns)[number]) =>
  rows.reduce((total, row) => total + (row[column] ?? 0), 0);

describe("every way in which a fault shows", () => {
  it.each(named)("%s: %s, %s", (_fault, _variant, _channels, way) => {
    const { rows, from: changedFrom } = inject(way);
    expect(changedFrom).toBeGreaterThanOrEqual(from);
    const text = (some: readonly Row[]) => JSON.stringify(some);
    expect(text(rows.slice(0, changedFrom))).toBe(text(way.home.rows.slice(0, changedFrom)));
    expect(text(rows.slice(changedFrom))).not.toBe(text(way.home.rows.slice(changedFrom)));
    for (const [index, row] of rows.entries()) {
      const before = rows[index - 1];
      if (before && row.startMs < before.startMs + before.seconds * 1000) {
        throw new RangeError(`row ${index} overlaps the one before`);
      }
      for (const column of columns) {
        if (row[column] !== undefined && !Number.isFinite(row[column]))
          throw new RangeError(column);
      }
    }
    expect(text(inject(way).rows)).toBe(text(rows));
  });

  it("is met by every fault and every view", () => {
    expect(new Set(ways.map(({ fault }) => fault))).toEqual(new Set(injectedFaults));
    expect(new Set(ways.map(({ view }) => view))).toEqual(new Set(["measured", "grid", "phases"]));
  });
});

describe("what the meters show", () => {
  it("of cables exchanged at the connection: import is what was produced", () => {
    const way = wayOf("swapped", "production-connection", 2);
    const [shown, honest] = [inject(way).rows.at(from + 1), way.home.rows.at(from + 1)];
    expect(shown?.importWh).toBe(honest?.productionWh);
    expect(shown).toMatchObject({ exportWh: 0, productionWh: honest?.importWh });
  });

  it("of a consumption derived with the wrong sign: twice the production less the load, or nothing", () => {
    const way = wayOf("reversed", "consumption-derived", 0);
    const { rows } = inject(way);
    for (const [index, honest] of way.home.rows.entries()) {
      if (index < from) continue;
      const { productionWh = 0, consumptionWh = 0 } = honest;
      expect(rows[index]?.consumptionWh).toBeCloseTo(Math.max(0, 2 * productionWh - consumptionWh));
    }
  });

  it("of one clamp of three: the sum of the phases that are shown", () => {
    const way = wayOf("phase-reversed", "one-of-three", 0, "phases");
    for (const { gridW = 0, gridL1W = 0, gridL2W = 0, gridL3W = 0 } of inject(way).rows) {
      expect(gridL1W + gridL2W + gridL3W).toBeCloseTo(gridW);
    }
  });

  it("of a partial channel: 20 to 65 percent of the truth", () => {
    for (const seed of ["a", "b", "c", "d", "e"]) {
      const way = wayOf("partial", "production", 2);
      const share =
        sum(inject(way, seed).rows.slice(from), "productionWh") /
        sum(way.home.rows.slice(from), "productionWh");
      expect(share).toBeGreaterThanOrEqual(0.2);
      expect(share).toBeLessThan(0.65);
    }
  });

  it("of a stuck channel: the last value, which is not 0", () => {
    const { rows, from: first } = inject(wayOf("stuck", "production", 0));
    const values = new Set(rows.slice(first).map(({ productionWh }) => productionWh));
    expect([...values]).toEqual([rows[first - 1]?.productionWh]);
    expect(values).not.toContain(0);
  });

  it.each([
    ["set-forward", 2],
    ["set-back", 0],
  ])("of a clock that is %s: %d hours from row to row", (variant, hours) => {
    const { rows } = inject(wayOf("clock-shift", variant, 0));
    const [before, after] = [rows[from - 1], rows[from]];
    const step = ((after?.startMs ?? 0) - (before?.startMs ?? 0)) / 3_600_000;
    // Set back, the rows that would come a second time are not kept.
    expect(step).toBe(Math.max(1, hours));
  });

  it("of days that are replayed: nothing that was not there before", () => {
    const { rows } = inject(wayOf("replayed", "all", 0));
    const known = new Set(
      rows
        .slice(0, from)
        .map(({ productionWh, consumptionWh }) => `${productionWh}/${consumptionWh}`),
    );
    const unknown = rows
      .slice(from)
      .filter((row) => !known.has(`${row.productionWh}/${row.consumptionWh}`));
    expect(unknown).toEqual([]);
  });

  it("of a battery sold as solar: more production in the evening, more load at night", () => {
    const way = wayOf("storage-as-solar", "evening", 0);
    const byHour = (rows: readonly Row[], hour: number) =>
      rows.filter((_, index) => index >= from && index % 24 === hour);
    const { rows } = inject(way);
    expect(sum(byHour(rows, 19), "productionWh")).toBeGreaterThan(
      sum(byHour(way.home.rows, 19), "productionWh"),
    );
    expect(sum(byHour(rows, 2), "consumptionWh")).toBeGreaterThan(
      sum(byHour(way.home.rows, 2), "consumptionWh"),
    );
    expect(sum(byHour(rows, 12), "productionWh")).toBeCloseTo(
      sum(byHour(way.home.rows, 12), "productionWh"),
    );
  });
});
