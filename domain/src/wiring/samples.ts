import type { Site } from "./site.js";
import type { Row } from "./types.js";

/** Mean powers over an interval, W; what was not measured is left out. `grid` is + for import. */
export interface Sample {
  readonly startMs: number;
  readonly endMs: number;
  readonly production?: number;
  readonly consumption?: number;
  readonly import?: number;
  readonly export?: number;
  readonly grid?: number;
}

/**
 * Mean powers of a row, from whichever column holds them. Grid power stands for import and export
 * where they have no columns of their own, and the other way round.
 */
export function sampleOf(row: Row): Sample {
  const perHour = 3600 / row.seconds;
  const energy = (wh: number | undefined) => (wh === undefined ? undefined : wh * perHour);
  const imported = energy(row.importWh);
  const exported = energy(row.exportWh);
  const grid =
    row.gridW ??
    (imported === undefined || exported === undefined ? undefined : imported - exported);
  return {
    startMs: row.startMs,
    endMs: row.startMs + row.seconds * 1000,
    ...present("production", energy(row.productionWh) ?? row.productionW),
    ...present("consumption", energy(row.consumptionWh) ?? row.consumptionW),
    ...present("import", imported ?? (grid === undefined ? undefined : Math.max(0, grid))),
    ...present("export", exported ?? (grid === undefined ? undefined : Math.max(0, -grid))),
    ...present("grid", grid),
  };
}

function present(
  power: Exclude<keyof Sample, "startMs" | "endMs">,
  value: number | undefined,
): Partial<Sample> {
  return value === undefined ? {} : { [power]: value };
}

/**
 * What stands for the house where it is compared with production: its consumption, or else what it takes from
 * the grid. Where it has storage, import does not stand in for single readings of consumption that are missing.
 */
export function houseOf(
  { consumption, import: imported }: Sample,
  { storage, channels }: Site,
): number | undefined {
  const standsIn = storage === "none" || !channels.includes("consumption");
  return consumption ?? (standsIn ? imported : undefined);
}
