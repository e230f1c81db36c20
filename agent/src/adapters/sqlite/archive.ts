import { z } from "zod";
import type { ArchivedInterval, ArchiveStore } from "../../ports/store.js";
import type { Database } from "./database.js";
import { parseInterval } from "./evidence.js";
import { entriesAfter } from "./readings.js";

/** Readings looked through at a time: a few tens of milliseconds. */
const readingsPerPage = 500;
const intervalsPerPage = 200;
/** Half a megabyte at a time, so that polling goes on. */
const pagesPerStep = 128;

const intervalRow = z.object({ meter: z.string(), body: z.string(), state: z.string().nullable() });

export function createArchiveStore(database: Database): ArchiveStore {
  return {
    readingsBetween: (after, fromMs, toMs) =>
      database.run((connection) => {
        const entries = entriesAfter(connection, after, readingsPerPage);
        const readings = entries.filter((entry) => "reading" in entry);
        const last = entries.at(-1);
        return {
          readings: readings.filter(({ reading }) => {
            const atMs = Date.parse(reading.at);
            return atMs >= fromMs && atMs < toMs;
          }),
          through:
            last === undefined ? undefined : ("event" in last ? last.event : last.reading).sequence,
        };
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
