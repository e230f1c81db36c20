import { accessSync, closeSync, constants, existsSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { CodedError, type ErrorCode } from "@powershare/domain/errors";
import Sqlite from "better-sqlite3";
import { z } from "zod";
import { checkAtStart } from "./check-at-start.js";
import { checkLog } from "./check-log.js";
import type { Connection } from "./connection.js";
import { defineRowCrc } from "./row-checks.js";
import { migrations } from "./schema.js";

export type { Connection };

/** `PRAGMA auto_vacuum`: incremental. */
const incremental = 2;
const largestLogBytes = 4 * 1024 * 1024;

export interface DatabaseOptions {
  /** Larger files are checked at start only where the agent goes on from; the scrub reads the rest. */
  readonly checkedWholeUpToBytes?: number | undefined;
}

/**
 * The agent's file. A commit is on the disk when it returns: WAL with synchronous=FULL, read back.
 * An error during a write means unknown, not no; so after any error the connection is closed,
 * and the next call opens the file anew and sees what is really there.
 */
export class Database {
  readonly #path: string;
  #connection: Connection | undefined;
  #closed = false;
  /** A sync may have failed since the file was last written anew. */
  #unsure = false;

  /**
   * Opens, checks and migrates the file.
   * @throws CodedError store.not-durable, store.corrupt, store.newer, store.in-use, store.full, store.read-only, store.failed
   */
  constructor(path: string, { checkedWholeUpToBytes }: DatabaseOptions = {}) {
    this.#path = path;
    checkLog(path);
    this.run((connection) => {
      migrate(connection, path);
      checkAtStart(connection, path, checkedWholeUpToBytes);
    });
  }

  /** Runs `work` in one transaction. */
  transaction<T>(work: (connection: Connection) => T): T {
    return this.run((connection) => connection.transaction(() => work(connection)).immediate());
  }

  /** Runs `work`, which reads or is one transaction of its own. */
  run<T>(work: (connection: Connection) => T): T {
    if (this.#closed) throw new CodedError("store.failed", `${this.#path} was closed`);
    try {
      this.#connection ??= this.#open();
      return work(this.#connection);
    } catch (error) {
      if (isDiskError(error)) this.#unsure = true;
      this.#disconnect();
      throw coded(error, this.#path);
    }
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  #open(): Connection {
    const connection = open(this.#path);
    if (this.#unsure) {
      try {
        writeAnew(connection);
      } catch (error) {
        connection.close();
        throw error;
      }
      this.#unsure = false;
    }
    return connection;
  }

  #disconnect(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      connection?.close();
    } catch {
      // Closing writes the WAL back where it can; what it could not is still in the WAL.
    }
  }
}

function open(path: string): Connection {
  const connection = new Sqlite(path, { timeout: 2000 });
  try {
    // One agent per file: a second one would sign a second history.
    connection.pragma("locking_mode = EXCLUSIVE");
    // Takes effect in a new file only: pages that retention frees are given back to the disk.
    connection.pragma("auto_vacuum = INCREMENTAL");
    const journal = connection.pragma("journal_mode = WAL", { simple: true });
    // In this order: better-sqlite3 is built to lower it to NORMAL when WAL is set.
    connection.pragma("synchronous = FULL");
    requireDurable(journal, connection.pragma("synchronous", { simple: true }), path);
    requireLog(connection, path);
    // A log that grew in one long transaction gives its space back.
    connection.pragma(`journal_size_limit = ${largestLogBytes}`);
    connection.pragma("foreign_keys = ON");
    defineRowCrc(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** @throws CodedError store.not-durable */
export function requireDurable(journal: unknown, synchronous: unknown, path: string): void {
  if (journal !== "wal" || synchronous !== 2) {
    throw new CodedError(
      "store.not-durable",
      `${path}: journal_mode is ${String(journal)} and synchronous is ${String(synchronous)}, needed are wal and 2 (FULL)`,
    );
  }
}

/**
 * The log is really in use, and its name is on the disk. Where the write that switches to WAL fails,
 * SQLite 3.53 says "wal" all the same, also when asked again, and goes on with a rollback journal, from
 * which a power cut takes the last commit; and an error in syncing the folder it passes over.
 * @throws CodedError store.failed
 */
function requireLog(connection: Connection, path: string): void {
  // Opens the log. -1 frames: there is none. (The file's own header would tell, too, but closing a second
  // descriptor of the file would take the locks of the first one away.)
  const [log] = z
    .array(z.object({ log: z.number() }))
    .parse(connection.pragma("wal_checkpoint(PASSIVE)"));
  if (log === undefined || log.log < 0 || !existsSync(`${path}-wal`)) {
    throw new CodedError(
      "store.failed",
      `${path}: the switch to a write-ahead log did not succeed`,
    );
  }
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * After a sync that failed the kernel shows pages that the disk never got, and will not write them
 * again. So before anything is built on them, all that the log holds is copied into the database and synced.
 */
function writeAnew(connection: Connection): void {
  const [result] = z
    .array(z.object({ busy: z.number() }))
    .parse(connection.pragma("wal_checkpoint(TRUNCATE)"));
  if (result?.busy !== 0) throw new CodedError("store.failed", "the log cannot be written back");
}

function migrate(connection: Connection, path: string): void {
  const version = Number(connection.pragma("user_version", { simple: true }));
  if (version > migrations.length) {
    throw new CodedError(
      "store.newer",
      `${path} has schema ${version}, this agent knows ${migrations.length}`,
    );
  }
  if (version === migrations.length) return;
  // Migrations copy tables that others refer to; what they refer to is checked before each commit.
  connection.pragma("foreign_keys = OFF");
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    connection
      .transaction(() => {
        connection.exec(sql);
        const [dangling] = z.array(z.unknown()).parse(connection.pragma("foreign_key_check"));
        if (dangling !== undefined) {
          throw new CodedError(
            "store.corrupt",
            `${path}: ${JSON.stringify(dangling)} refers to nothing`,
          );
        }
        connection.pragma(`user_version = ${index + 1}`);
      })
      .immediate();
  }
  connection.pragma("foreign_keys = ON");
  if (version > 0) shrinkable(connection);
}

/** Files of before retention cannot give pages back until they were copied once. */
function shrinkable(connection: Connection): void {
  if (connection.pragma("auto_vacuum", { simple: true }) === incremental) return;
  try {
    connection.exec("VACUUM");
  } catch (error) {
    // Needs the file's size again on the disk. Without it freed pages are used again, and the file keeps its size.
    if (!(error instanceof Sqlite.SqliteError) || !error.code.startsWith("SQLITE_FULL"))
      throw error;
  }
}

const codes: readonly [prefix: string, ErrorCode][] = [
  ["SQLITE_FULL", "store.full"],
  ["SQLITE_READONLY", "store.read-only"],
  ["SQLITE_CORRUPT", "store.corrupt"],
  ["SQLITE_NOTADB", "store.corrupt"],
  ["SQLITE_BUSY", "store.in-use"],
];

function coded(error: unknown, path: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const known = codes.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? "store.failed";
  const code = known === "store.failed" && isReadOnly(path) ? "store.read-only" : known;
  return new CodedError(code, `${path}: ${error.message} (${error.code})`, { cause: error });
}

function isDiskError(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_IOERR");
}

/** SQLite only says that it cannot open a file where the log beside it cannot be made. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EROFS";
  }
}
