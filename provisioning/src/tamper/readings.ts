import { columns, type Row } from "@powershare/domain/wiring";
import { UnreadableInput } from "../output.js";
import { readTable, type TableRow } from "./csv-table.js";

/** `gridL1W` is `grid_l1_w` in a file. */
const named = columns.map((column) => ({
  column,
  name: column.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
}));

/**
 * Reads a household's readings row by row. A row that repeats the one before it letter by letter is
 * passed over with a warning.
 *
 * @throws UnreadableInput with line and column: `wiring.readings` for what cannot be read,
 *   `wiring.readings-order` for rows out of order or overlapping
 */
export async function readReadings(
  path: string,
  warn: (sentence: string) => void,
  push: (row: Row) => void,
): Promise<void> {
  const shape = { required: ["ts_utc", "seconds"], optional: named.map(({ name }) => name) };
  let before: { text: string; line: number; endMs: number } | undefined;
  let repeated = 0;
  await readTable(path, shape, warn, (cells) => {
    const { text, line } = cells.record;
    if (text === before?.text) {
      repeated += 1;
      return;
    }
    const row = rowOf(cells);
    if (before && row.startMs < before.endMs) throw cells.outOfOrder(disorder(row, before));
    before = { text, line, endMs: row.startMs + row.seconds * 1000 };
    push(row);
  });
  if (repeated > 0) {
    const rows = repeated === 1 ? "1 row repeats" : `${repeated} rows repeat`;
    warn(`${path}: ${rows} the one before and ${repeated === 1 ? "was" : "were"} passed over`);
  }
  if (before === undefined) throw new UnreadableInput(`${path}: no readings after the header`);
}

function rowOf(cells: TableRow): Row {
  const row: { -readonly [Name in keyof Row]: Row[Name] } = cells.interval();
  for (const { column, name } of named) {
    const value = cells.number(name);
    if (value !== undefined) row[column] = value;
  }
  return row;
}

function disorder(row: Row, before: { line: number; endMs: number }): string {
  const [start, end] = [row.startMs, before.endMs].map((ms) => new Date(ms).toISOString());
  return `begins at ${start}, but the row of line ${before.line} lasts until ${end}; expected rows in order of time, without overlap`;
}
