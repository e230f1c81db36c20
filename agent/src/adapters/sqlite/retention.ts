import * as node from "node:crypto";
import { cryptoFrom, type Statement, statementHash, toHex } from "@powershare/domain/evidence";
import { z } from "zod";
import type { RetentionLimits, RetentionStore } from "../../ports/store.js";
import type { Connection, Database } from "./database.js";
import { parseCheckpoint } from "./evidence.js";

/** As long as the ledger takes evidence of an interval that is still open, its first reading stays. */
const evidenceAcceptedMs = 35 * 86_400_000;
/** How many checkpoints are looked through for one whose clock was set. */
const mostUnsetClocks = 1_000;
/** Pages given back per step: a megabyte, more than one batch frees. */
const pagesPerStep = 256;
const { sha256 } = cryptoFrom(node);

export function createRetentionStore(database: Database): RetentionStore {
  return {
    prune: (limits) => {
      const deleted = database.transaction((connection) => pruneBatch(connection, limits));
      if (deleted > 0) {
        database.run((connection) => connection.pragma(`incremental_vacuum(${pagesPerStep})`));
      }
      return deleted;
    },
    usedBytes: () => database.run(usedBytes),
  };
}

function usedBytes(connection: Connection): number {
  const [pages, free, size] = ["page_count", "freelist_count", "page_size"].map((name) =>
    Number(connection.pragma(name, { simple: true })),
  );
  return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
}

function pruneBatch(connection: Connection, limits: RetentionLimits): number {
  const statement = oldestBatch(connection);
  if (statement === undefined) return 0;
  const atMs = takenAtMs(connection, statement);
  if (atMs >= limits.beforeMs && usedBytes(connection) <= limits.maxBytes) return 0;
  const { last } = statement.readings;
  if (last >= firstNeeded(connection, atMs)) return 0;
  const deleted = deleteReadings(connection, last);
  connection
    .prepare(
      `DELETE FROM checkpoint WHERE sequence = @sequence
         AND NOT EXISTS (SELECT 1 FROM interval WHERE checkpoint = @sequence)
         AND NOT EXISTS (SELECT 1 FROM parcel WHERE checkpoint = @sequence)`,
    )
    .run({ sequence: statement.sequence });
  connection
    .prepare(
      "INSERT OR REPLACE INTO pruned (only, reading, chain_head, checkpoint, statement_hash) VALUES (1, ?, ?, ?, ?)",
    )
    .run(last, statement.chainHead, statement.sequence, toHex(statementHash(statement, sha256)));
  return deleted;
}

/** Sequence of the newest reading that was deleted; 0 if none was. */
export function prunedUpTo(connection: Connection): number {
  const found = connection.prepare("SELECT coalesce(max(reading), 0) FROM pruned").pluck().get();
  return z.number().parse(found);
}

/** The oldest batch whose readings are there, and never the newest. */
function oldestBatch(connection: Connection): Statement | undefined {
  const body = connection
    .prepare(
      `SELECT body FROM checkpoint WHERE last_reading > ?
         AND sequence < (SELECT max(sequence) FROM checkpoint) ORDER BY last_reading LIMIT 1`,
    )
    .pluck()
    .get(prunedUpTo(connection));
  return body === undefined ? undefined : parseCheckpoint(body).statement;
}

/** When the batch was sealed; where the clock was not set, when the next one was whose was. */
function takenAtMs(connection: Connection, { sequence }: Statement): number {
  const bodies = connection
    .prepare("SELECT body FROM checkpoint WHERE sequence >= ? ORDER BY sequence LIMIT ?")
    .pluck()
    .iterate(sequence, mostUnsetClocks);
  for (const body of bodies) {
    const { clock, at } = parseCheckpoint(body).statement;
    if (clock !== "unknown") return Date.parse(at);
  }
  return Number.POSITIVE_INFINITY;
}

/** Sequence of the oldest reading that evidence still needs which is not on the ledger. */
function firstNeeded(connection: Connection, batchAtMs: number): number {
  const firsts = z.array(z.number().nullable()).parse(
    connection
      .prepare(
        `SELECT min(i.body ->> '$.readings.first') FROM parcel p
             JOIN interval i ON i.meter = p.meter AND i.sequence = p.first
             WHERE p.state <> 'committed'
           UNION ALL
           SELECT (SELECT body ->> '$.readings.first' FROM interval i INDEXED BY interval_unsent
             WHERE i.meter = b.meter AND parcel IS NULL ORDER BY sequence LIMIT 1) FROM builder b
             WHERE b.meter NOT IN (SELECT meter FROM meter_epoch WHERE state = 'withdrawn')
           UNION ALL
           SELECT b.state ->> '$.open.reading' FROM builder b WHERE ?`,
      )
      .pluck()
      .all(batchAtMs > newestAtMs(connection) - evidenceAcceptedMs ? 1 : 0),
  );
  return Math.min(...firsts.map((first) => first ?? Number.POSITIVE_INFINITY));
}

function newestAtMs(connection: Connection): number {
  const body = connection
    .prepare("SELECT body FROM checkpoint ORDER BY sequence DESC LIMIT 1")
    .pluck()
    .get();
  return body === undefined ? 0 : Date.parse(parseCheckpoint(body).statement.at);
}

/** The newest good reading of each meter stays: the register guard goes on from it when the meter speaks again. */
function deleteReadings(connection: Connection, last: number): number {
  const { changes: readings } = connection
    .prepare(
      `DELETE FROM reading WHERE sequence <= @last AND sequence NOT IN (
         SELECT max(r.sequence) FROM reading r JOIN source s ON s.id = r.source
         WHERE r.sequence <= @last AND r.import_wh IS NOT NULL GROUP BY s.meter)`,
    )
    .run({ last });
  const { changes: events } = connection.prepare("DELETE FROM event WHERE sequence <= ?").run(last);
  return readings + events;
}
