import { crc32 } from "node:zlib";
import { CodedError } from "@powershare/domain/errors";
import type { Connection } from "./connection.js";

/**
 * Columns of each table that its `crc` covers: all of them. SQLite writes `crc` by itself with every
 * row (a stored generated column), so no statement can forget it; a bit that flips on the card is
 * seen when the row is read, instead of being sealed and billed.
 */
export const checkedColumns = {
  source: ["id", "meter", "profile", "boot"],
  reading: [
    "sequence",
    "source",
    "at_ms",
    "monotonic_ms",
    "clock",
    "registers",
    "reason",
    "import_wh",
    "export_wh",
  ],
  event: ["sequence", "body"],
  pin: ["place", "meter"],
  checkpoint: ["sequence", "last_reading", "body"],
  builder: ["meter", "state"],
  parcel: [
    "id",
    "meter",
    "first",
    "last",
    "checkpoint",
    "signature",
    "state",
    "transaction_id",
    "envelope",
    "reason",
  ],
  interval: ["meter", "sequence", "start_ms", "end_ms", "checkpoint", "parcel", "body"],
  unsettled: ["start_ms", "stage"],
  reached: ["participant", "end_ms"],
  total: ["name", "value"],
  meter_epoch: ["number", "meter", "state", "body"],
  meter_setup: ["meter", "setup"],
  meter_fall: ["meter", "fallen"],
  pruned: ["only", "reading", "chain_head", "checkpoint", "statement_hash"],
} as const;
export type CheckedTable = keyof typeof checkedColumns;
export const checkedTables = Object.keys(checkedColumns) as CheckedTable[];

/** Definition of the column `crc` of a table. */
export function crcColumn(table: CheckedTable): string {
  return `crc INTEGER NOT NULL AS (${computedCrc(table)}) STORED`;
}

/** The check value as it must be. `alias` is the table's name in the statement. */
export function computedCrc(table: CheckedTable, alias?: string): string {
  const prefix = alias === undefined ? "" : `${alias}.`;
  return `row_crc(${checkedColumns[table].map((column) => prefix + column).join(", ")})`;
}

/** Makes `row_crc` known to a connection; without it no row can be written. */
export function defineRowCrc(connection: Connection): void {
  connection.function("row_crc", { deterministic: true, varargs: true }, rowCrc);
}

/** CRC-32 over the values, each with its type and length before it. Finds every single flipped bit. */
export function rowCrc(...values: unknown[]): number {
  return values.reduce<number>((crc, value) => {
    if (typeof value === "string") return crc32(value, crc32(`s${value.length}:`, crc));
    if (value instanceof Uint8Array) return crc32(value, crc32(`b${value.length}:`, crc));
    return crc32(value === null ? "n" : `i${JSON.stringify(value)}`, crc);
  }, 0);
}

/**
 * Compares the rows of a table with their check values.
 * @param where condition, e.g. `sequence > 5`
 * @throws CodedError store.corrupt
 */
export function requireIntactRows(
  connection: Connection,
  table: CheckedTable,
  where?: string,
): void {
  const key = checkedColumns[table].slice(0, 2).join(" || ' ' || ");
  // All rows are those of the table itself, whatever its indexes say.
  const source = where === undefined ? `${table} NOT INDEXED WHERE 1` : `${table} WHERE (${where})`;
  const bad = connection
    .prepare(`SELECT ${key} FROM ${source} AND crc IS NOT ${computedCrc(table)} LIMIT 1`)
    .pluck()
    .get();
  if (bad !== undefined) {
    throw new CodedError(
      "store.corrupt",
      `${table} ${JSON.stringify(bad)}: its bytes are not those written`,
    );
  }
}

/**
 * Parses what this agent wrote, so that any failure means that the disk gave back something else.
 * @throws CodedError store.corrupt
 */
export function fromDisk<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError("store.corrupt", `${what}: its bytes are not those written`, { cause });
  }
}
