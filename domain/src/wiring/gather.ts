import { type Column, columns, type NeighbourProduction, type Row } from "./types.js";

const energies: ReadonlySet<Column> = new Set([
  "productionWh",
  "consumptionWh",
  "importWh",
  "exportWh",
]);
const isEnergy = columns.map((column) => energies.has(column));

interface Bin {
  readonly startMs: number;
  endMs: number;
  /** The clock's next mark. */
  readonly nextMs: number;
  /** By column: value × ms, and ms. */
  readonly weighted: number[];
  readonly measuredMs: number[];
  readonly neighbours: NeighbourProduction[];
}

/**
 * Gathers rows shorter than `seconds` into rows of that length on the clock's marks, and hands longer
 * ones on as they are: powers as means, energies as sums, over what was measured of a column. One ends
 * with the row that reaches its end, or at the first row after it.
 */
export function gather(seconds: number, use: (row: Row) => void): (row: Row) => void {
  let bin: Bin | undefined;
  const flush = () => {
    if (bin !== undefined) use(rowOf(bin));
    bin = undefined;
  };
  return (row) => {
    if (bin !== undefined && row.startMs >= bin.nextMs) flush();
    if (row.seconds >= seconds) {
      flush();
      use(row);
      return;
    }
    bin ??= begin(row, seconds * 1000);
    const ms = row.seconds * 1000;
    bin.endMs = row.startMs + ms;
    add(bin, row, ms);
    if (bin.endMs >= bin.nextMs) flush();
  };
}

function begin({ startMs }: Row, lengthMs: number): Bin {
  const zeros = () => columns.map(() => 0);
  const nextMs = (Math.floor(startMs / lengthMs) + 1) * lengthMs;
  return {
    startMs,
    endMs: startMs,
    nextMs,
    weighted: zeros(),
    measuredMs: zeros(),
    neighbours: [],
  };
}

/** Runs for every row of a second, so it makes nothing new. */
function add({ weighted, measuredMs, neighbours }: Bin, row: Row, ms: number): void {
  for (let i = 0; i < columns.length; i += 1) {
    const value = row[columns[i] as Column];
    if (value === undefined) continue;
    weighted[i] = (weighted[i] ?? 0) + (isEnergy[i] === true ? value : value * ms);
    measuredMs[i] = (measuredMs[i] ?? 0) + ms;
  }
  if (row.neighbours !== undefined) neighbours.push(...row.neighbours);
}

function rowOf({ startMs, endMs, weighted, measuredMs, neighbours }: Bin): Row {
  const values = columns.flatMap((column, i) => {
    const ms = measuredMs[i] ?? 0;
    const perMeasured = (weighted[i] ?? 0) / ms;
    const value = isEnergy[i] === true ? perMeasured * (endMs - startMs) : perMeasured;
    return ms === 0 ? [] : [[column, value] as const];
  });
  return {
    startMs,
    seconds: (endMs - startMs) / 1000,
    ...Object.fromEntries(values),
    ...(neighbours.length > 0 && { neighbours }),
  };
}
