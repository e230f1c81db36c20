import { z } from "zod";
import type { ArchivedInterval, ArchiveStore } from "../../ports/store.js";
import type { Connection } from "./connection.js";
import type { Database } from "./database.js";
import { parseInterval } from "./evidence.js";
import { readingsTaken } from "./readings.js";

/** Readings unpacked at a time: ten milliseconds or so. */
const readingsPerPage = 500;
/** Readings of which only the time is looked at, at a time: as long. A store holds tens of millions. */
const readingsPerWindow = 10_000;
const intervalsPerPage = 200;
/** Half a megabyte at a time, so that polling goes on. */
const pagesPerStep = 128;

const intervalRow = z.object({ meter: z.string(), body: z.string(), state: z.string().nullable() });

export function createArchiveStore(database: Database): ArchiveStore {
  return {
    readingsBetween: (after, fromMs, toMs) =>
      database.run((connection) => {
        const end = windowEnd(connection, after);
        if (end === undefined) return { readings: [], through: undefined };
        const window = { after, end, fromMs, toMs };
        const readings = readingsTaken(connection, window, readingsPerPage);
        const isWhole = readings.length < readingsPerPage;
        return { readings, through: isWhole ? end : readings.at(-1)?.reading.sequence };
      }),
    intervalsBetween: (after, fromMs, toMs) =>
      database.run((connection) => {
        const rows = connection
          .prepare(
            `SELECT i.meter, i.body, p.state FROM interval i LEFT JOIN parcel p ON p.id = i.parcel
             WHERE (i.meter, i.sequence) > (?, ?) AND i.start_ms < ? AND i.end_ms > ?
             ORDER BY i.meter, i.sequence LIMIT ?`,
          )
          .all(after?.meter ?? "", after?.sequence ?? 0, toMs, fromMs, intervalsPerPage);
        return z
          .array(intervalRow)
          .parse(rows)
          .map(({ body, state }): ArchivedInterval => {
            return { interval: parseInterval(body), committed: state === "committed" };
          });
      }),
    // The connection's own copy: what is committed meanwhile is in it.
    backup: async (path) => {
      const connection = database.run((open) => open);
      await connection.backup(path, { progress: () => pagesPerStep });
    },
  };
}

/** Where the readings end that are looked at next; undefined where there are none after `after`. */
function windowEnd(connection: Connection, after: number): number | undefined {
  const first = connection.prepare("SELECT min(sequence) FROM reading WHERE sequence > ?").pluck();
  const found = z.number().nullable().parse(first.get(after));
  return found === null ? undefined : found + readingsPerWindow - 1;
}
