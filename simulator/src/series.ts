import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CodedError } from "@powershare/domain/errors";
import { SeededRandom } from "./random.js";

/** Measured energy of one home in steps of equal length. */
export interface Series {
  readonly startMs: number;
  readonly stepMs: number;
  readonly productionWh: readonly number[];
  readonly consumptionWh: readonly number[];
}

export type FixtureName = "fontana" | "ausgrid12";

/** Reads one home of a fixture that ships with the simulator; origin and licence stand in its SOURCE.md. */
export function loadFixture(name: FixtureName, household: string): Series {
  const path = fileURLToPath(new URL(`../fixtures/${name}/readings.csv`, import.meta.url));
  return parseSeries(readFileSync(path, "utf8"), household);
}

/**
 * Reads the rows of one home from CSV with the columns `household, ts_utc, minutes, pv_kwh, load_kwh`.
 * @throws CodedError `simulator.series` if a row has another shape, or steps are not contiguous.
 */
export function parseSeries(csv: string, household: string): Series {
  const rows = csv
    .split("\n")
    .map((line, index) => ({ cells: line.trim().split(","), line: index + 1 }))
    .filter(({ cells }) => cells[0] === household)
    .map(({ cells, line }) => parseRow(cells, line));
  const first = rows[0];
  if (first === undefined) {
    throw new CodedError("simulator.series", `no rows of household ${household}`);
  }
  for (const [index, row] of rows.entries()) {
    if (row.stepMs !== first.stepMs || row.startMs !== first.startMs + index * first.stepMs) {
      throw new CodedError(
        "simulator.series",
        `line ${row.line}: ${new Date(row.startMs).toISOString()} does not follow the row before it`,
      );
    }
  }
  return {
    startMs: first.startMs,
    stepMs: first.stepMs,
    productionWh: rows.map((row) => row.productionWh),
    consumptionWh: rows.map((row) => row.consumptionWh),
  };
}

function parseRow(cells: readonly string[], line: number) {
  const [, at = "", minutes, production, consumption] = cells;
  const row = {
    line,
    startMs: Date.parse(at),
    stepMs: Number(minutes) * 60_000,
    productionWh: Number(production) * 1000,
    consumptionWh: Number(consumption) * 1000,
  };
  const plausible = row.stepMs > 0 && row.productionWh >= 0 && row.consumptionWh >= 0;
  if (!plausible || Number.isNaN(row.startMs)) {
    throw new CodedError(
      "simulator.series",
      `line ${line}: expected household, ts_utc, minutes, pv_kwh, load_kwh`,
    );
  }
  return row;
}

const segmentMs = 60_000;

/**
 * Power at any moment of a series of energies: straight lines between the steps with a seeded
 * variation per minute, scaled so that every whole step keeps its energy. After its last step the
 * series begins again.
 */
export class PowerCurve {
  readonly #stepWh: readonly number[];
  readonly #stepMs: number;
  readonly #variation: number;
  readonly #random: SeededRandom;
  #cached: { readonly step: number; readonly watts: readonly number[] } | undefined;

  /** @param variation largest relative deviation of a minute before scaling, in [0, 1). */
  constructor(stepWh: readonly number[], stepMs: number, variation: number, seed: string) {
    this.#stepWh = stepWh;
    this.#stepMs = stepMs;
    this.#variation = variation;
    this.#random = new SeededRandom(seed);
  }

  /** @param elapsedMs time since the start of the series, not negative. */
  powerW(elapsedMs: number): number {
    const step = Math.floor(elapsedMs / this.#stepMs);
    if (this.#cached?.step !== step) this.#cached = { step, watts: this.#minutesOf(step) };
    const segment = Math.floor((elapsedMs - step * this.#stepMs) / segmentMs);
    return this.#cached.watts[segment] ?? 0;
  }

  #minutesOf(step: number): number[] {
    const count = Math.max(1, Math.round(this.#stepMs / segmentMs));
    const here = this.#energyOf(step);
    const before = (this.#energyOf(step - 1) + here) / 2;
    const after = (this.#energyOf(step + 1) + here) / 2;
    const shape = Array.from({ length: count }, (_, minute) => {
      const position = (minute + 0.5) / count;
      const line =
        position < 0.5
          ? before + (here - before) * position * 2
          : here + (after - here) * (position - 0.5) * 2;
      return line * (1 + this.#variation * (2 * this.#random.at(step * count + minute) - 1));
    });
    const total = shape.reduce((sum, weight) => sum + weight, 0);
    const hours = this.#stepMs / count / 3_600_000;
    return shape.map((weight) => (total === 0 ? 0 : (here * weight) / total / hours));
  }

  #energyOf(step: number): number {
    const count = this.#stepWh.length;
    return this.#stepWh[((step % count) + count) % count] ?? 0;
  }
}
