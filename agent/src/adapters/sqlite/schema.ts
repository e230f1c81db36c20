import { type CheckedTable, checkedColumns, crcColumn } from "./row-checks.js";

/**
 * Forward migrations; `user_version` counts those applied. Never edit one that was released: append.
 * Sequences are the evidence's own, so a row that was written twice by mistake cannot be.
 */
export const migrations: readonly string[] = [
  `
  -- Where readings come from, written once instead of with each of them.
  CREATE TABLE source (
    id INTEGER PRIMARY KEY, meter TEXT NOT NULL, profile TEXT NOT NULL, boot TEXT NOT NULL,
    UNIQUE (meter, profile, boot)
  ) STRICT;
  CREATE TABLE reading (
    sequence INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source, at_ms INTEGER NOT NULL,
    monotonic_ms INTEGER NOT NULL, clock TEXT NOT NULL, registers BLOB NOT NULL,
    reason TEXT, import_wh INTEGER, export_wh INTEGER
  ) STRICT;
  -- The meter that belongs at a place on a bus.
  CREATE TABLE pin (place TEXT PRIMARY KEY, meter TEXT NOT NULL) STRICT;
  CREATE TABLE checkpoint (
    sequence INTEGER PRIMARY KEY, last_reading INTEGER NOT NULL UNIQUE, body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE builder (meter TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
  CREATE TABLE parcel (
    id INTEGER PRIMARY KEY, meter TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL REFERENCES checkpoint, signature TEXT NOT NULL,
    state TEXT NOT NULL, transaction_id TEXT, envelope BLOB, reason TEXT, UNIQUE (meter, first)
  ) STRICT;
  CREATE INDEX parcel_open ON parcel (meter, first) WHERE state <> 'committed';
  CREATE TABLE interval (
    meter TEXT NOT NULL, sequence INTEGER NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL REFERENCES checkpoint, parcel INTEGER REFERENCES parcel, body TEXT NOT NULL,
    PRIMARY KEY (meter, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX interval_unsent ON interval (meter, sequence) WHERE parcel IS NULL;
  CREATE INDEX interval_start ON interval (start_ms);
  -- Slots of the ledger that still have to be moved on, and until when each connection point's evidence is there.
  CREATE TABLE unsettled (start_ms INTEGER PRIMARY KEY, stage TEXT NOT NULL) STRICT;
  CREATE TABLE reached (participant TEXT PRIMARY KEY, end_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  -- Totals, so that the page never counts rows.
  CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO total VALUES ('readings', 0), ('rejected', 0), ('checkpoints', 0), ('intervals', 0), ('evidenceCommitted', 0);
  `,
  `
  -- Events share the sequence of the readings; seldom, so their JSON is kept as it is hashed.
  CREATE TABLE event (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  `,
  withCrc(),
  `
  -- Meters that began to count anew, in the order in which it was noticed.
  CREATE TABLE meter_epoch (
    number INTEGER PRIMARY KEY, meter TEXT NOT NULL UNIQUE, state TEXT NOT NULL, body TEXT NOT NULL,
    ${crcColumn("meter_epoch")}
  ) STRICT;
  -- Ratio and wiring that a meter said first.
  CREATE TABLE meter_setup (
    meter TEXT PRIMARY KEY, setup TEXT NOT NULL, ${crcColumn("meter_setup")}
  ) STRICT, WITHOUT ROWID;
  -- Where a meter's registers fell since its last good reading; not to be forgotten over a restart.
  CREATE TABLE meter_fall (
    meter TEXT PRIMARY KEY, fallen TEXT NOT NULL, ${crcColumn("meter_fall")}
  ) STRICT, WITHOUT ROWID;
  -- Few among many: for the page.
  CREATE INDEX reading_rejected ON reading (sequence) WHERE reason IS NOT NULL;
  `,
];

/** Gives every row a check value. SQLite adds a stored column only to a new table, so each is copied. */
function withCrc(): string {
  const rebuilt = (table: CheckedTable, columns: string, options: string): string => {
    const names = checkedColumns[table].join(", ");
    return `
    CREATE TABLE new_${table} (${columns.replace("CRC", crcColumn(table))}) ${options};
    INSERT INTO new_${table} (${names}) SELECT ${names} FROM ${table};
    DROP TABLE ${table};
    ALTER TABLE new_${table} RENAME TO ${table};
    `;
  };
  return [
    rebuilt(
      "source",
      "id INTEGER PRIMARY KEY, meter TEXT NOT NULL, profile TEXT NOT NULL, boot TEXT NOT NULL, CRC, UNIQUE (meter, profile, boot)",
      "STRICT",
    ),
    rebuilt(
      "reading",
      `sequence INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source, at_ms INTEGER NOT NULL,
       monotonic_ms INTEGER NOT NULL, clock TEXT NOT NULL, registers BLOB NOT NULL,
       reason TEXT, import_wh INTEGER, export_wh INTEGER, CRC`,
      "STRICT",
    ),
    rebuilt("event", "sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, CRC", "STRICT"),
    rebuilt("pin", "place TEXT PRIMARY KEY, meter TEXT NOT NULL, CRC", "STRICT, WITHOUT ROWID"),
    rebuilt(
      "checkpoint",
      "sequence INTEGER PRIMARY KEY, last_reading INTEGER NOT NULL UNIQUE, body TEXT NOT NULL, CRC",
      "STRICT",
    ),
    rebuilt("builder", "meter TEXT PRIMARY KEY, state TEXT NOT NULL, CRC", "STRICT, WITHOUT ROWID"),
    rebuilt(
      "parcel",
      `id INTEGER PRIMARY KEY, meter TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
       checkpoint INTEGER NOT NULL REFERENCES checkpoint, signature TEXT NOT NULL, state TEXT NOT NULL,
       transaction_id TEXT, envelope BLOB, reason TEXT, CRC, UNIQUE (meter, first)`,
      "STRICT",
    ),
    "CREATE INDEX parcel_open ON parcel (meter, first) WHERE state <> 'committed';",
    // To find whether anything still needs a checkpoint.
    "CREATE INDEX parcel_checkpoint ON parcel (checkpoint);",
    rebuilt(
      "interval",
      `meter TEXT NOT NULL, sequence INTEGER NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
       checkpoint INTEGER NOT NULL REFERENCES checkpoint, parcel INTEGER REFERENCES parcel, body TEXT NOT NULL,
       CRC, PRIMARY KEY (meter, sequence)`,
      "STRICT, WITHOUT ROWID",
    ),
    "CREATE INDEX interval_unsent ON interval (meter, sequence) WHERE parcel IS NULL;",
    "CREATE INDEX interval_start ON interval (start_ms);",
    "CREATE INDEX interval_checkpoint ON interval (checkpoint);",
    rebuilt("unsettled", "start_ms INTEGER PRIMARY KEY, stage TEXT NOT NULL, CRC", "STRICT"),
    rebuilt(
      "reached",
      "participant TEXT PRIMARY KEY, end_ms INTEGER NOT NULL, CRC",
      "STRICT, WITHOUT ROWID",
    ),
    rebuilt("total", "name TEXT PRIMARY KEY, value INTEGER NOT NULL, CRC", "STRICT, WITHOUT ROWID"),
    `-- Up to where readings were deleted: where the chain of those that are left begins.
    CREATE TABLE pruned (
      only INTEGER PRIMARY KEY CHECK (only = 1), reading INTEGER NOT NULL, chain_head TEXT NOT NULL,
      checkpoint INTEGER NOT NULL, statement_hash TEXT NOT NULL, ${crcColumn("pruned")}
    ) STRICT;`,
  ].join("\n");
}
