import { CodedError } from "@powershare/domain/errors";
import { event, keptReading, type Reading, readingOf } from "@powershare/domain/evidence";
import { z } from "zod";
import {
  type ReadingStore,
  type StoredEntry,
  type StoredReading,
  sequenceOf,
} from "../../ports/store.js";
import type { Connection, Database } from "./database.js";
import { computedCrc, fromDisk } from "./row-checks.js";

export function createReadingStore(database: Database): ReadingStore {
  return {
    lastSequence: () => database.run(lastSequence),
    lastEntry: () =>
      database.run((connection) => entriesAfter(connection, lastSequence(connection) - 1, 1)[0]),
    insertReadings: (entries) => database.transaction((connection) => insert(connection, entries)),
    lastGood: (meter) =>
      database.run((connection) => {
        // Walks back from the newest reading: the one looked for is near the end.
        const row = connection
          .prepare(
            `${selectReading} WHERE s.meter = ? AND r.import_wh IS NOT NULL ORDER BY sequence DESC LIMIT 1`,
          )
          .get(meter);
        return row === undefined ? undefined : toReading(row);
      }),
    pins: () =>
      database.run((connection) => {
        const rows = connection.prepare("SELECT place, meter FROM pin").raw().all();
        return new Map(z.array(z.tuple([z.string(), z.string()])).parse(rows));
      }),
    pinMeter: (place, meter) =>
      database.transaction((connection) => {
        connection
          .prepare("INSERT INTO pin VALUES (?, ?) ON CONFLICT DO NOTHING")
          .run(place, meter);
        return z
          .string()
          .parse(connection.prepare("SELECT meter FROM pin WHERE place = ?").pluck().get(place));
      }),
  };
}

function lastSequence(connection: Connection): number {
  return z.number().parse(
    connection
      .prepare(
        `SELECT max(coalesce((SELECT max(sequence) FROM reading), 0),
                    coalesce((SELECT max(sequence) FROM event), 0))`,
      )
      .pluck()
      .get(),
  );
}

/** Oldest readings and events after `after`, in order. */
export function entriesAfter(connection: Connection, after: number, limit: number): StoredEntry[] {
  const readings: StoredEntry[] = connection
    .prepare(`${selectReading} WHERE sequence > ? ORDER BY sequence LIMIT ?`)
    .all(after, limit)
    .map(toReading);
  const events = connection
    .prepare("SELECT body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?")
    .pluck()
    .all(after, limit)
    .map((body) => ({
      event: fromDisk("event", () => event.parse(JSON.parse(z.string().parse(body)))),
    }));
  if (events.length === 0) return readings;
  return [...readings, ...events].sort((a, b) => sequenceOf(a) - sequenceOf(b)).slice(0, limit);
}

/** Oldest readings with a sequence in (after, end] that were taken in [fromMs, toMs), in order. */
export function readingsTaken(
  connection: Connection,
  window: { after: number; end: number; fromMs: number; toMs: number },
  limit: number,
): StoredReading[] {
  return connection
    .prepare(
      `${selectReading} WHERE sequence > @after AND sequence <= @end
         AND at_ms >= @fromMs AND at_ms < @toMs ORDER BY sequence LIMIT @limit`,
    )
    .all({ ...window, limit })
    .map(toReading);
}

/** Rejected readings, newest first. */
export function rejectedReadings(connection: Connection, limit: number): Reading[] {
  return connection
    .prepare(`${selectReading} WHERE reason IS NOT NULL ORDER BY sequence DESC LIMIT ?`)
    .all(limit)
    .map((row) => toReading(row).reading);
}

/** Adds to one of the page's totals, in the transaction of what is counted. */
export function addToTotal(connection: Connection, name: string, count: number): void {
  connection.prepare("UPDATE total SET value = value + ? WHERE name = ?").run(count, name);
}

function insert(connection: Connection, entries: readonly StoredEntry[]): void {
  const insertEvent = connection.prepare("INSERT INTO event VALUES (?, ?)");
  for (const entry of entries) {
    if ("event" in entry) insertEvent.run(entry.event.sequence, JSON.stringify(entry.event));
  }
  insertReadings(
    connection,
    entries.filter((entry) => "reading" in entry),
  );
}

function insertReadings(connection: Connection, readings: readonly StoredReading[]): void {
  const insertSource = connection.prepare(
    "INSERT INTO source (meter, profile, boot) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const insertReading = connection.prepare(
    `INSERT INTO reading SELECT ?, id, ?, ?, ?, ?, ?, ?, ? FROM source WHERE meter = ? AND profile = ? AND boot = ?`,
  );
  for (const { reading, energy } of readings) {
    const source = [reading.meter, reading.profile, reading.bootId];
    insertSource.run(...source);
    insertReading.run(
      reading.sequence,
      Date.parse(reading.at),
      reading.monotonicMs,
      reading.clock,
      packRegisters(reading.registers),
      reading.reason ?? null,
      energy?.importWh ?? null,
      energy?.exportWh ?? null,
      ...source,
    );
  }
  addToTotal(connection, "readings", readings.length);
  const rejected = readings.filter(({ reading }) => reading.quality === "rejected").length;
  addToTotal(connection, "rejected", rejected);
}

/** A flipped bit is found here, before a reading is sealed or anything is judged by it. */
const selectReading = `SELECT r.*, s.meter, s.profile, s.boot,
    r.crc = ${computedCrc("reading", "r")} AND s.crc = ${computedCrc("source", "s")} AS intact
  FROM reading r JOIN source s ON s.id = r.source`;
const readingRow = keptReading.extend({ intact: z.number() });

/** The reading exactly as it was, so that its leaf hash comes out the same. */
function toReading(row: unknown): StoredReading {
  const found = fromDisk("reading", () => readingRow.parse(row));
  if (found.intact !== 1) {
    throw new CodedError(
      "store.corrupt",
      `reading ${found.sequence}: its bytes are not those written`,
    );
  }
  const energy =
    found.import_wh === null || found.export_wh === null
      ? null
      : { importWh: found.import_wh, exportWh: found.export_wh };
  return { reading: fromDisk("reading", () => readingOf(found)), energy };
}

const blockHeaderBytes = 5;

/** For `readingOf`; a third of the size of the JSON, and of the flash worn. */
export function packRegisters(registers: Reading["registers"]): Buffer {
  return Buffer.concat(
    registers.flatMap(({ table, address, bytes }) => {
      const body = Buffer.from(bytes, "hex");
      const header = Buffer.alloc(blockHeaderBytes);
      header.writeUInt8(table === "input" ? 0 : 1, 0);
      header.writeUInt16BE(address, 1);
      header.writeUInt16BE(body.length, 3);
      return [header, body];
    }),
  );
}
