import * as node from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cryptoFrom, entryLeaf, type Reading } from "@powershare/domain/evidence";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StoredEntry, StoredReading } from "../../ports/store.js";
import { Database, requireDurable } from "./database.js";
import { createReadingStore } from "./readings.js";
import { openStore } from "./store.js";

const { sha256 } = cryptoFrom(node);
const household = { participant: "h1", slotSeconds: 20 };
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "powershare-store-"));
  path = join(folder, "agent.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = fc
  .uint8Array({ minLength: 2, maxLength: 250 })
  .map((array) => Buffer.from(array).toString("hex"));
const content = fc.record({
  meter: fc.constantFrom("eastron/sdm630:12345678", "eastron/sdm230:A-1"),
  at: fc.nat({ max: 4_000_000_000_000 }).map((ms) => new Date(ms).toISOString()),
  monotonicMs: fc.nat(),
  bootId: fc.constantFrom("boot-1", "boot-2"),
  clock: fc.constantFrom("synchronised", "holdover", "unknown"),
  profile: fc.constantFrom("ab".repeat(32), "cd".repeat(32)),
  registers: fc.array(
    fc.record({
      table: fc.constantFrom("input", "holding"),
      address: fc.nat({ max: 65_535 }),
      bytes,
    }),
    { minLength: 1, maxLength: 4 },
  ),
});
const anyReadings: fc.Arbitrary<StoredReading[]> = fc
  .array(fc.tuple(content, fc.option(fc.record({ importWh: fc.nat(), exportWh: fc.nat() }))), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) =>
    list.map(([rest, energy], index) => {
      const judged =
        energy === null
          ? ({ quality: "rejected", reason: "meter.register-went-back" } as const)
          : ({ quality: "good" } as const);
      const reading: Reading = { v: 1, sequence: index + 1, ...rest, ...judged };
      return { reading, energy };
    }),
  );

function leafOf(entry: StoredEntry): Uint8Array {
  return entryLeaf("event" in entry ? entry.event : entry.reading, sha256);
}

function eventNumber(sequence: number): StoredEntry {
  const { at, monotonicMs, bootId, clock } = readingNumber(sequence).reading;
  const stamp = { at, monotonicMs, bootId, clock };
  const details = { stepMs: -1500, source: "ntp" };
  return { event: { v: 1, kind: "event", sequence, ...stamp, event: "clock-step", details } };
}

function readingNumber(sequence: number): StoredReading {
  return {
    reading: {
      v: 1,
      sequence,
      meter: "eastron/sdm630:1",
      at: "2026-06-01T12:00:00.000Z",
      monotonicMs: sequence,
      bootId: "b",
      clock: "synchronised",
      profile: "ab".repeat(32),
      registers: [{ table: "input", address: 0, bytes: "00".repeat(200) }],
      quality: "good",
    },
    energy: { importWh: sequence, exportWh: 0 },
  };
}

describe("readings of a time", () => {
  const startMs = Date.parse("2026-06-01T12:00:00.000Z");
  const takenAt = (sequence: number): StoredReading => {
    const { reading, energy } = readingNumber(sequence);
    return {
      reading: { ...reading, at: new Date(startMs + sequence * 1000).toISOString() },
      energy,
    };
  };
  const between = (store: ReturnType<typeof openStore>, from: number, to: number) => {
    const found: number[] = [];
    let looks = 0;
    for (let after: number | undefined = 0; after !== undefined; looks += 1) {
      const page = store.readingsBetween(after, startMs + from * 1000, startMs + to * 1000);
      found.push(...page.readings.map(({ reading }) => reading.sequence));
      after = page.through;
    }
    return { found, looks };
  };

  it("are found without unpacking those before and after, however many they are", () => {
    const store = openStore(path, household);
    for (let first = 1; first <= 9_000; first += 1_000) {
      store.insertReadings(Array.from({ length: 1_000 }, (_, n) => takenAt(first + n)));
    }
    expect(between(store, 8_990, 8_993)).toEqual({ found: [8_990, 8_991, 8_992], looks: 2 });
    expect(between(store, 0, 9_001).found).toEqual(Array.from({ length: 9_000 }, (_, n) => n + 1));
    expect(between(store, 20_000, 30_000).found).toEqual([]);
    store.close();
  });

  it("are found past events and past what retention left", () => {
    const store = openStore(path, household);
    store.insertReadings([
      takenAt(1),
      eventNumber(2),
      takenAt(3),
      takenAt(60_000),
      takenAt(60_001),
    ]);
    expect(between(store, 2, 60_001).found).toEqual([3, 60_000]);
    store.close();
  });
});

describe("readings on disk", () => {
  it("come back exactly, so that their leaf hashes are the same", () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const store = openStore(join(folder, `${node.randomUUID()}.db`), household);
        store.insertReadings(readings);
        const back = store.pendingReadings(100);
        store.close();
        expect(back).toEqual(readings);
        for (const [index, entry] of back.entries()) {
          expect(leafOf(entry)).toEqual(leafOf(readings[index] ?? entry));
        }
      }),
      { numRuns: 20 },
    );
  });

  it("stand in one sequence with events, and come back in it in pieces of any size", () => {
    const entries = [1, 2, 3, 4, 5].map((n) => (n % 2 === 0 ? eventNumber(n) : readingNumber(n)));
    let store = openStore(path, household);
    store.insertReadings(entries.slice(0, 4));
    expect(store.lastSequence()).toBe(4);
    store.insertReadings(entries.slice(4));
    store.close();
    store = openStore(path, household);
    expect(store.pendingReadings(10)).toEqual(entries);
    expect(store.pendingReadings(3)).toEqual(entries.slice(0, 3));
    expect(store.counts().readings).toBe(3);
    store.close();
  });

  it("never take a sequence twice, nor half a group", () => {
    const store = openStore(path, household);
    store.insertReadings([readingNumber(1), readingNumber(2)]);
    expect(() => store.insertReadings([readingNumber(3), readingNumber(2)])).toThrow(
      expect.objectContaining({ code: "store.failed" }),
    );
    expect(store.lastSequence()).toBe(2);
    expect(store.counts().readings).toBe(2);
    store.close();
  });
});

describe("durability", () => {
  it("is WAL with synchronous FULL, read back from the open connection", () => {
    const database = new Database(path);
    database.run((connection) => {
      expect(connection.pragma("journal_mode", { simple: true })).toBe("wal");
      expect(connection.pragma("synchronous", { simple: true })).toBe(2);
    });
    database.close();
  });

  // The control: as the library sets it up by itself, the check must say no.
  it("is refused as the library would leave it", () => {
    openStore(path, household).close();
    const connection = new Sqlite(path);
    connection.prepare("SELECT count(*) FROM reading").get();
    const journal = connection.pragma("journal_mode", { simple: true });
    const synchronous = connection.pragma("synchronous", { simple: true });
    expect(() => requireDurable(journal, synchronous, path)).toThrow(
      expect.objectContaining({ code: "store.not-durable" }),
    );
    connection.close();
  });

  it.each([
    ["delete", 2],
    ["memory", 2],
    ["wal", 1],
    ["wal", 0],
  ])("is refused for journal %s and synchronous %i", (journal, synchronous) => {
    expect(() => requireDurable(journal, synchronous, path)).toThrow(
      expect.objectContaining({ code: "store.not-durable" }),
    );
  });
});

describe("trouble with the file", () => {
  it("is coded when the disk is full, and over when there is space again", () => {
    const database = new Database(path);
    const store = createReadingStore(database);
    store.insertReadings([readingNumber(1)]);
    const many = Array.from({ length: 500 }, (_, index) => readingNumber(index + 2));
    // The limit holds for this connection; the next one, opened after the error, has none.
    database.run((connection) => connection.pragma("max_page_count = 10"));
    expect(() => store.insertReadings(many)).toThrow(
      expect.objectContaining({ code: "store.full" }),
    );
    expect(store.lastSequence()).toBe(1);
    store.insertReadings(many);
    expect(store.lastSequence()).toBe(501);
    database.close();
  });

  it("is coded when the file is damaged", () => {
    const store = openStore(path, household);
    store.insertReadings(Array.from({ length: 200 }, (_, index) => readingNumber(index + 1)));
    store.close();
    const file = openSync(path, "r+");
    writeSync(
      file,
      Buffer.alloc(4096, 0x5a),
      0,
      4096,
      Math.floor(statSync(path).size / 8192) * 4096,
    );
    closeSync(file);
    expect(() => openStore(path, household)).toThrow(
      expect.objectContaining({ code: "store.corrupt" }),
    );
  });

  it("is coded for a second agent on the same file", () => {
    const store = openStore(path, household);
    expect(() => openStore(path, household)).toThrow(
      expect.objectContaining({ code: "store.in-use" }),
    );
    store.close();
    openStore(path, household).close();
  });

  it("is coded for a file of a newer agent", () => {
    openStore(path, household).close();
    const connection = new Sqlite(path);
    connection.pragma("user_version = 999");
    connection.close();
    expect(() => openStore(path, household)).toThrow(
      expect.objectContaining({ code: "store.newer" }),
    );
  });
});
