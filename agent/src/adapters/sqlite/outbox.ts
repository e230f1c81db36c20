import type { EvidencePackage } from "@powershare/domain/evidence";
import { z } from "zod";
import type { OutboxStore, Parcel, ParcelChange, UnsentEvidence } from "../../ports/store.js";
import type { Connection, Database } from "./database.js";
import { parseCheckpoint, parseInterval } from "./evidence.js";
import { addToTotal } from "./readings.js";

export function createOutboxStore(database: Database): OutboxStore {
  return {
    unsentMeters: () =>
      database.run((connection) =>
        z.array(z.string()).parse(
          connection
            .prepare(
              `SELECT meter FROM
                   (SELECT meter FROM parcel WHERE state <> 'committed' UNION SELECT meter FROM interval WHERE parcel IS NULL)
                 WHERE meter NOT IN (SELECT meter FROM meter_epoch WHERE state <> 'confirmed')`,
            )
            .pluck()
            .all(),
        ),
      ),
    nextParcel: (meter) => database.run((connection) => nextParcel(connection, meter)),
    unsentEvidence: (meter, limit) =>
      database.run((connection) => unsentEvidence(connection, meter, limit)),
    interval: (meter, sequence) =>
      database.run((connection) => {
        const body = connection
          .prepare("SELECT body FROM interval WHERE meter = ? AND sequence = ?")
          .pluck()
          .get(meter, sequence);
        return body === undefined ? undefined : parseInterval(body);
      }),
    addParcel: (evidence) => database.transaction((connection) => addParcel(connection, evidence)),
    changeParcel: (id, change) =>
      database.transaction((connection) => changeParcel(connection, id, change)),
  };
}

const parcelRow = z.object({
  id: z.number(),
  meter: z.string(),
  first: z.number(),
  last: z.number(),
  checkpoint: z.number(),
  signature: z.string(),
});
const openParcelRow = parcelRow.extend({
  state: z.enum(["stored", "prepared", "submitted", "refused"]),
  transaction_id: z.string().nullable(),
  envelope: z.instanceof(Uint8Array).nullable(),
});

/** The package of a row of `parcel`, byte for byte the one that was signed. */
export function packageOf(connection: Connection, row: unknown): EvidencePackage {
  const { meter, first, last, checkpoint, signature } = parcelRow.parse(row);
  const intervals = connection
    .prepare(
      "SELECT body FROM interval WHERE meter = ? AND sequence BETWEEN ? AND ? ORDER BY sequence",
    )
    .pluck()
    .all(meter, first, last)
    .map(parseInterval);
  const body = connection
    .prepare("SELECT body FROM checkpoint WHERE sequence = ?")
    .pluck()
    .get(checkpoint);
  const participant = intervals[0]?.participant ?? "";
  return { v: 1, participant, meter, intervals, checkpoint: parseCheckpoint(body), signature };
}

function nextParcel(connection: Connection, meter: string): Parcel | undefined {
  const found = connection
    .prepare("SELECT * FROM parcel WHERE meter = ? AND state <> 'committed' ORDER BY first LIMIT 1")
    .get(meter);
  if (found === undefined) return undefined;
  const { id, state, transaction_id: transactionId, envelope } = openParcelRow.parse(found);
  return { id, state, transactionId, envelope, package: packageOf(connection, found) };
}

function unsentEvidence(
  connection: Connection,
  meter: string,
  limit: number,
): UnsentEvidence | undefined {
  const rows = z
    .array(z.object({ body: z.string(), checkpoint: z.number() }))
    .parse(
      connection
        .prepare(
          "SELECT body, checkpoint FROM interval WHERE meter = ? AND parcel IS NULL ORDER BY sequence LIMIT ?",
        )
        .all(meter, limit + 1),
    );
  // A checkpoint names only the newest interval of each meter, so a package ends where a checkpoint ends.
  const last = rows.findLastIndex(
    (row, index) => index < limit && row.checkpoint !== rows[index + 1]?.checkpoint,
  );
  const end = rows[last];
  if (end === undefined) return undefined;
  const body = connection
    .prepare("SELECT body FROM checkpoint WHERE sequence = ?")
    .pluck()
    .get(end.checkpoint);
  return {
    intervals: rows.slice(0, last + 1).map((row) => parseInterval(row.body)),
    checkpoint: parseCheckpoint(body),
  };
}

function addParcel(
  connection: Connection,
  { meter, intervals, checkpoint, signature }: EvidencePackage,
): void {
  const first = intervals[0]?.sequence;
  const last = intervals.at(-1)?.sequence;
  const { lastInsertRowid } = connection
    .prepare(
      "INSERT INTO parcel (meter, first, last, checkpoint, signature, state) VALUES (?, ?, ?, ?, ?, 'stored')",
    )
    .run(meter, first, last, checkpoint.statement.sequence, signature);
  connection
    .prepare("UPDATE interval SET parcel = ? WHERE meter = ? AND sequence BETWEEN ? AND ?")
    .run(lastInsertRowid, meter, first, last);
}

function changeParcel(connection: Connection, id: number, change: ParcelChange): void {
  switch (change.state) {
    case "prepared":
      connection
        .prepare(
          "UPDATE parcel SET state = 'prepared', transaction_id = ?, envelope = ?, reason = NULL WHERE id = ?",
        )
        .run(change.transactionId, change.envelope, id);
      return;
    case "submitted":
      connection.prepare("UPDATE parcel SET state = 'submitted' WHERE id = ?").run(id);
      return;
    case "stored":
    case "refused":
      // Final for this transaction: a new proposal gets an id of its own.
      connection
        .prepare(
          "UPDATE parcel SET state = ?, transaction_id = NULL, envelope = NULL, reason = ? WHERE id = ?",
        )
        .run(change.state, change.state === "refused" ? change.reason : null, id);
      return;
    case "committed": {
      const { changes } = connection
        .prepare(
          "UPDATE parcel SET state = 'committed', envelope = NULL, reason = NULL WHERE id = ? AND state <> 'committed'",
        )
        .run(id);
      if (changes === 0) return;
      const count = connection
        .prepare("SELECT last - first + 1 FROM parcel WHERE id = ?")
        .pluck()
        .get(id);
      addToTotal(connection, "evidenceCommitted", z.number().parse(count));
    }
  }
}
