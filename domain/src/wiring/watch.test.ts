import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HouseOptions, type HouseRow, simulatedHouse } from "../testing/simulated-house.js";
import type { Channel, Site } from "./site.js";
import type { Judgement, Row } from "./types.js";
import { watchWiring } from "./watch.js";

const startMs = Date.UTC(2026, 2, 10);
const lisbon: HouseOptions = {
  latitude: 38.7,
  longitude: -9.1,
  startMs,
  days: 12,
  seconds: 3600,
  peakW: 4000,
  azimuthDeg: 180,
  tiltDeg: 30,
  baseW: 150,
  seed: 1,
};

function siteOf(house: HouseOptions, over: Partial<Site> = {}): Site {
  return {
    householdId: "h1",
    latitude: house.latitude,
    longitude: house.longitude,
    pv: { peakW: house.peakW, azimuthDeg: null, tiltDeg: null },
    storage: "none",
    ev: false,
    phases: 1,
    commissionedAt: new Date(house.startMs).toISOString(),
    channels: ["production", "consumption"],
    neighbours: null,
    ...over,
  };
}

function watched(site: Site, rows: readonly Row[]) {
  const watch = watchWiring(site);
  const judgements = rows.flatMap((row) => watch.push(row) ?? []);
  return { judgements, epochs: watch.epochs(), last: watch.judgement() };
}

function firstHold(judgements: readonly Judgement[]): Judgement | undefined {
  return judgements.find(({ verdict }) => verdict === "held" || verdict === "manipulated");
}

/** What is left of a house's row where only these are measured. */
type View = (row: HouseRow) => Row;
const both: View = ({ startMs, seconds, productionWh, consumptionWh }) => ({
  startMs,
  seconds,
  productionWh,
  consumptionWh,
});
const threeRegisters: View = ({ startMs, seconds, productionWh, importWh, exportWh }) => ({
  startMs,
  seconds,
  productionWh,
  importWh,
  exportWh,
});

const views: Readonly<
  Record<string, { channels: readonly Channel[]; clean: View; swapped: View }>
> = {
  "production and consumption": {
    channels: ["production", "consumption"],
    clean: both,
    swapped: (row) => ({
      ...both(row),
      productionWh: row.consumptionWh,
      consumptionWh: row.productionWh,
    }),
  },
  "production and import": {
    channels: ["production", "import"],
    clean: ({ startMs, seconds, productionWh, importWh }) => ({
      startMs,
      seconds,
      productionWh,
      importWh,
    }),
    swapped: ({ startMs, seconds, productionWh, importWh }) => ({
      startMs,
      seconds,
      productionWh: importWh,
      importWh: productionWh,
    }),
  },
  "production, import and export": {
    channels: ["production", "import", "export"],
    clean: threeRegisters,
    swapped: (row) => ({
      ...threeRegisters(row),
      productionWh: row.importWh,
      importWh: row.productionWh,
    }),
  },
  "powers of production and grid": {
    channels: ["production", "grid"],
    clean: ({ startMs, seconds, productionWh, importWh, exportWh }) => ({
      startMs,
      seconds,
      productionW: (productionWh * 3600) / seconds,
      gridW: ((importWh - exportWh) * 3600) / seconds,
    }),
    swapped: ({ startMs, seconds, productionWh, importWh, exportWh }) => ({
      startMs,
      seconds,
      productionW: ((importWh - exportWh) * 3600) / seconds,
      gridW: (productionWh * 3600) / seconds,
    }),
  },
};

const anyHouse = fc.record({
  latitude: fc.integer({ min: -60, max: 60 }),
  longitude: fc.integer({ min: -180, max: 180 }),
  startMs: fc
    .integer({ min: 0, max: 365 * 24 })
    .map((hours) => Date.UTC(2026, 0) + hours * 3_600_000),
  days: fc.constant(5),
  seconds: fc.constantFrom(1800, 3600),
  peakW: fc.integer({ min: 1000, max: 10_000 }),
  azimuthDeg: fc.integer({ min: 0, max: 359 }),
  tiltDeg: fc.integer({ min: 0, max: 45 }),
  baseW: fc.integer({ min: 80, max: 600 }),
  seed: fc.integer(),
});
const anyView = fc.constantFrom(...Object.values(views));
const runs = { numRuns: 5 };

describe("a house that is wired right", () => {
  it("is never held, wherever it stands", () => {
    fc.assert(
      fc.property(anyHouse, anyView, (house, { channels, clean }) => {
        const rows = simulatedHouse(house).map(clean);
        const { judgements } = watched(siteOf(house, { channels: [...channels] }), rows);
        expect(firstHold(judgements)).toBeUndefined();
      }),
      runs,
    );
  });

  it.each([-3600, 3600])("is not held for a clock that is %d s off", (seconds) => {
    const rows = simulatedHouse(lisbon)
      .map(both)
      .map((row) => ({ ...row, startMs: row.startMs + seconds * 1000 }));
    expect(firstHold(watched(siteOf(lisbon), rows).judgements)).toBeUndefined();
  });

  it("is proven by a night and a day, and again after a gap", () => {
    const rows = simulatedHouse(lisbon).map(both);
    const gap = rows.filter((_, hour) => hour < 100 || hour > 102);
    const { epochs } = watched(siteOf(lisbon), gap);
    expect(epochs.map(({ fromMs, state }) => ({ fromMs, state }))).toEqual([
      { fromMs: startMs, state: "proven" },
      { fromMs: startMs + 103 * 3_600_000, state: "proven" },
    ]);
  });

  it("is not yet proven by its first night, and says why", () => {
    const { epochs, judgements } = watched(siteOf(lisbon), simulatedHouse(lisbon).slice(0, 6));
    expect(judgements).toEqual([]);
    expect(epochs).toEqual([{ fromMs: startMs, state: "unproven", reason: "commissioned" }]);
  });
});

describe("exchanged cables", () => {
  it("are found within 40 hours from the first row, wherever the house stands", () => {
    fc.assert(
      fc.property(anyHouse, anyView, (house, { channels, swapped }) => {
        const rows = simulatedHouse(house).map(swapped);
        const { judgements, epochs, last } = watched(
          siteOf(house, { channels: [...channels] }),
          rows,
        );
        const hold = firstHold(judgements);
        expect(hold).toBeDefined();
        // A dull first day may look like a house that lives on a battery.
        expect(last.fault).toBe("swapped");
        expect((hold?.atMs ?? 0) - house.startMs).toBeLessThanOrEqual(40 * 3_600_000);
        expect(epochs.every(({ state }) => state === "unproven")).toBe(true);
      }),
      runs,
    );
  });

  it.each<[string, View]>([
    [
      "the panels' meter in the house's own line",
      (row) => ({ ...threeRegisters(row), productionWh: row.consumptionWh }),
    ],
    [
      "production and export",
      (row) => ({ ...threeRegisters(row), productionWh: row.exportWh, exportWh: row.productionWh }),
    ],
  ])("are named: %s", (_, view) => {
    const site = siteOf(lisbon, { channels: ["production", "import", "export"] });
    const { judgements, last } = watched(site, simulatedHouse(lisbon).map(view));
    expect(firstHold(judgements)?.fault).toBe("swapped");
    expect(last.fault).toBe("swapped");
  });

  it("are found where the sun does not set", () => {
    const tromso = { ...lisbon, latitude: 69.6, longitude: 18.9, startMs: Date.UTC(2026, 5, 10) };
    const { swapped } = views["production and consumption"] ?? { swapped: both };
    const { last } = watched(siteOf(tromso), simulatedHouse(tromso).map(swapped));
    expect(last).toMatchObject({ fault: "swapped", rule: "day-shape" });
  });

  it("are not what a dead production meter looks like", () => {
    const rows = simulatedHouse(lisbon).map((row, hour) => ({
      ...both(row),
      productionWh: hour < 200 ? row.productionWh : 0,
    }));
    const { judgements } = watched(siteOf(lisbon), rows);
    expect(judgements.map(({ fault }) => fault)).not.toContain("swapped");
  });

  it("are held by rules of two families where the house was known before", () => {
    const { clean, swapped } = views["production and consumption"] ?? {
      clean: both,
      swapped: both,
    };
    const faultHour = 200;
    const rows = simulatedHouse(lisbon).map((row, hour) =>
      hour < faultHour ? clean(row) : swapped(row),
    );
    const { judgements, last } = watched(siteOf(lisbon), rows);
    const hold = firstHold(judgements);
    expect(hold?.fault).toBe("swapped");
    expect((hold?.atMs ?? 0) - startMs).toBeGreaterThan(faultHour * 3_600_000);
    expect((hold?.atMs ?? 0) - startMs).toBeLessThanOrEqual((faultHour + 16) * 3_600_000);
    expect(last).toMatchObject({ verdict: "manipulated", fault: "swapped" });
  });

  it("are forgiven once they are back where they belong", () => {
    const { clean, swapped } = views["production and consumption"] ?? {
      clean: both,
      swapped: both,
    };
    const rows = simulatedHouse(lisbon).map((row, hour) => (hour < 48 ? swapped(row) : clean(row)));
    expect(watched(siteOf(lisbon), rows).last).toMatchObject({ verdict: "ok", fault: "none" });
  });

  it("are judged by no later row", () => {
    const { swapped } = views["production and import"] ?? { swapped: both };
    const rows = simulatedHouse({ ...lisbon, days: 3 }).map(swapped);
    const site = siteOf(lisbon, { channels: ["production", "import"] });
    const whole = watched(site, rows).judgements;
    for (let hours = 1; hours < rows.length; hours += 7) {
      const part = watched(site, rows.slice(0, hours)).judgements;
      expect(part).toEqual(whole.slice(0, part.length));
    }
  });
});

describe("a clamp the wrong way round", () => {
  const derived = ({ productionWh, consumptionWh }: HouseRow) => 2 * productionWh - consumptionWh;
  it.each<[string, readonly Channel[], View]>([
    [
      "consumption worked out from it, below zero set to zero",
      ["production", "consumption"],
      (row) => ({ ...both(row), consumptionWh: Math.max(0, derived(row)) }),
    ],
    [
      "consumption worked out from it",
      ["production", "consumption"],
      (row) => ({ ...both(row), consumptionWh: derived(row) }),
    ],
    [
      "import and export registers",
      ["production", "import", "export"],
      (row) => ({ ...threeRegisters(row), importWh: row.exportWh, exportWh: row.importWh }),
    ],
    [
      "registers, and nothing measured at the panels",
      ["import", "export"],
      ({ startMs, seconds, importWh, exportWh }) => ({
        startMs,
        seconds,
        importWh: exportWh,
        exportWh: importWh,
      }),
    ],
    [
      "grid power",
      ["grid"],
      ({ startMs, seconds, importWh, exportWh }) => ({
        startMs,
        seconds,
        gridW: ((exportWh - importWh) * 3600) / seconds,
      }),
    ],
  ])("is named: %s", (_, channels, view) => {
    const rows = simulatedHouse(lisbon).map(view);
    const { judgements, last } = watched(siteOf(lisbon, { channels: [...channels] }), rows);
    expect(firstHold(judgements)?.fault).toBe("reversed");
    expect(last.fault).toBe("reversed");
  });

  it("is found in a home that had it", () => {
    const csv = new URL("../testing/fixtures/fontana-f12/readings.csv", import.meta.url);
    const [, ...lines] = readFileSync(csv, "utf8").trim().split("\n");
    const rows = lines.map((line): Row => {
      const [, instant = "", minutes, productionKwh, consumptionKwh] = line.split(",");
      return {
        startMs: Date.parse(instant),
        seconds: Number(minutes) * 60,
        productionWh: Number(productionKwh) * 1000,
        consumptionWh: Number(consumptionKwh) * 1000,
      };
    });
    const fontana = siteOf({ ...lisbon, latitude: 34.09, longitude: -117.44 });
    expect(watched(fontana, rows).last).toMatchObject({
      verdict: "held",
      fault: "reversed",
      rule: "derived-consumption",
    });
  });
});

describe("a battery", () => {
  const isEvening = ({ startMs }: Row) => new Date(startMs).getUTCHours() >= 19;
  const discharging: View = (row) => ({
    ...both(row),
    productionWh: row.productionWh + (isEvening(row) ? 1500 : 0),
  });
  const rows = simulatedHouse(lisbon).map(discharging);

  it("that is counted as the sun is found at night", () => {
    const { last } = watched(siteOf(lisbon), rows);
    expect(last).toMatchObject({ verdict: "held", fault: "storage-as-solar" });
  });

  it("that gives before it is dark is found by the evenings before", () => {
    const summer = { ...lisbon, startMs: Date.UTC(2026, 4, 1), days: 30 };
    const isAfternoon = ({ startMs }: Row) => [17, 18].includes(new Date(startMs).getUTCHours());
    const rows = simulatedHouse(summer).map((row, hour) => ({
      ...both(row),
      productionWh: row.productionWh + (hour > 24 * 25 && isAfternoon(row) ? 2500 : 0),
    }));
    const { judgements } = watched(siteOf(summer), rows);
    expect(firstHold(judgements)).toMatchObject({
      fault: "storage-as-solar",
      rule: "clear-sky-cap",
    });
  });

  it.each(["ac", "dc"] as const)("that is declared (%s) is only suspected", (storage) => {
    const { judgements } = watched(siteOf(lisbon, { storage }), rows);
    expect(judgements.map(({ verdict }) => verdict)).toContain("suspect");
    expect(firstHold(judgements)).toBeUndefined();
  });
});
