import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type pino from "pino";
import { dataDisk } from "./adapters/disk/data-disk.js";
import type { ArchiveSources } from "./adapters/http/archive-routes.js";
import { csvExport } from "./app/csv-export.js";
import { retainReadings, scrubStore } from "./app/keep-store.js";
import type { Loop } from "./app/loop.js";
import { type ReadingLog, saveReadings } from "./app/reading-log.js";
import { watchDisk } from "./app/watch-disk.js";
import type { Health } from "./app/watch-health.js";
import { WatchHistory } from "./app/watch-history.js";
import type { Config } from "./config/schema.js";
import type { Clock } from "./ports/clock.js";
import type { Ledger } from "./ports/ledger.js";
import type { Store } from "./ports/store.js";

const mebibyte = 1024 * 1024;

export interface StoreKeepingOptions {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly health: Health;
  readonly log: pino.Logger;
  readonly readings: Pick<ReadingLog, "saveDue">;
}

/** What looks after the store and its disk as long as the agent runs. */
export function keepStore(options: StoreKeepingOptions): Loop[] {
  const { config, store, clock, health, log, readings } = options;
  const { keepDays, maxMiB, reserveMiB } = config.store;
  removeUnfinished(config.dataDir);
  return [
    watchDisk({
      disk: dataDisk(config.dataDir),
      clock,
      health,
      reserveBytes: reserveMiB * mebibyte,
      onTight: (tight) => {
        log.level = tight && log.level === "debug" ? "info" : config.log.level;
      },
    }),
    retainReadings({ store, clock, health, keepDays, maxBytes: maxMiB * mebibyte }),
    scrubStore({ store, clock, health }),
    saveReadings(readings, clock),
  ];
}

/** Compares the store with the ledger; the restore command leaves a mark that this removes. */
export function watchHistory(
  options: Pick<StoreKeepingOptions, "store" | "clock" | "health"> & { ledger: Ledger },
  dataDir: string,
): WatchHistory {
  const mark = join(dataDir, "restored.json");
  return new WatchHistory({
    ...options,
    restored: existsSync(mark),
    onConfirmed: () => rmSync(mark, { force: true }),
  });
}

/** What `powershare backup` and `powershare export` take away. */
export function storeArchive(store: Store, folder: string): ArchiveSources {
  return { folder, store, csv: (name, fromMs, toMs) => csvExport(name, store, fromMs, toMs) };
}

/** Copies for backups that were being made when the agent ended. */
function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (/^backup-.*\.tmp(-journal|-wal|-shm)?$/.test(name)) rmSync(join(dataDir, name));
  }
}
