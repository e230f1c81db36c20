import { type Checkpoint, checkpoint, type Interval, interval } from "@powershare/domain/evidence";
import { z } from "zod";
import type { EvidenceStore, Sealed, SealedHead } from "../../ports/store.js";
import type { Connection, Database } from "./database.js";
import { addToTotal, entriesAfter } from "./readings.js";
import { fromDisk, requireIntactRows } from "./row-checks.js";

export function createEvidenceStore(database: Database): EvidenceStore {
  return {
    sealedHead: () => database.run(sealedHead),
    pendingReadings: (limit) =>
      database.run((connection) => entriesAfter(connection, lastSealedReading(connection), limit)),
    saveSealed: (sealed) => database.transaction((connection) => save(connection, sealed)),
  };
}

/** Bodies were written by this file, so parsing checks what the disk gave back. */
export function parseInterval(body: unknown): Interval {
  return fromDisk("interval", () => interval.parse(JSON.parse(z.string().parse(body))));
}

export function parseCheckpoint(body: unknown): Checkpoint {
  return fromDisk("checkpoint", () => checkpoint.parse(JSON.parse(z.string().parse(body))));
}

function lastSealedReading(connection: Connection): number {
  const last = connection
    .prepare("SELECT coalesce(max(last_reading), 0) FROM checkpoint")
    .pluck()
    .get();
  return z.number().parse(last);
}

function sealedHead(connection: Connection): SealedHead {
  requireIntactRows(connection, "builder");
  const newest = connection
    .prepare("SELECT body FROM checkpoint ORDER BY sequence DESC LIMIT 1")
    .pluck()
    .get();
  const builders = z
    .array(z.object({ meter: z.string(), state: z.string() }))
    .parse(connection.prepare("SELECT meter, state FROM builder").all());
  const newestInterval = connection
    .prepare("SELECT body FROM interval WHERE meter = ? ORDER BY sequence DESC LIMIT 1")
    .pluck();
  const intervals = builders.flatMap(({ meter }) => {
    const body = newestInterval.get(meter);
    return body === undefined ? [] : [[meter, parseInterval(body)] as const];
  });
  return {
    checkpoint: newest === undefined ? undefined : parseCheckpoint(newest),
    builders: new Map(builders.map(({ meter, state }) => [meter, state])),
    intervals: new Map(intervals),
  };
}

function save(connection: Connection, { checkpoint, intervals, builders }: Sealed): void {
  const { sequence, readings } = checkpoint.statement;
  connection
    .prepare("INSERT INTO checkpoint VALUES (?, ?, ?)")
    .run(sequence, readings.last, JSON.stringify(checkpoint));
  const insertInterval = connection.prepare("INSERT INTO interval VALUES (?, ?, ?, ?, ?, NULL, ?)");
  for (const closed of intervals) {
    insertInterval.run(
      closed.meter,
      closed.sequence,
      Date.parse(closed.start),
      Date.parse(closed.end),
      sequence,
      JSON.stringify(closed),
    );
  }
  const saveBuilder = connection.prepare(
    "INSERT INTO builder VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
  );
  for (const [meter, state] of builders) saveBuilder.run(meter, state);
  addToTotal(connection, "checkpoints", 1);
  addToTotal(connection, "intervals", intervals.length);
}
