import type { Checkpoint, SealedBatch } from "@powershare/domain/evidence";
import type { ProofStore } from "../../ports/proofs.js";
import type { Connection, Database } from "./database.js";
import { parseCheckpoint } from "./evidence.js";
import { entriesAfter } from "./readings.js";

export function createProofStore(database: Database): ProofStore {
  return {
    batchOf: (sequence) =>
      database.run((connection) => {
        const body = connection
          .prepare(
            "SELECT body FROM checkpoint WHERE last_reading >= ? ORDER BY last_reading LIMIT 1",
          )
          .pluck()
          .get(sequence);
        const checkpoint = body === undefined ? undefined : parseCheckpoint(body);
        if (checkpoint === undefined || checkpoint.statement.readings.first > sequence)
          return undefined;
        return batchUnder(connection, checkpoint);
      }),
    batchesBetween: (fromMs, toMs, limit) =>
      database.run((connection) => batchesBetween(connection, fromMs, toMs, limit)),
  };
}

/** Undefined where some of it was deleted as old. */
function batchUnder(connection: Connection, checkpoint: Checkpoint): SealedBatch | undefined {
  const { first, last } = checkpoint.statement.readings;
  const size = last - first + 1;
  const entries = entriesAfter(connection, first - 1, size).map((stored) =>
    "event" in stored ? stored.event : stored.reading,
  );
  const whole = entries.length === size && entries.at(-1)?.sequence === last;
  return whole ? { checkpoint, entries } : undefined;
}

function batchesBetween(connection: Connection, fromMs: number, toMs: number, limit: number) {
  const checkpoints = connection
    .prepare("SELECT body FROM checkpoint WHERE sequence >= ? ORDER BY sequence")
    .pluck()
    .iterate(firstSealedAt(connection, fromMs));
  const batches: SealedBatch[] = [];
  let entries = 0;
  for (const body of checkpoints) {
    const checkpoint = parseCheckpoint(body);
    const { at, readings } = checkpoint.statement;
    if (Date.parse(at) >= toMs) break;
    entries += readings.last - readings.first + 1;
    if (entries > limit) return { batches, complete: false };
    const batch = batchUnder(connection, checkpoint);
    if (batch !== undefined) batches.push(batch);
  }
  return { batches, complete: true };
}

/** Sequence of the first checkpoint made at or after an instant: by halving, as their times rise but for steps of the clock. */
function firstSealedAt(connection: Connection, atMs: number): number {
  const next = connection
    .prepare("SELECT body FROM checkpoint WHERE sequence >= ? ORDER BY sequence LIMIT 1")
    .pluck();
  const newest = connection
    .prepare("SELECT body FROM checkpoint ORDER BY sequence DESC LIMIT 1")
    .pluck()
    .get();
  if (newest === undefined) return 1;
  let low = 1;
  let high = parseCheckpoint(newest).statement.sequence + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { at, sequence } = parseCheckpoint(next.get(middle)).statement;
    if (Date.parse(at) >= atMs) high = middle;
    else low = sequence + 1;
  }
  return low;
}
