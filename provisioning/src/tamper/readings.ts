import { columns, type Row } from "@powershare/domain/wiring";
import { UnreadableInput } from "../output.js";
import { readTable, type TableRow } from "./csv-table.js";
import { RowOrder } from "./row-order.js";

/** `gridL1W` is `grid_l1_w` in a file. */
const named = columns.map((column) => ({
  column,
  name: column.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
}));

/**
 * Reads a household's readings row by row. A row that repeats the one before it letter by letter is
 * passed over with a warning; so are the rows after a clock was set back, until it shows again what it
 * had shown: nobody knows which of two rows for one hour is the true one.
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
  const order = new RowOrder((line, until) => {
    warn(`${path}:${line}: the clock was set back; rows were passed over until line ${until}`);
  });
  let before: string | undefined;
  let repeated = 0;
  await readTable(path, shape, warn, (cells) => {
    const { text } = cells.record;
    if (text === before) {
      repeated += 1;
      return;
    }
    const row = rowOf(cells);
    before = text;
    if (order.takes(row, cells)) push(row);
  });
  order.end();
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
