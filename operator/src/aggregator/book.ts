import { type EventPayload, parseEvent } from "@powershare/domain/ledger";
import { type ChaincodeEvent, LedgerProjection } from "@powershare/ledger-client";
import type { Database } from "better-sqlite3";
import { z } from "zod";
import type { Totals } from "./totals.js";

/** Spans kept of each meter: the longest look back, and room for packages that come late. */
const keptSpans = 500;

const schema = `
CREATE TABLE IF NOT EXISTS spans (
  participant TEXT NOT NULL, meter TEXT NOT NULL, role TEXT NOT NULL,
  from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, import_wh INTEGER NOT NULL, export_wh INTEGER NOT NULL,
  PRIMARY KEY (meter, to_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reached (meter TEXT PRIMARY KEY, end_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
const totals = z.array(
  z.object({ fromMs: z.int(), toMs: z.int(), importWh: z.int(), exportWh: z.int() }),
);
const meterNames = z.array(z.tuple([z.string(), z.string()]));

/** What the aggregator keeps of the ledger: the projection, and what each meter's accepted evidence came to. */
export class EvidenceBook {
  readonly projection: LedgerProjection;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.projection = new LedgerProjection(database);
    database.exec(schema);
  }

  /** Takes an event and the position behind it, both or neither. @throws ZodError for one that does not fit its name */
  apply(event: ChaincodeEvent): void {
    this.#database.transaction(() => {
      if (!this.projection.apply(event)) return;
      const known = parseEvent(event.name, event.payload);
      if (known?.name === "EvidenceAccepted") this.#add(known.payload);
    })();
  }

  /** What a meter counted from an instant on, oldest first. */
  spans(meter: string, sinceMs: number): Totals[] {
    const rows = this.#database
      .prepare(
        `SELECT from_ms AS fromMs, to_ms AS toMs, import_wh AS importWh, export_wh AS exportWh
         FROM spans WHERE meter = ? AND from_ms >= ? ORDER BY to_ms`,
      )
      .all(meter, sinceMs);
    return totals.parse(rows);
  }

  /** Generators' meters, with whose they are. */
  generators(): { readonly participant: string; readonly meter: string }[] {
    const rows = this.#database
      .prepare("SELECT DISTINCT participant, meter FROM spans WHERE role = 'generator'")
      .raw()
      .all();
    return meterNames.parse(rows).map(([participant, meter]) => ({ participant, meter }));
  }

  #add(evidence: EventPayload<"EvidenceAccepted">): void {
    const { end, exportWh, importWh, meter, participant, placements = [], role, slots } = evidence;
    const toMs = Date.parse(end);
    const before = this.#database
      .prepare<[string], { end_ms: number }>("SELECT end_ms FROM reached WHERE meter = ?")
      .get(meter)?.end_ms;
    this.#run("INSERT OR REPLACE INTO reached VALUES (?, ?)", meter, toMs);
    // A meter's first package does not say when it began, but its slots do.
    const fromMs = before ?? Date.parse(slots[0] ?? end);
    const isCut = placements.some(({ since }) => Date.parse(since) > fromMs);
    // Energy on both sides of a new placement epoch says nothing of either.
    if (fromMs >= toMs || isCut) return;
    this.#run(
      "INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?, ?, ?)",
      participant,
      meter,
      role,
      fromMs,
      toMs,
      importWh,
      exportWh,
    );
    this.#run(
      "DELETE FROM spans WHERE meter = ? AND to_ms <= (SELECT to_ms FROM spans WHERE meter = ? ORDER BY to_ms DESC LIMIT 1 OFFSET ?)",
      meter,
      meter,
      keptSpans,
    );
  }

  #run(sql: string, ...values: (string | number)[]): void {
    this.#database.prepare(sql).run(...values);
  }
}
