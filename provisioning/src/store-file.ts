import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { CodedError } from "@powershare/domain/errors";
import Sqlite from "better-sqlite3";
import { z } from "zod";

/** What a backup says of itself, in the file `<backup>.json` beside it. */
export const backupManifest = z.strictObject({
  format: z.literal("powershare-backup"),
  v: z.literal(1),
  madeAt: z.iso.datetime(),
  bytes: z.int().min(1),
  /** Of the whole file, hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Version of the store's schema. */
  schema: z.int().min(1),
  /** Newest reading and newest checkpoint in it; 0 for none. */
  lastReading: z.int().min(0),
  lastCheckpoint: z.int().min(0),
});
export type BackupManifest = z.infer<typeof backupManifest>;

export async function sha256Of(path: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream: AsyncIterable<Uint8Array> = createReadStream(path);
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/**
 * Checks a copy of a store as SQLite can: every page, table and index. The agent compares every row
 * with its check value when it opens it.
 * @throws CodedError store.corrupt
 */
export function inspectStoreFile(
  path: string,
): Pick<BackupManifest, "schema" | "lastReading" | "lastCheckpoint"> {
  let connection: Sqlite.Database | undefined;
  try {
    connection = new Sqlite(path, { fileMustExist: true });
    // Else looking at the file would leave a log beside it.
    connection.pragma("journal_mode = DELETE");
    const found = connection.pragma("integrity_check(1)", { simple: true });
    if (found !== "ok") throw new CodedError("store.corrupt", `${path}: ${String(found)}`);
    const last = (column: string, table: string): number =>
      z
        .number()
        .parse(
          connection?.prepare(`SELECT coalesce(max(${column}), 0) FROM ${table}`).pluck().get(),
        );
    return {
      schema: z
        .int()
        .min(1)
        .parse(connection.pragma("user_version", { simple: true })),
      lastReading: last("sequence", "reading"),
      lastCheckpoint: last("sequence", "checkpoint"),
    };
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("store.corrupt", `${path}: no store of an agent: ${reason}`, { cause });
  } finally {
    connection?.close();
  }
}

/**
 * Copies the store of an agent that does not run.
 * @throws CodedError store.in-use, store.failed
 */
export async function copyStoppedStore(path: string, to: string): Promise<void> {
  const connection = openAlone(path);
  try {
    await connection.backup(to);
  } catch (cause) {
    await rm(to, { force: true });
    throw new CodedError("store.failed", `${path} cannot be copied`, { cause });
  } finally {
    connection.close();
  }
}

/** Nobody else has it open. @throws CodedError store.in-use */
export function requireUnused(path: string): void {
  if (existsSync(path)) openAlone(path, true).close();
}

/** @throws CodedError store.in-use, store.corrupt */
export function openAlone(path: string, damagedToo = false): Sqlite.Database {
  const connection = new Sqlite(path, { fileMustExist: true, timeout: 500 });
  try {
    connection.prepare("SELECT count(*) FROM sqlite_schema").get();
    return connection;
  } catch (cause) {
    if (cause instanceof Sqlite.SqliteError && cause.code.startsWith("SQLITE_BUSY")) {
      connection.close();
      throw new CodedError("store.in-use", `an agent has ${path} open`, { cause });
    }
    if (damagedToo) return connection;
    connection.close();
    throw new CodedError("store.corrupt", `${path} cannot be read`, { cause });
  }
}
