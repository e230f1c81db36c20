import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { CodedError } from "@powershare/domain/errors";
import type { Channel, NeighbourProduction, Row, Site } from "@powershare/domain/wiring";

/** One measured home: who measured it and under what licence stands in its set's SOURCE.md. */
export interface Home {
  readonly id: string;
  readonly set: string;
  readonly site: Site;
  readonly rows: readonly Row[];
  /** Production of the set's other homes, in the order in which it became known. */
  readonly neighbours: readonly NeighbourProduction[];
}

interface Place {
  readonly set: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly channels: readonly Channel[];
  /** By home, in W: nominal where the origin states it, else what the data reach. */
  readonly peakW: Readonly<Record<string, number>>;
  /** Rows before are not scored, as SOURCE.md says why. */
  readonly from?: string;
}

const gross = ["production", "consumption"] as const;

const places: readonly Place[] = [
  {
    set: "fontana",
    latitude: 34.09,
    longitude: -117.44,
    channels: gross,
    // Nominal power in the origin's schema.json.
    peakW: {
      F02: 4000,
      F03: 4000,
      F04: 5000,
      F05: 4000,
      F06: 4000,
      F09: 4000,
      F12: 5000,
      F14: 5000,
      F16: 5000,
    },
  },
  {
    set: "bondi",
    latitude: -33.89,
    longitude: 151.27,
    channels: ["production", "import"],
    peakW: { B1: 2000, B3: 2000, B4: 2000 },
    from: "2016-08-19T00:00:00Z",
  },
  {
    set: "aew",
    latitude: 47.4,
    longitude: 8.1,
    channels: ["production", "import", "export"],
    peakW: { "AEW-B": 165_000 },
  },
  {
    set: "aew",
    latitude: 47.4,
    longitude: 8.1,
    channels: ["import", "export"],
    peakW: { "AEW-C": 165_000 },
  },
  {
    set: "ausgrid12",
    latitude: -33.8,
    longitude: 151.2,
    channels: gross,
    peakW: { AUS12: 1040 },
  },
];

/**
 * Reads the homes of a folder with the sets `fontana`, `bondi`, `aew` and `ausgrid12`; each has
 * `readings.csv.gz` with `household, ts_utc, minutes, pv_kwh, load_kwh, import_kwh, export_kwh`.
 *
 * @throws CodedError `simulator.series` where a file or a home's rows are missing or have another shape
 */
export function loadHomes(directory: string): Home[] {
  return places.flatMap((place) => {
    const readings = readSet(directory, place.set);
    const production = productionIn(readings);
    return Object.entries(place.peakW).map(([id, peakW]) =>
      homeOf(
        { id, place, peakW },
        readings.get(id) ?? [],
        production.filter(({ household }) => household !== id),
      ),
    );
  });
}

interface Cells {
  readonly startMs: number;
  readonly seconds: number;
  readonly wh: Readonly<Record<Channel, number | undefined>>;
}

function homeOf(
  { id, place, peakW }: { id: string; place: Place; peakW: number },
  cells: readonly Cells[],
  neighbours: readonly NeighbourProduction[],
): Home {
  const { channels, latitude, longitude } = place;
  const fromMs = Date.parse(place.from ?? "1970-01-01T00:00:00Z");
  const rows = cells
    .filter(({ startMs }) => startMs >= fromMs)
    .map((each) => rowOf(each, channels));
  const first = rows[0];
  if (first === undefined) throw new CodedError("simulator.series", `no rows of household ${id}`);
  const site: Site = {
    householdId: id,
    latitude,
    longitude,
    pv: { peakW, azimuthDeg: null, tiltDeg: null },
    storage: "none",
    ev: false,
    phases: 1,
    commissionedAt: new Date(first.startMs).toISOString(),
    channels: [...channels],
    neighbours: null,
  };
  return { id, set: place.set, site, rows, neighbours };
}

function rowOf({ startMs, seconds, wh }: Cells, channels: readonly Channel[]): Row {
  const row: { -readonly [Name in keyof Row]: Row[Name] } = { startMs, seconds };
  for (const channel of channels) {
    const value = wh[channel];
    if (value !== undefined && channel !== "grid") row[`${channel}Wh`] = value;
  }
  return row;
}

/** Production of all homes of a set, in the order in which it became known. */
function productionIn(set: ReadonlyMap<string, readonly Cells[]>): NeighbourProduction[] {
  const all: NeighbourProduction[] = [];
  for (const [household, cells] of set) {
    for (const { startMs, seconds, wh } of cells) {
      if (wh.production === undefined) continue;
      all.push({ household, startMs, seconds, productionWh: wh.production });
    }
  }
  return all.sort((a, b) => a.startMs - b.startMs);
}

function readSet(directory: string, set: string): Map<string, Cells[]> {
  const path = join(directory, set, "readings.csv.gz");
  const homes = new Map<string, Cells[]>();
  for (const [index, line] of linesOf(path).entries()) {
    if (index === 0 || line === "") continue;
    const [household = "", at = "", minutes, pv, load, imported, exported] = line.split(",");
    const cells = {
      startMs: Date.parse(at),
      seconds: Number(minutes) * 60,
      wh: {
        production: wattHours(pv),
        consumption: wattHours(load),
        import: wattHours(imported),
        export: wattHours(exported),
        grid: undefined,
      },
    };
    if (!(cells.startMs > 0 && cells.seconds > 0)) {
      throw new CodedError(
        "simulator.series",
        `${path}:${index + 1}: no household, ts_utc, minutes`,
      );
    }
    const known = homes.get(household);
    if (known) known.push(cells);
    else homes.set(household, [cells]);
  }
  return homes;
}

function linesOf(path: string): string[] {
  try {
    return gunzipSync(readFileSync(path)).toString("utf8").split(/\r?\n/);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("simulator.series", `cannot read ${path}: ${reason}`, { cause });
  }
}

/** Tenths of a mWh are below what any of the meters resolves. */
function wattHours(kwh: string | undefined): number | undefined {
  return kwh === undefined || kwh === ""
    ? undefined
    : Math.round(Number(kwh) * 10_000_000) / 10_000;
}
