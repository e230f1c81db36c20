import * as node from "node:crypto";
import { codeOf } from "@powershare/domain/errors";
import { cryptoFrom, entryLeaf, MerkleTree, toHex } from "@powershare/domain/evidence";
import { z } from "zod";
import { type Connection, Database } from "../adapters/sqlite/database.js";
import { parseCheckpoint } from "../adapters/sqlite/evidence.js";
import { entriesAfter } from "../adapters/sqlite/readings.js";
import { prunedUpTo } from "../adapters/sqlite/retention.js";
import { sequenceOf } from "../ports/store.js";
import { groupSize, parcelStates } from "./store-script.js";

const { sha256 } = cryptoFrom(node);

/** What a writer said is on the disk. */
export class Acknowledged {
  readings = 0;
  sealed = 0;
  /** By first interval: how far the package had come. */
  readonly packages = new Map<number, number>();

  take(line: string): void {
    const [what, number, state] = line.split(" ");
    if (what === "readings") this.readings = Number(number);
    else if (what === "sealed") this.sealed = Number(number);
    else if (what === "package") {
      const rank = rankOf(state);
      this.packages.set(Number(number), rank);
    }
  }
}

function rankOf(state: unknown): number {
  const states: readonly unknown[] = parcelStates;
  return states.indexOf(state);
}

export interface Finding {
  readonly kind: "lost" | "corrupt" | "half";
  readonly what: string;
}

/**
 * Opens a store as the agent does and compares it with what was acknowledged: nothing lost, every
 * group of readings, seal and package whole or absent, and every batch still under its Merkle root.
 */
export function inspectStore(path: string, acknowledged: Acknowledged): Finding[] {
  let database: Database | undefined;
  try {
    database = new Database(path);
    return database.run((connection) => [
      ...lost(connection, acknowledged),
      ...half(connection),
      ...unproved(connection),
    ]);
  } catch (error) {
    const what = `${codeOf(error) ?? ""} ${error instanceof Error ? error.message : String(error)}`;
    return [{ kind: "corrupt", what }];
  } finally {
    database?.close();
  }
}

function number(connection: Connection, sql: string, ...values: number[]): number {
  return z.number().parse(
    connection
      .prepare(sql)
      .pluck()
      .get(...values),
  );
}

function lastReading(connection: Connection): number {
  return number(connection, "SELECT coalesce(max(sequence), 0) FROM reading");
}

function lost(connection: Connection, { readings, sealed, packages }: Acknowledged): Finding[] {
  const findings: Finding[] = [];
  const expect = (what: string, found: number, acknowledged: number): void => {
    if (found < acknowledged) {
      findings.push({ kind: "lost", what: `${what}: ${found}, said was ${acknowledged}` });
    }
  };
  expect("readings", lastReading(connection), readings);
  const newest = "SELECT coalesce(max(sequence), 0) FROM checkpoint";
  expect("checkpoints", number(connection, newest), sealed);
  const stateOf = connection.prepare("SELECT state FROM parcel WHERE first = ?").pluck();
  for (const [first, rank] of packages) {
    const state = stateOf.get(first);
    const found = rankOf(state);
    expect(`package ${first}`, found, rank);
  }
  return findings;
}

/** What one transaction wrote agrees with itself. */
function half(connection: Connection): Finding[] {
  const last = lastReading(connection);
  const pairs: [what: string, one: number, other: number][] = [
    ["group of readings", last % groupSize, 0],
    ["readings and their total", last, total(connection, "readings")],
    [
      "readings and the pruned",
      number(connection, "SELECT count(*) FROM reading WHERE sequence > ?", prunedUpTo(connection)),
      last - prunedUpTo(connection),
    ],
    [
      "checkpoints and their total",
      number(connection, "SELECT coalesce(max(sequence), 0) FROM checkpoint"),
      total(connection, "checkpoints"),
    ],
    [
      "intervals and their total",
      number(connection, "SELECT count(*) FROM interval"),
      total(connection, "intervals"),
    ],
    [
      "intervals and their builder",
      number(connection, "SELECT count(*) FROM interval"),
      number(connection, "SELECT coalesce(sum(state ->> '$.sequence'), 0) FROM builder"),
    ],
    [
      "committed packages and their total",
      number(
        connection,
        "SELECT coalesce(sum(last - first + 1), 0) FROM parcel WHERE state = 'committed'",
      ),
      total(connection, "evidenceCommitted"),
    ],
    [
      "intervals in packages",
      number(connection, "SELECT count(*) FROM interval WHERE parcel IS NOT NULL"),
      number(connection, "SELECT coalesce(sum(last - first + 1), 0) FROM parcel"),
    ],
  ];
  return pairs.flatMap(([what, one, other]) =>
    one === other ? [] : [{ kind: "half", what: `${what}: ${one} and ${other}` }],
  );
}

function total(connection: Connection, name: string): number {
  const found = connection.prepare("SELECT value FROM total WHERE name = ?").pluck().get(name);
  return z.number().parse(found);
}

/** The oldest and the newest batch that are there hash to their roots. */
function unproved(connection: Connection): Finding[] {
  const bodies = connection
    .prepare(
      `SELECT body FROM checkpoint WHERE last_reading > @pruned AND (sequence = (SELECT max(sequence) FROM checkpoint)
         OR sequence = (SELECT min(sequence) FROM checkpoint WHERE last_reading > @pruned))`,
    )
    .pluck()
    .all({ pruned: prunedUpTo(connection) });
  return bodies.map(parseCheckpoint).flatMap(({ statement }) => {
    const { first, last } = statement.readings;
    const tree = new MerkleTree(sha256);
    const entries = entriesAfter(connection, first - 1, last - first + 1);
    for (const entry of entries) {
      tree.append(entryLeaf("event" in entry ? entry.event : entry.reading, sha256));
    }
    const whole = entries.every((entry, index) => sequenceOf(entry) === first + index);
    if (whole && toHex(tree.root()) === statement.merkleRoot) return [];
    return [{ kind: "corrupt", what: `batch ${statement.sequence} is not the one sealed` }];
  });
}
