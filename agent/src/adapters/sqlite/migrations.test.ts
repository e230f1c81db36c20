import * as node from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { cryptoFrom, entryLeaf, MerkleTree, toHex } from "@powershare/domain/evidence";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Database } from "./database.js";
import { parseCheckpoint } from "./evidence.js";
import { entriesAfter } from "./readings.js";
import { checkedColumns, checkedTables, requireIntactRows } from "./row-checks.js";
import { migrations } from "./schema.js";
import { openStore } from "./store.js";

const { sha256 } = cryptoFrom(node);
const household = { participant: "h1", slotSeconds: 20 };
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-migrations-"));
  path = join(folder, "agent.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Two meters for two minutes: eight intervals, four of them committed. Written by the agent that was released with that schema. */
function fixture(version: number): Buffer {
  return gunzipSync(readFileSync(new URL(`fixtures/agent-v${version}.db.gz`, import.meta.url)));
}

/** All rows of all tables that the file has, in the columns it had. */
function contentOf(file: string, tables: readonly string[]): Map<string, unknown[]> {
  const connection = new Sqlite(file, { readonly: true });
  try {
    return new Map(
      tables.map((table) => {
        const columns = Object.entries(checkedColumns).find(([name]) => name === table)?.[1] ?? [];
        const names = columns.join(", ");
        const all = connection.prepare(`SELECT ${names} FROM ${table} ORDER BY 1, 2`).all();
        return [table, all];
      }),
    );
  } finally {
    connection.close();
  }
}

function tablesOf(file: string): string[] {
  const connection = new Sqlite(file, { readonly: true });
  const names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck();
  const found = z.array(z.string()).parse(names.all());
  connection.close();
  return found;
}

describe.each([1])("a store of schema %i", (version) => {
  beforeEach(() => writeFileSync(path, fixture(version)));

  it("keeps every row when it is opened by this agent", () => {
    const tables = tablesOf(path);
    expect(tables.length).toBeGreaterThanOrEqual(10);
    const before = contentOf(path, tables);
    const store = openStore(path, household);
    expect(store.counts()).toMatchObject({ readings: 228, checkpoints: 5, intervals: 8 });
    store.close();
    expect(contentOf(path, tables)).toEqual(before);
    const connection = new Sqlite(path, { readonly: true });
    expect(connection.pragma("user_version", { simple: true })).toBe(migrations.length);
    expect(connection.pragma("integrity_check", { simple: true })).toBe("ok");
    expect(connection.pragma("foreign_key_check")).toEqual([]);
    connection.close();
  });

  it("still proves every batch, goes on in its sequence, and can shrink from then on", () => {
    const store = openStore(path, household);
    const last = store.lastSequence();
    expect(last).toBe(228);
    expect(store.sealedHead().builders.size).toBe(2);
    expect(store.unsentMeters()).toHaveLength(2);
    expect(store.packages(0, Number.MAX_SAFE_INTEGER, 100)).toHaveLength(6);
    store.close();
    const database = new Database(path);
    database.run((connection) => {
      const bodies = connection.prepare("SELECT body FROM checkpoint ORDER BY sequence").pluck();
      for (const { statement } of bodies.all().map(parseCheckpoint)) {
        const tree = new MerkleTree(sha256);
        const { first, last: end } = statement.readings;
        for (const entry of entriesAfter(connection, first - 1, end - first + 1)) {
          tree.append(entryLeaf("event" in entry ? entry.event : entry.reading, sha256));
        }
        expect(toHex(tree.root())).toBe(statement.merkleRoot);
      }
      for (const table of checkedTables) requireIntactRows(connection, table);
      expect(connection.pragma("auto_vacuum", { simple: true })).toBe(2);
    });
    database.close();
  });

  it("is left as it was by an agent too old for it", () => {
    openStore(path, household).close();
    const connection = new Sqlite(path);
    connection.pragma(`user_version = ${migrations.length + 1}`);
    connection.pragma("journal_mode = DELETE");
    connection.close();
    const before = readFileSync(path);
    expect(() => openStore(path, household)).toThrow(
      expect.objectContaining({ code: "store.newer" }),
    );
    // The header's change counters apart, which opening in WAL mode sets.
    expect(readFileSync(path).subarray(100)).toEqual(before.subarray(100));
  });
});

it("lists every table and column for the check values", () => {
  openStore(path, household).close();
  const connection = new Sqlite(path, { readonly: true });
  const own = tablesOf(path).filter((name) => !name.startsWith("ledger_"));
  expect(new Set(own)).toEqual(new Set<string>(checkedTables));
  for (const table of checkedTables) {
    const columns = connection.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck();
    expect(new Set(columns.all())).toEqual(new Set<string>(checkedColumns[table]));
  }
  connection.close();
});
