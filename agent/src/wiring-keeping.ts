import { join } from "node:path";
import { signTestFile } from "@powershare/domain/wiring";
import type pino from "pino";
import { signTestStore } from "./adapters/disk/sign-test-file.js";
import type { Loop } from "./app/loop.js";
import { type ReportWiringOptions, reportWiring } from "./app/report-wiring.js";
import { type WatchWiringOptions, WiringWatcher } from "./app/watch-wiring.js";
import { phasesOfMeters, siteOf } from "./app/wiring-site.js";
import { wiringView } from "./app/wiring-view.js";
import type { Config } from "./config/schema.js";
import type { Store } from "./ports/store.js";

export type WiringKeepingOptions = Omit<ReportWiringOptions, "watcher" | "store"> &
  Omit<WatchWiringOptions, "phases" | "site" | "signTests"> & {
    readonly store: Store;
    readonly config: Config;
    readonly places: Parameters<typeof phasesOfMeters>[0];
    /** Start of the household's certificate. */
    readonly earliest: string;
    readonly log: pino.Logger;
  };

/** Watches the wiring, reports it, and shows it. */
export function keepWiring(options: WiringKeepingOptions) {
  const { config, earliest, log, places, store } = options;
  const phases = phasesOfMeters(places);
  const site = siteOf(config.site, phases, config.participant, earliest);
  if (site === undefined) log.info({}, "no site is configured: rules on the wiring rest");
  const signTests = signTestStore(join(config.dataDir, signTestFile));
  const watcher = new WiringWatcher({ ...options, phases, site, signTests });
  const watching: Loop = watcher.start();
  const reporting = reportWiring({ ...options, watcher });
  const startSignTest = () => watcher.startSignTest().report();
  return { watching, reporting, view: { ...wiringView(store, watcher), startSignTest } };
}
