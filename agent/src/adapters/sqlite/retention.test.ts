import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ScriptStore, StoreScript } from "../../testing/store-script.js";
import { Database } from "./database.js";
import { storeOn } from "./store.js";

const meter = "eastron/sdm630:1";
const batchOf = 21;
const everything = { beforeMs: Number.MAX_SAFE_INTEGER, maxBytes: 0 };
let folder: string;
let path: string;
let database: Database;
let store: ReturnType<typeof storeOn>;

beforeEach(() => {
  folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "powershare-keep-"));
  path = join(folder, "agent.db");
  open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function open(): void {
  database = new Database(path);
  store = storeOn(database, { participant: "h1" });
}

/** Works on the store without ever pruning by itself. */
function work(steps: number, changed: Partial<ScriptStore> = {}): void {
  const script = new StoreScript({ ...store, prune: () => 0, ...changed }, () => {});
  for (let step = 0; step < steps; step += 1) script.step();
}

function pruneAll(): number {
  let steps = 0;
  while (store.prune(everything) > 0) steps += 1;
  return steps;
}

function sequences(): number[] {
  return database.run((connection) =>
    z
      .array(z.number())
      .parse(connection.prepare("SELECT sequence FROM reading ORDER BY 1").pluck().all()),
  );
}

const span = z.object({ first: z.number(), last: z.number() });

/** Readings of open and uncommitted intervals that are not there. */
function missing(): number[] {
  const needed = database.run((connection) =>
    connection
      .prepare(
        `SELECT body ->> '$.readings.first' AS first, body ->> '$.readings.last' AS last FROM interval
           WHERE parcel IS NULL OR parcel IN (SELECT id FROM parcel WHERE state <> 'committed')
         UNION ALL SELECT state ->> '$.open.reading', (SELECT max(sequence) FROM reading) FROM builder`,
      )
      .all(),
  );
  const kept = new Set(sequences());
  return z
    .array(span)
    .parse(needed)
    .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n))
    .filter((sequence) => !kept.has(sequence));
}

describe("retention", () => {
  it("deletes nothing whose evidence the ledger has not committed, however old and full", () => {
    // Sealed, never packed: as with the ledger out of reach for good.
    work(64, { unsentEvidence: () => undefined });
    expect(store.sealedHead().checkpoint?.statement.sequence).toBe(8);
    expect(store.prune(everything)).toBe(0);
    expect(sequences()).toHaveLength(store.lastSequence());
  });

  it("deletes committed batches whole, oldest first, one at a time, and keeps the newest", () => {
    work(8 * 12);
    const last = store.lastSequence();
    const deleted = store.prune(everything);
    // One row stays: the meter's newest good reading of what is gone.
    expect(deleted).toBe(batchOf - 1);
    expect(sequences().slice(0, 2)).toEqual([batchOf, batchOf + 1]);
    expect(pruneAll()).toBeGreaterThan(3);
    expect(store.lastSequence()).toBe(last);
    expect(sequences().length).toBeGreaterThanOrEqual(1 + (last % batchOf));
    expect(store.lastGood(meter)?.reading.sequence).toBe(last);
    // Intervals and packages are all there, and still go out as evidence.
    const [oldest] = store.packages(0, Number.MAX_SAFE_INTEGER, 100);
    expect(oldest?.intervals[0]?.sequence).toBe(1);
  });

  it("spares what is young and fits", () => {
    work(8 * 12);
    const maxBytes = store.usedBytes();
    const beforeMs = Date.parse("2026-06-01T12:00:00Z");
    expect(store.prune({ beforeMs, maxBytes })).toBe(0);
    expect(store.prune({ beforeMs: beforeMs + 22_000, maxBytes })).toBeGreaterThan(0);
    expect(store.prune({ beforeMs: beforeMs + 22_000, maxBytes })).toBe(0);
    expect(store.prune({ beforeMs, maxBytes: maxBytes / 4 })).toBeGreaterThan(0);
  });

  it("never takes a reading that an interval needs which is open or not committed", () => {
    const life = fc.array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.boolean()), {
      minLength: 3,
      maxLength: 6,
    });
    fc.assert(
      fc.property(life, (turns) => {
        store.close();
        rmSync(path, { force: true });
        open();
        for (const [steps, reachable] of turns) {
          work(steps, reachable ? {} : { nextParcel: () => undefined });
          pruneAll();
          expect(missing()).toEqual([]);
        }
      }),
      { numRuns: 6 },
    );
  });

  it("gives the space back to the disk", () => {
    work(8 * 30);
    database.run((connection) => connection.pragma("wal_checkpoint(TRUNCATE)"));
    const before = statSync(path).size;
    pruneAll();
    database.run((connection) => connection.pragma("wal_checkpoint(TRUNCATE)"));
    expect(statSync(path).size).toBeLessThan(before - 20 * batchOf * 240);
  });
});
