import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { Interval } from "@powershare/domain/evidence";
import type { ArchivedInterval, ArchiveStore, StoredReading } from "../ports/store.js";

type Cell = string | number | null;

const readingColumns = {
  sequence: ({ reading }: StoredReading) => reading.sequence,
  at_utc: ({ reading }: StoredReading) => reading.at,
  clock: ({ reading }: StoredReading) => reading.clock,
  monotonic_ms: ({ reading }: StoredReading) => reading.monotonicMs,
  boot_id: ({ reading }: StoredReading) => reading.bootId,
  meter: ({ reading }: StoredReading) => reading.meter,
  quality: ({ reading }: StoredReading) => reading.quality,
  rejected_because: ({ reading }: StoredReading) => reading.reason ?? null,
  import_register_wh: ({ energy }: StoredReading) => energy?.importWh ?? null,
  export_register_wh: ({ energy }: StoredReading) => energy?.exportWh ?? null,
  profile_sha256: ({ reading }: StoredReading) => reading.profile,
  registers_hex: ({ reading }: StoredReading) =>
    reading.registers.map(({ table, address, bytes }) => `${table}:${address}:${bytes}`).join(" "),
} satisfies Record<string, (reading: StoredReading) => Cell>;

const intervalColumns = {
  meter: ({ interval }: ArchivedInterval) => interval.meter,
  role: ({ interval }: ArchivedInterval) => interval.role,
  sequence: ({ interval }: ArchivedInterval) => interval.sequence,
  start_utc: ({ interval }: ArchivedInterval) => interval.start,
  end_utc: ({ interval }: ArchivedInterval) => interval.end,
  import_wh: ({ interval }: ArchivedInterval) => interval.importWh,
  export_wh: ({ interval }: ArchivedInterval) => interval.exportWh,
  first_import_register_wh: ({ interval }: ArchivedInterval) => interval.first.importWh,
  first_export_register_wh: ({ interval }: ArchivedInterval) => interval.first.exportWh,
  last_import_register_wh: ({ interval }: ArchivedInterval) => interval.last.importWh,
  last_export_register_wh: ({ interval }: ArchivedInterval) => interval.last.exportWh,
  start_error_ms: ({ interval }: ArchivedInterval) => interval.boundaryErrorMs.start,
  end_error_ms: ({ interval }: ArchivedInterval) => interval.boundaryErrorMs.end,
  quality: ({ interval }: ArchivedInterval) => interval.quality,
  placement_epoch: ({ interval }: ArchivedInterval) => interval.epoch,
  on_ledger: ({ committed }: ArchivedInterval) => (committed ? "yes" : "no"),
} satisfies Record<string, (row: ArchivedInterval) => Cell>;

/** What can be exported. */
export const exportNames = ["readings", "intervals"] as const;
export type ExportName = (typeof exportNames)[number];

/** CSV by RFC 4180, with a header and in pieces; instants are UTC in ISO 8601, units stand in the names. */
export async function* csvExport(
  name: ExportName,
  store: ArchiveStore,
  fromMs: number,
  toMs: number,
): AsyncGenerator<string> {
  if (name === "readings") yield* readingsCsv(store, fromMs, toMs);
  else yield* intervalsCsv(store, fromMs, toMs);
}

async function* readingsCsv(
  store: ArchiveStore,
  fromMs: number,
  toMs: number,
): AsyncGenerator<string> {
  yield csvLine(Object.keys(readingColumns));
  const columns = Object.values(readingColumns);
  let after = 0;
  for (;;) {
    const { readings, through } = store.readingsBetween(after, fromMs, toMs);
    if (readings.length > 0) {
      yield readings.map((row) => csvLine(columns.map((cell) => cell(row)))).join("");
    }
    if (through === undefined) return;
    after = through;
    // The meters are read in between.
    await yieldToOthers();
  }
}

async function* intervalsCsv(
  store: ArchiveStore,
  fromMs: number,
  toMs: number,
): AsyncGenerator<string> {
  yield csvLine(Object.keys(intervalColumns));
  const columns = Object.values(intervalColumns);
  let after: Interval | undefined;
  for (;;) {
    const rows = store.intervalsBetween(after, fromMs, toMs);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) => csvLine(columns.map((cell) => cell(row)))).join("");
    after = last.interval;
    await yieldToOthers();
  }
}

/** A line of CSV. Text that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
