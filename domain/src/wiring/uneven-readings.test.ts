import { describe, expect, it } from "vitest";
import { type HouseRow, simulatedHouse } from "../testing/simulated-house.js";
import { dead } from "./dead.js";
import { derivedConsumption } from "./derived-consumption.js";
import { nightProduction } from "./night-production.js";
import { type Running, startRules } from "./running.js";
import type { Channel, Site } from "./site.js";
import type { Row } from "./types.js";
import { watchWiring } from "./watch.js";

const startMs = Date.UTC(2026, 3, 1);
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const rows = simulatedHouse({
  latitude: 38.7,
  longitude: -9.1,
  startMs,
  days: 50,
  seconds: 3600,
  peakW: 4000,
  azimuthDeg: 200,
  tiltDeg: 25,
  baseW: 250,
  seed: 5,
});
const faultMs = startMs + 33.5 * dayMs;

function siteOf(channels: readonly Channel[], over: Partial<Site> = {}): Site {
  return {
    householdId: "h1",
    latitude: 38.7,
    longitude: -9.1,
    pv: { peakW: 4000, azimuthDeg: null, tiltDeg: null },
    storage: "none",
    ev: false,
    phases: 1,
    commissionedAt: "2026-04-01T00:00:00Z",
    channels: [...channels],
    neighbours: null,
    ...over,
  };
}

function judgements(site: Site, readings: readonly Row[]) {
  const watch = watchWiring(site);
  return readings.flatMap((row) => watch.push(row) ?? []);
}

function holds(site: Site, readings: readonly Row[]) {
  const found = judgements(site, readings);
  return found.filter(({ verdict }) => verdict === "held" || verdict === "manipulated");
}

const isHeld = (running: Running) =>
  running.found().some(({ finding }) => finding.says === "wrong" && finding.verdict === "held");

const both = (row: HouseRow): Row => ({
  startMs: row.startMs,
  seconds: row.seconds,
  productionWh: row.productionWh,
  consumptionWh: row.consumptionWh,
});
const signedGrid = (row: HouseRow): Row => ({
  startMs: row.startMs,
  seconds: row.seconds,
  productionWh: row.productionWh,
  gridW: row.importWh - row.exportWh,
});
const from =
  (change: (row: Row) => Row) =>
  (row: Row): Row =>
    row.startMs < faultMs ? row : change(row);

/** One reading of eleven is missing, so that few days are whole. */
const withGaps = (row: Row, i: number): Row => {
  const { productionWh: _, ...rest } = row;
  return (i * 7) % 11 === 0 ? rest : row;
};

describe("with a reading missing on every day,", () => {
  const site = siteOf(["production", "consumption"]);
  it.each<[string, (row: Row) => Row, string]>([
    [
      "half of production",
      (row) => ({ ...row, productionWh: (row.productionWh ?? 0) / 2 }),
      "partial",
    ],
    [
      "ten times the production",
      (row) => ({ ...row, productionWh: 10 * (row.productionWh ?? 0) }),
      "scaled",
    ],
    [
      "twice the production",
      (row) => ({ ...row, productionWh: 2 * (row.productionWh ?? 0) }),
      "scaled",
    ],
    ["a clock an hour fast", (row) => ({ ...row, startMs: row.startMs + hourMs }), "clock-shift"],
  ])("%s is found in a fortnight", (_, change, fault) => {
    const [first] = holds(site, rows.map(both).map(from(change)).map(withGaps));
    expect(first).toMatchObject({ fault });
    expect((first?.atMs ?? 0) - faultMs).toBeGreaterThan(0);
    expect((first?.atMs ?? 0) - faultMs).toBeLessThan(14.5 * dayMs);
  });

  it("a house that is wired right is not held", () => {
    expect(holds(site, rows.map(both).map(withGaps))).toEqual([]);
  });
});

describe("a fault is called by its name", () => {
  it("where production repeats in the dark what it read at noon", () => {
    const site = siteOf(["production", "consumption"]);
    const stuck = rows.map(both).map(from((row) => ({ ...row, productionWh: 1234 })));
    const names = new Set(holds(site, stuck).map(({ fault }) => fault));
    expect([...names]).toEqual(["stuck"]);
  });

  it("where the clamp at the grid sees less than half, both ways", () => {
    const site = siteOf(["production", "grid"]);
    const partial = rows
      .map(signedGrid)
      .map(from((row) => ({ ...row, gridW: 0.4 * (row.gridW ?? 0) })));
    expect(holds(site, partial).at(-1)).toMatchObject({ fault: "partial" });
  });

  it("where consumption is production less grid power, without its sign", () => {
    const mirror = (row: Row): Row => {
      const consumptionWh = Math.abs(2 * (row.productionWh ?? 0) - (row.consumptionWh ?? 0));
      return { ...row, consumptionWh };
    };
    const site = siteOf(["production", "consumption"]);
    const [first] = holds(site, rows.map(both).map(from(mirror)));
    expect(first).toMatchObject({ fault: "reversed", rule: "derived-consumption" });
    expect((first?.atMs ?? 0) - faultMs).toBeLessThan(14 * dayMs);
  });

  it("where one phase is turned after a month", () => {
    const site = siteOf(["production", "grid"], { phases: 3 });
    const phases = (row: HouseRow): Row => {
      const turned = row.startMs < faultMs ? 1 : -1;
      const third = row.consumptionWh / 3;
      const l1 = third - row.productionWh;
      return {
        ...signedGrid(row),
        gridW: l1 + third + turned * third,
        gridL1W: l1,
        gridL2W: turned * third,
        gridL3W: third,
      };
    };
    const [first] = holds(site, rows.map(phases));
    expect(first).toMatchObject({ fault: "phase-reversed" });
    expect((first?.atMs ?? 0) - faultMs).toBeLessThan(3 * dayMs);
  });
});

describe("not held is", () => {
  it("a house whose people were away for three nights, with nothing on", () => {
    const site = siteOf(["production", "consumption"]);
    const running = startRules(site, [derivedConsumption]);
    for (const row of rows.slice(0, 5 * 24)) {
      const hours = (row.startMs - startMs) / hourMs;
      const away = hours < 7 || (hours > 17 && hours < 80);
      running.push({
        ...both(row),
        consumptionWh: away ? 5 : Math.max(30, 1.6 * row.productionWh),
      });
      expect(isHeld(running)).toBe(false);
    }
  });

  it("a house on its battery, where single readings of its consumption are missing", () => {
    const site = siteOf(["production", "consumption", "grid"], { storage: "dc" });
    const running = startRules(site, [nightProduction]);
    for (const [i, row] of rows.slice(0, 72).entries()) {
      const discharging = row.productionWh === 0;
      running.push({
        startMs: row.startMs,
        seconds: row.seconds,
        productionWh: discharging ? row.consumptionWh : row.productionWh,
        gridW: 0,
        ...(i % 2 === 0 && { consumptionWh: row.consumptionWh }),
      });
      expect(isHeld(running)).toBe(false);
    }
  });

  it("a large load that takes all the sun of some dull days", () => {
    const running = startRules(siteOf(["production", "grid"]), [dead]);
    for (const row of rows.slice(0, 27 * 24)) {
      const isDull = row.startMs > startMs + 20 * dayMs;
      const production = isDull ? Math.min(500, row.productionWh) : row.productionWh;
      const bySun = isDull ? production + 60 : row.consumptionWh;
      const load = row.productionWh === 0 ? 2500 : bySun;
      running.push({ ...signedGrid(row), productionWh: production, gridW: load - production });
      expect(isHeld(running)).toBe(false);
    }
  });

  it("a house that has next to nothing left for the grid on dull days", () => {
    const running = startRules(siteOf(["import", "export"]), [dead]);
    for (const row of rows.slice(0, 27 * 24)) {
      const isDull = row.startMs > startMs + 20 * dayMs;
      const left = row.productionWh > 300 ? 3 : 0;
      const { importWh, exportWh } = row;
      running.push({
        startMs: row.startMs,
        seconds: row.seconds,
        importWh: isDull && left > 0 ? 2 : importWh,
        exportWh: isDull ? left : exportWh,
      });
      expect(isHeld(running)).toBe(false);
    }
  });

  it("one clear day after weeks of cloud", () => {
    const site = siteOf(["production", "consumption"]);
    const clear = startMs + 40 * dayMs;
    const dull = rows
      .map(both)
      .map((row) =>
        row.startMs >= clear && row.startMs < clear + dayMs
          ? row
          : { ...row, productionWh: Math.min(900, 0.4 * (row.productionWh ?? 0)) },
      );
    expect(holds(site, dull)).toEqual([]);
  });

  it("a roof under snow that lets a twentieth of the sun through", () => {
    const site = siteOf(["production", "consumption"]);
    const snowed = rows
      .map(both)
      .map((row) =>
        row.startMs < faultMs - 5 * dayMs
          ? row
          : { ...row, productionWh: 0.05 * (row.productionWh ?? 0) },
      );
    expect(holds(site, snowed)).toEqual([]);
    const gone = rows
      .map(both)
      .map((row) =>
        row.startMs > startMs + 21 * dayMs
          ? row
          : { ...row, productionWh: 0.05 * (row.productionWh ?? 0) },
      );
    expect(holds(site, gone)).toEqual([]);
    // From the first day on, and with consumption that is worked out from it.
    const derived = rows.map((row) => ({
      ...both(row),
      productionWh: 0.05 * row.productionWh,
      consumptionWh: Math.max(0, row.consumptionWh - 0.95 * row.productionWh),
    }));
    expect(holds(site, derived)).toEqual([]);
  });

  it("a generator whose battery, in its own line, takes all of the sun for two weeks", () => {
    const site = siteOf(["production", "consumption"], { storage: "dc" });
    const charging = rows.map(both).map(from((row) => ({ ...row, productionWh: 0 })));
    const found = judgements(site, charging);
    expect(found).toContainEqual(expect.objectContaining({ verdict: "suspect", fault: "dead" }));
    expect(holds(site, charging)).toEqual([]);
  });
});
