import { statSync } from "node:fs";
import { CodedError } from "@powershare/domain/errors";
import { z } from "zod";
import type { Connection } from "./connection.js";
import { type CheckedTable, checkedTables, requireIntactRows } from "./row-checks.js";

/** A file up to this size is checked whole at start: some hours of readings. */
const wholeUpToMiB = 8;

/** What grows for years, and what of it the agent goes on from. The rest is the scrub's. */
export const tails: Partial<Record<CheckedTable, string>> = {
  reading: "sequence > (SELECT coalesce(max(last_reading), 0) FROM checkpoint)",
  checkpoint: "sequence > (SELECT max(sequence) FROM checkpoint) - 10",
  interval: "parcel IS NULL",
  parcel: "state <> 'committed'",
};

/**
 * Looks for damage before anything is built on the file: the structure of every table and index and
 * the check value of every row, of large files only in the tables that stay small and in the newest rows.
 * @throws CodedError store.corrupt
 */
export function checkAtStart(
  connection: Connection,
  path: string,
  wholeUpToBytes = wholeUpToMiB * 1024 * 1024,
): void {
  const whole = statSync(path).size <= wholeUpToBytes;
  if (whole) requireSound(connection, "integrity_check(1)", path);
  for (const table of checkedTables) {
    const tail = whole ? undefined : tails[table];
    if (!whole && tail === undefined) {
      requireSound(connection, `integrity_check(${table})`, path);
    }
    requireIntactRows(connection, table, tail);
  }
}

/** @throws CodedError store.corrupt */
export function requireSound(connection: Connection, check: string, path: string): void {
  const found = z.string().parse(connection.pragma(check, { simple: true }));
  if (found !== "ok") throw new CodedError("store.corrupt", `${path}: ${found}`);
}
