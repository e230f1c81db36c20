import { type Column, columns, type NeighbourProduction, type Row } from "./types.js";

const energies: ReadonlySet<Column> = new Set([
  "productionWh",
  "consumptionWh",
  "importWh",
  "exportWh",
]);

interface Bin {
  readonly startMs: number;
  endMs: number;
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
  const index = (ms: number) => Math.floor(ms / (seconds * 1000));
  return (row) => {
    if (bin !== undefined && index(bin.startMs) !== index(row.startMs)) flush();
    if (row.seconds >= seconds) {
      flush();
      use(row);
      return;
    }
    bin ??= begin(row);
    add(bin, row);
    if (index(bin.endMs) !== index(bin.startMs)) flush();
  };
}

function begin({ startMs }: Row): Bin {
  const zeros = () => columns.map(() => 0);
  return { startMs, endMs: startMs, weighted: zeros(), measuredMs: zeros(), neighbours: [] };
}

function add(bin: Bin, row: Row): void {
  const ms = row.seconds * 1000;
  bin.endMs = row.startMs + ms;
  for (const [i, column] of columns.entries()) {
    const value = row[column];
    if (value === undefined) continue;
    bin.weighted[i] = (bin.weighted[i] ?? 0) + (energies.has(column) ? value : value * ms);
    bin.measuredMs[i] = (bin.measuredMs[i] ?? 0) + ms;
  }
  if (row.neighbours !== undefined) bin.neighbours.push(...row.neighbours);
}

function rowOf({ startMs, endMs, weighted, measuredMs, neighbours }: Bin): Row {
  const values = columns.flatMap((column, i) => {
    const ms = measuredMs[i] ?? 0;
    const perMeasured = (weighted[i] ?? 0) / ms;
    const value = energies.has(column) ? perMeasured * (endMs - startMs) : perMeasured;
    return ms === 0 ? [] : [[column, value] as const];
  });
  return {
    startMs,
    seconds: (endMs - startMs) / 1000,
    ...Object.fromEntries(values),
    ...(neighbours.length > 0 && { neighbours }),
  };
}
