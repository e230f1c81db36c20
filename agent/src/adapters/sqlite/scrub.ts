import * as node from "node:crypto";
import { CodedError } from "@powershare/domain/errors";
import {
  cryptoFrom,
  emptyHead,
  entryLeaf,
  fromHex,
  type Interval,
  intervalHash,
  MerkleTree,
  nextHead,
  type Statement,
  statementHash,
  toHex,
} from "@powershare/domain/evidence";
import { z } from "zod";
import { type ScrubStore, sequenceOf } from "../../ports/store.js";
import { requireSound, tails } from "./check-at-start.js";
import type { Connection, Database } from "./database.js";
import { parseCheckpoint, parseInterval } from "./evidence.js";
import { entriesAfter } from "./readings.js";
import { checkedTables, requireIntactRows } from "./row-checks.js";

/** Intervals and packages looked at in one step: a few milliseconds. */
const rowsPerStep = 200;
const { sha256 } = cryptoFrom(node);

/** Where a pass stands. */
interface Pass {
  readonly steps: Generator<undefined, void, Connection>;
}

/**
 * Reads the whole store again, a little at a time: what a card forgets is found while the last backup
 * still has it. Each step is a few milliseconds, or one batch of readings.
 */
export function createScrubStore(database: Database): ScrubStore {
  let pass: Pass | undefined;
  return {
    scrub: () =>
      database.run((connection) => {
        try {
          pass ??= { steps: everything(connection) };
          const { done = false } = pass.steps.next(connection);
          if (done) pass = undefined;
          return done;
        } catch (error) {
          pass = undefined;
          throw error;
        }
      }),
  };
}

function* everything(connection: Connection): Generator<undefined, void, Connection> {
  let current = connection;
  for (const table of smallTables(current)) {
    requireSound(current, `integrity_check(${table})`, table);
    current = yield;
  }
  for (const table of checkedTables) {
    if (tails[table] !== undefined) continue;
    requireIntactRows(current, table);
    current = yield;
  }
  current = yield* batches(current);
  requireIntactRows(current, "reading", tails.reading);
  current = yield* intervals(current);
  current = yield* rows(current, "parcel", "id");
  yield* rows(current, "checkpoint", "sequence");
}

function smallTables(connection: Connection): string[] {
  const large = new Set(Object.keys(tails));
  const names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck();
  return z
    .array(z.string())
    .parse(names.all())
    .filter((name) => !large.has(name) && !name.startsWith("sqlite_"));
}

/** Every batch from the oldest that is left: its readings in sequence, under its root, in the chain. */
function* batches(connection: Connection): Generator<undefined, Connection, Connection> {
  let current = connection;
  let link = firstLink(current);
  for (;;) {
    const statement = batchAfter(current, link.reading);
    if (statement === undefined) return current;
    link = requireBatch(current, statement, link);
    current = yield;
    // Retention may have overtaken.
    const first = firstLink(current);
    if (first.reading > link.reading) link = first;
  }
}

interface Link {
  readonly reading: number;
  readonly chainHead: Uint8Array;
  readonly statementHash: string | undefined;
}

function firstLink(connection: Connection): Link {
  const row = connection.prepare("SELECT reading, chain_head, statement_hash FROM pruned").get();
  if (row === undefined) return { reading: 0, chainHead: emptyHead(), statementHash: undefined };
  const { reading, chain_head, statement_hash } = z
    .object({ reading: z.number(), chain_head: z.string(), statement_hash: z.string() })
    .parse(row);
  return { reading, chainHead: fromHex(chain_head), statementHash: statement_hash };
}

function batchAfter(connection: Connection, reading: number): Statement | undefined {
  const body = connection
    .prepare("SELECT body FROM checkpoint WHERE last_reading > ? ORDER BY last_reading LIMIT 1")
    .pluck()
    .get(reading);
  return body === undefined ? undefined : parseCheckpoint(body).statement;
}

function requireBatch(connection: Connection, statement: Statement, before: Link): Link {
  const { sequence, previous, merkleRoot, readings, chainHead } = statement;
  const fail = (what: string): never => {
    throw new CodedError("store.corrupt", `batch ${sequence}: ${what}`);
  };
  if (before.statementHash !== undefined && previous !== before.statementHash) {
    fail("its checkpoint does not follow the one before");
  }
  if (readings.first !== before.reading + 1) fail(`begins at reading ${readings.first}`);
  const tree = new MerkleTree(sha256);
  let head = before.chainHead;
  let expected = readings.first;
  for (const entry of entriesAfter(
    connection,
    before.reading,
    readings.last - readings.first + 1,
  )) {
    if (sequenceOf(entry) !== expected) fail(`reading ${expected} is missing`);
    expected += 1;
    const leaf = entryLeaf("event" in entry ? entry.event : entry.reading, sha256);
    tree.append(leaf);
    head = nextHead(head, leaf, sha256);
  }
  if (toHex(tree.root()) !== merkleRoot || toHex(head) !== chainHead) {
    fail("its readings are not those that were sealed");
  }
  return {
    reading: readings.last,
    chainHead: head,
    statementHash: toHex(statementHash(statement, sha256)),
  };
}

const intervalRow = z.object({
  meter: z.string(),
  sequence: z.number(),
  start_ms: z.number(),
  parcel: z.number().nullable(),
  body: z.string(),
  indexed: z.number(),
});

/** Intervals of each meter in their chain, and found by the indexes that send and show them. */
function* intervals(connection: Connection): Generator<undefined, Connection, Connection> {
  let current = connection;
  let before: Interval | undefined;
  for (;;) {
    const found = z.array(intervalRow).parse(
      current
        .prepare(
          `SELECT *, EXISTS (SELECT 1 FROM interval j INDEXED BY interval_start
              WHERE j.start_ms = i.start_ms AND j.meter = i.meter AND j.sequence = i.sequence)
            AND (parcel IS NOT NULL OR EXISTS (SELECT 1 FROM interval j INDEXED BY interval_unsent
              WHERE j.parcel IS NULL AND j.meter = i.meter AND j.sequence = i.sequence)) AS indexed
           FROM interval i NOT INDEXED WHERE (meter, sequence) > (?, ?) ORDER BY meter, sequence LIMIT ?`,
        )
        .all(before?.meter ?? "", before?.sequence ?? 0, rowsPerStep),
    );
    for (const row of found) {
      before = requireInterval(row, before);
    }
    const last = found.at(-1);
    if (last === undefined) return current;
    requireIntactRows(
      current,
      "interval",
      `meter = '${last.meter}' AND sequence > ${last.sequence - rowsPerStep} AND sequence <= ${last.sequence}`,
    );
    current = yield;
  }
}

function requireInterval(
  { meter, sequence, body, indexed }: z.infer<typeof intervalRow>,
  before: Interval | undefined,
): Interval {
  const found = parseInterval(body);
  const follows =
    before?.meter !== meter ||
    (sequence === before.sequence + 1 && found.previous === toHex(intervalHash(before, sha256)));
  if (indexed === 1 && follows && found.meter === meter && found.sequence === sequence)
    return found;
  throw new CodedError("store.corrupt", `interval ${sequence} of ${meter} is not the one sealed`);
}

function* rows(
  connection: Connection,
  table: "parcel" | "checkpoint",
  key: string,
): Generator<undefined, Connection, Connection> {
  let current = connection;
  let after = 0;
  for (;;) {
    const last = current
      .prepare(
        `SELECT max(${key}) FROM (SELECT ${key} FROM ${table} NOT INDEXED WHERE ${key} > ? ORDER BY ${key} LIMIT ?)`,
      )
      .pluck()
      .get(after, rowsPerStep);
    if (typeof last !== "number") return current;
    requireIntactRows(current, table, `${key} > ${after} AND ${key} <= ${last}`);
    after = last;
    current = yield;
  }
}
