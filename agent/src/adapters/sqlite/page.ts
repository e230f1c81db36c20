import { intervalsPerPackage, meterRole } from "@powershare/domain/evidence";
import { z } from "zod";
import type { PageStore } from "../../ports/store.js";
import type { Database } from "./database.js";
import { packageOf } from "./outbox.js";

const counts = z.object({
  readings: z.number(),
  rejected: z.number(),
  checkpoints: z.number(),
  intervals: z.number(),
  evidenceCommitted: z.number(),
});
const backlogRow = z.object({
  parcels: z.number(),
  intervals: z.number(),
  oldest: z.number().nullable(),
});

const hourRow = z.object({
  hour: z.int(),
  role: meterRole,
  importWh: z.number(),
  exportWh: z.number(),
});

/** Of an epoch that a person said is none, nothing is sent and nothing counts. */
const notWithdrawn = "meter NOT IN (SELECT meter FROM meter_epoch WHERE state = 'withdrawn')";

export function createPageStore(database: Database): PageStore {
  return {
    hourlyEnergy: (fromMs, toMs) =>
      database.run((connection) =>
        z.array(hourRow).parse(
          connection
            .prepare(
              // Bound numbers are REAL, so the division is one too.
              `SELECT CAST((start_ms - ?) / 3600000 AS INTEGER) AS hour, body ->> 'role' AS role,
                 sum(body ->> 'importWh') AS importWh, sum(body ->> 'exportWh') AS exportWh
               FROM interval WHERE ${notWithdrawn} AND start_ms >= ? AND start_ms < ? GROUP BY 1, 2 ORDER BY 1`,
            )
            .all(fromMs, fromMs, toMs),
        ),
      ),
    counts: () =>
      database.run((connection) => {
        const rows = z
          .array(z.tuple([z.string(), z.number()]))
          .parse(connection.prepare("SELECT name, value FROM total").raw().all());
        return counts.parse(Object.fromEntries(rows));
      }),
    backlog: () =>
      database.run((connection) => {
        const row = backlogRow.parse(
          connection
            .prepare(
              `SELECT
                (SELECT count(*) FROM parcel WHERE state <> 'committed') AS parcels,
                (SELECT coalesce(sum((n + ${intervalsPerPackage - 1}) / ${intervalsPerPackage}), 0)
                   FROM (SELECT count(*) AS n FROM interval WHERE parcel IS NULL AND ${notWithdrawn} GROUP BY meter)) AS intervals,
                (SELECT min(end_ms) FROM interval WHERE (parcel IS NULL AND ${notWithdrawn})
                   OR parcel IN (SELECT id FROM parcel WHERE state <> 'committed')) AS oldest`,
            )
            .get(),
        );
        return {
          unsentPackages: row.parcels + row.intervals,
          oldestUnsentAt: row.oldest === null ? null : new Date(row.oldest).toISOString(),
        };
      }),
    packages: (fromMs, toMs, limit) =>
      database.run((connection) =>
        connection
          .prepare(
            `SELECT * FROM parcel WHERE id IN
               (SELECT parcel FROM interval WHERE start_ms < ? AND end_ms > ?) ORDER BY meter, first LIMIT ?`,
          )
          .all(toMs, fromMs, limit)
          .map((row) => packageOf(connection, row)),
      ),
  };
}
