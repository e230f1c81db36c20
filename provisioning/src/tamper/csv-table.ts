import { type CsvRecord, readCsv, wrongCsv } from "./csv.js";

const decimalNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/;
const longestIntervalSeconds = 86_400;

/** A table whose header says which columns stand where. */
export interface TableShape {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** Where known columns stand, by name. */
export type Header = ReadonlyMap<string, number>;

/**
 * Reads a CSV file with a header; columns that are not known are passed over with a warning.
 *
 * @throws UnreadableInput with line and column: a header or a row of the wrong shape, and as `readCsv`
 */
export async function readTable(
  path: string,
  { required, optional }: TableShape,
  warn: (sentence: string) => void,
  visit: (cells: TableRow) => void,
): Promise<void> {
  let header: CsvRecord | undefined;
  let columns: Header = new Map();
  await readCsv(path, (record) => {
    if (header === undefined) {
      header = record;
      columns = headerOf(path, record, { required, optional }, warn);
      return;
    }
    if (record.cells.length !== header.cells.length) {
      const message = `found ${record.cells.length} cells; expected ${header.cells.length}, as in the header`;
      throw wrongCsv(path, "wiring.readings", message, record);
    }
    visit(new TableRow(path, record, columns));
  });
  if (header === undefined) {
    const nothing = { line: 1, text: "", cells: [] };
    throw wrongCsv(
      path,
      "wiring.readings",
      `empty; expected a header with ${required.join(", ")}`,
      nothing,
    );
  }
}

function headerOf(
  path: string,
  record: CsvRecord,
  { required, optional }: TableShape,
  warn: (sentence: string) => void,
): Header {
  const known = new Set([...required, ...optional]);
  const columns = new Map<string, number>();
  const unknown: string[] = [];
  for (const [index, cell] of record.cells.entries()) {
    const name = cell.trim();
    if (!known.has(name)) unknown.push(name);
    else if (columns.has(name)) {
      throw wrongCsv(path, "wiring.readings", `${name} stands here a second time`, record, index);
    } else columns.set(name, index);
  }
  const missing = required.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    const message = `the header has no ${missing.join(", no ")}; expected ${required.join(", ")}`;
    throw wrongCsv(path, "wiring.readings", message, record);
  }
  if (unknown.length > 0) warn(`${path}:${record.line}: unknown columns: ${unknown.join(", ")}`);
  return columns;
}

/** One row, its cells read by the name of their column. */
export class TableRow {
  readonly record: CsvRecord;
  readonly #path: string;
  readonly #columns: Header;

  constructor(path: string, record: CsvRecord, columns: Header) {
    this.#path = path;
    this.record = record;
    this.#columns = columns;
  }

  /** Text of a required column. */
  text(column: string): string {
    return this.record.cells[this.#columns.get(column) ?? -1]?.trim() ?? "";
  }

  /** Undefined where the cell is empty or the table lacks the column. */
  number(column: string): number | undefined {
    const text = this.text(column);
    if (text === "") return undefined;
    const value = Number(text);
    if (!decimalNumber.test(text) || !Number.isFinite(value)) {
      throw this.wrongCell(column, "a decimal number or an empty cell");
    }
    return value;
  }

  /** Start of the row's interval, ms UTC, and its length. */
  interval(): { startMs: number; seconds: number } {
    const at = this.text("ts_utc");
    const startMs = instant.test(at) ? Date.parse(at) : Number.NaN;
    if (!(new Date(startMs).getUTCDate() === Number(at.slice(8, 10)))) {
      throw this.wrongCell("ts_utc", "a UTC instant such as 2026-06-01T12:00:00Z");
    }
    const seconds = this.number("seconds");
    if (seconds === undefined || !(seconds > 0 && seconds <= longestIntervalSeconds)) {
      throw this.wrongCell("seconds", `a number above 0, at most ${longestIntervalSeconds}`);
    }
    return { startMs, seconds };
  }

  /** Fails with the place of a cell and what was expected there. */
  wrongCell(column: string, expected: string): Error {
    const found = JSON.stringify(this.text(column).slice(0, 40));
    const message = `found ${found} in ${column}; expected ${expected}`;
    const index = this.#columns.get(column);
    return wrongCsv(this.#path, "wiring.readings", message, this.record, index);
  }

  /** Fails because of where the row stands among the others. */
  outOfOrder(message: string): Error {
    return wrongCsv(this.#path, "wiring.readings-order", message, this.record);
  }
}
