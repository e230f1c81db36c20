import { chmodSync } from "node:fs";
import { CodedError } from "@powershare/domain/errors";
import Sqlite from "better-sqlite3";

export type Connection = Sqlite.Database;

const schema = `
CREATE TABLE enrolment (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL,
  code TEXT NOT NULL,
  request_hash TEXT NOT NULL UNIQUE,
  request TEXT NOT NULL,
  device TEXT NOT NULL,
  attestation_name TEXT NOT NULL,
  reading_spki TEXT NOT NULL,
  maker_trusted INTEGER NOT NULL,
  maker_text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'approving', 'approved', 'issued', 'declined', 'expired')),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  approval TEXT,
  decided_by TEXT,
  reason TEXT,
  credential TEXT,
  secret_hash TEXT,
  wrong_secrets INTEGER NOT NULL DEFAULT 0,
  certificate TEXT,
  issued_at TEXT
) STRICT;
CREATE INDEX enrolment_state ON enrolment (state, created_at);
CREATE INDEX enrolment_device ON enrolment (device);
CREATE TABLE grants (participant TEXT PRIMARY KEY, certificates INTEGER NOT NULL) STRICT;
CREATE TABLE operator (name TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE session (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('link', 'page')),
  operator TEXT NOT NULL REFERENCES operator ON DELETE CASCADE,
  expires_at TEXT NOT NULL
) STRICT;
CREATE TABLE challenge (
  hash TEXT PRIMARY KEY,
  device TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
CREATE TABLE audit (
  number INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  about TEXT NOT NULL
) STRICT;
`;
const version = 1;

/**
 * Opens the registrar's file. A commit is on the disk when it returns (WAL, synchronous=FULL, both read
 * back); what was approved survives any crash. No secret and no token is ever written, only hashes.
 * @throws CodedError store.not-durable, store.newer, store.failed
 */
export function openStore(path: string): Connection {
  let connection: Connection;
  try {
    connection = new Sqlite(path, { timeout: 2000 });
    chmodSync(path, 0o600);
  } catch (cause) {
    throw new CodedError("store.failed", `cannot open ${path}`, { cause });
  }
  try {
    // One registrar per file: a second one would approve the same.
    connection.pragma("locking_mode = EXCLUSIVE");
    const journal = connection.pragma("journal_mode = WAL", { simple: true });
    connection.pragma("synchronous = FULL");
    connection.pragma("foreign_keys = ON");
    if (journal !== "wal" || connection.pragma("synchronous", { simple: true }) !== 2) {
      throw new CodedError("store.not-durable", `${path}: needed are WAL and synchronous FULL`);
    }
    migrate(connection, path);
    return connection;
  } catch (error) {
    connection.close();
    if (!(error instanceof Sqlite.SqliteError)) throw error;
    const code = error.code.startsWith("SQLITE_BUSY") ? "store.in-use" : "store.failed";
    throw new CodedError(code, `${path}: ${error.message}`, { cause: error });
  }
}

function migrate(connection: Connection, path: string): void {
  const found = Number(connection.pragma("user_version", { simple: true }));
  if (found > version) {
    throw new CodedError(
      "store.newer",
      `${path} has schema ${found}, this registrar knows ${version}`,
    );
  }
  if (found === version) return;
  connection
    .transaction(() => {
      connection.exec(schema);
      connection.pragma(`user_version = ${version}`);
    })
    .immediate();
}
