import type { Row } from "./types.js";

/** Shorter rows are averaged: a step takes a second or two, and two meters are not read at once. */
const shortestMs = 5_000;
/** Longer rows have lost the steps. */
const longestMs = 600_000;
/** Rows this far apart follow on one another. */
const jitterMs = 500;
/** A column measured for less than this share of the time is left out. */
const mostMissing = 0.5;

/** Powers of a row in W, + for what the column is named after; and voltages. */
const quantities = [
  "grid",
  "gridL1",
  "gridL2",
  "gridL3",
  "production",
  "consumption",
  "voltageL1",
  "voltageL2",
  "voltageL3",
] as const;
export type Quantity = (typeof quantities)[number];

/** Means over a short time, by quantity; NaN where it was not measured. */
export interface Levels {
  readonly startMs: number;
  readonly endMs: number;
  readonly of: (quantity: Quantity) => number;
}

const at: Readonly<Record<Quantity, number>> = {
  grid: 0,
  gridL1: 1,
  gridL2: 2,
  gridL3: 3,
  production: 4,
  consumption: 5,
  voltageL1: 6,
  voltageL2: 7,
  voltageL3: 8,
};

/** Means over at least five seconds; a day of seconds passes here, so nothing is allocated per row. */
export class MeanLevels {
  readonly #use: (levels: Levels) => void;
  readonly #sums = new Float64Array(quantities.length);
  readonly #weights = new Float64Array(quantities.length);
  readonly #row = new Float64Array(quantities.length);
  #startMs = 0;
  #endMs = 0;

  constructor(use: (levels: Levels) => void) {
    this.#use = use;
  }

  push(row: Row): void {
    const ms = row.seconds * 1000;
    const endMs = row.startMs + ms;
    if (ms > longestMs) return;
    if (this.#endMs > this.#startMs && !this.#continues(row.startMs, endMs)) this.#flush();
    if (this.#endMs === this.#startMs) this.#startMs = row.startMs;
    this.#endMs = endMs;
    this.#add(row, ms);
    if (this.#endMs - this.#startMs >= shortestMs) this.#flush();
  }

  /** Without a gap, and not beyond the length that it asks for by much. */
  #continues(startMs: number, endMs: number): boolean {
    return startMs - this.#endMs <= jitterMs && endMs - this.#startMs < 2 * shortestMs;
  }

  #add(row: Row, ms: number): void {
    read(row, this.#row);
    for (let i = 0; i < quantities.length; i += 1) {
      const value = this.#row[i] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      this.#sums[i] = (this.#sums[i] ?? 0) + value * ms;
      this.#weights[i] = (this.#weights[i] ?? 0) + ms;
    }
  }

  #flush(): void {
    const leastMs = (this.#endMs - this.#startMs) * mostMissing;
    const means = this.#sums.map((sum, i) => {
      const weight = this.#weights[i] ?? 0;
      return weight > leastMs ? sum / weight : Number.NaN;
    });
    const { startMs, endMs } = { startMs: this.#startMs, endMs: this.#endMs };
    this.#sums.fill(0);
    this.#weights.fill(0);
    this.#startMs = this.#endMs;
    this.#use({ startMs, endMs, of: (quantity) => means[at[quantity]] ?? Number.NaN });
  }
}

/** Energies of an interval become mean powers. */
function read(row: Row, into: Float64Array): void {
  const perHour = 3600 / row.seconds;
  const { productionW, productionWh, consumptionW, consumptionWh } = row;
  into[0] = row.gridW ?? netWh(row) * perHour;
  if (Number.isNaN(into[0]) && row.gridL2W === undefined) into[0] = row.gridL1W ?? Number.NaN;
  into[1] = row.gridL1W ?? Number.NaN;
  into[2] = row.gridL2W ?? Number.NaN;
  into[3] = row.gridL3W ?? Number.NaN;
  into[4] = productionW ?? (productionWh ?? Number.NaN) * perHour;
  into[5] = consumptionW ?? (consumptionWh ?? Number.NaN) * perHour;
  into[6] = row.voltageL1V ?? Number.NaN;
  into[7] = row.voltageL2V ?? Number.NaN;
  into[8] = row.voltageL3V ?? Number.NaN;
}

function netWh({ importWh, exportWh }: Row): number {
  return (importWh ?? Number.NaN) - (exportWh ?? Number.NaN);
}
