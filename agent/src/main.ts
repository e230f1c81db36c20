import "./heap-flags.js";

import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemZone } from "@powershare/domain/calendar";
import { codeOf, remedyFor } from "@powershare/domain/errors";
import type { MeterRole } from "@powershare/domain/evidence";
import pino from "pino";
import { systemClock } from "./adapters/clock/system-clock.js";
import { fabricLedger } from "./adapters/fabric/ledger.js";
import { httpServer, listen } from "./adapters/http/server.js";
import { openStore } from "./adapters/sqlite/store.js";
import { tpmSigner } from "./adapters/tpm/signer.js";
import { askEpochs } from "./app/ask-epochs.js";
import { drainOutbox } from "./app/drain-outbox.js";
import { driveSlots } from "./app/drive-slots.js";
import { followLedger } from "./app/follow-ledger.js";
import { LiveMeters } from "./app/live-meters.js";
import { MarketView } from "./app/market-view.js";
import { MeterEpochs } from "./app/meter-epochs.js";
import type { MeterPlace } from "./app/meter-poller.js";
import { meterIdOf } from "./app/meter-reader.js";
import { meterReportOf } from "./app/meter-report.js";
import { overviewOf } from "./app/overview.js";
import { ReadingLog } from "./app/reading-log.js";
import { sealBatches } from "./app/seal-batches.js";
import { statusReportOf } from "./app/status-report.js";
import { trade } from "./app/trade.js";
import { watchClock } from "./app/watch-clock.js";
import { Health } from "./app/watch-health.js";
import { LedgerWatch } from "./app/watch-ledger.js";
import { openLines, placesOf } from "./buses.js";
import { keepCertificate } from "./certificate-keeping.js";
import { loadConfig } from "./config/load.js";
import type { Config } from "./config/schema.js";
import { evidenceSources, quoteInstalled } from "./evidence-keeping.js";
import { keepStore, storeArchive, watchHistory } from "./store-keeping.js";
import { keepWiring } from "./wiring-keeping.js";

const stopWithinMs = 5_000;
const pageDir = fileURLToPath(new URL("./web", import.meta.url));

type Stop = () => Promise<void>;

/** Builds everything from the configuration and starts it. @returns what stops it in order */
async function start(path: string, config: Config, log: pino.Logger): Promise<Stop> {
  const { participant, slots, buses, dataDir } = config;
  const { seconds: slotSeconds } = slots;
  const earliest = certificateStart(config.ledger.certificate);
  const clock = systemClock({ earliest, ...config.time });
  const health = new Health(clock, log);
  const meters = new LiveMeters();
  const places = placesOf(buses);

  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const signer = tpmSigner(config.tpm, join(dataDir, "identity.json"));
  const store = openStore(join(dataDir, "agent.db"), { participant });
  const readings = new ReadingLog({ store, clock, health, slotSeconds });
  const watchingClock = watchClock({ clock, readings, health, last: store.lastEntry() });
  const epochs = new MeterEpochs({ store, readings, clock });
  const { ledger, useNewCertificate } = fabricLedger(config.ledger, signer, (error) => {
    log.debug({ err: error }, "ledger connection");
    watchingLedger.wake();
  });
  const ledgerWatch = new LedgerWatch(ledger, health);
  const watchingLedger = ledgerWatch.start(clock);
  const history = watchHistory({ store, clock, health, ledger }, dataDir);
  const market = new MarketView(ledger, clock, participant, slotSeconds);
  const shared = {
    store,
    readings,
    epochs,
    signer: history.guarded(signer),
    ledger,
    market,
    meters,
    clock,
    random: Math.random,
    health,
    participant,
  };

  const draining = drainOutbox({ ...shared, retryMaxMs: config.ledger.retryMaxMs });
  const trading = trade({ ...shared, criteria: config.market });
  const sealing = sealBatches({
    ...shared,
    slots: { ...slots, earliest },
    roles: new Map(places.map(({ place, role }) => [place, role])),
    configured: configuredMeters(places),
    onIntervals: () => wake(draining, trading),
  });
  const polling = { slotSeconds, places, onPolled: () => sealing.wake() };
  const lines = await openLines(buses, { ...shared, ...polling });
  const following = followLedger({ ...shared, onEvent: (block) => ledgerWatch.saw(block) });
  const wiring = keepWiring({ ...shared, config, places, earliest, log });
  const asking = [wiring.reporting, driveSlots(shared), history.start(), askEpochs(shared)];
  const onLedger = [draining, trading, ...asking, following, watchingLedger];
  const certificate = keepCertificate({ ...shared, config, signer, useNewCertificate });
  const quoting = quoteInstalled({ ...shared, measurer: signer }, { dataDir, configuration: path });
  const keeping = [...keepStore({ ...shared, config, log }), quoting, certificate.renewing];

  const overview = overviewOf({
    ...shared,
    slotSeconds,
    zone: config.time.zone ?? systemZone(),
    lastStep: () => watchingClock.lastStep(),
    staleAfterMs: staleAfterMs(places),
    height: () => ledgerWatch.height,
    certificateEndsAtMs: certificate.endsAtMs,
    wiring: wiring.view,
  });
  const http = await httpServer({
    overview,
    ...evidenceSources({ ...shared, profiles: profilesOf(places) }, config),
    meters: meterReportOf({ ...shared, profiles: profilesOf(places) }),
    decide: epochs,
    wiring: wiring.view,
    bus: () => lines.report(),
    status: statusReportOf({ ...shared, places }),
    store,
    archive: storeArchive(store, dataDir),
    pageDir,
    log,
  });
  const page = `http://localhost:${await listen(http, config.http.host, config.http.port)}/`;
  log.info({ participant, device: signer.device, page }, "started");

  return async () => {
    await stopped([lines, ...keeping, watchingClock, wiring.watching]);
    await Promise.all([sealing.stop(), http.close()]);
    readings.save();
    await ledger.close();
    await stopped(onLedger);
    await signer.close();
    for (const part of [store, clock]) part.close();
  };
}

const profilesOf = (places: readonly MeterPlace[]) => places.map(({ profile }) => profile);

function wake(...loops: readonly { wake(): void }[]): void {
  for (const loop of loops) loop.wake();
}

async function stopped(loops: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(loops.map((loop) => loop.stop()));
}

/** Two polls of the slowest meter may be missed. */
function staleAfterMs(places: readonly { readonly pollIntervalMs: number }[]): number {
  return 3 * Math.max(...places.map(({ pollIntervalMs }) => pollIntervalMs)) + 2_000;
}

/** Role by id of the meters whose serial number is configured. */
function configuredMeters(places: readonly MeterPlace[]): Map<string, MeterRole> {
  return new Map(
    places.flatMap(({ profile, serialNumber, role }) =>
      serialNumber === undefined ? [] : [[meterIdOf(profile, serialNumber), role] as const],
    ),
  );
}

/** No clock that is set shows less: the household's certificate did not exist yet. */
function certificateStart(path: string): string {
  return new Date(new X509Certificate(readFileSync(path)).validFrom).toISOString();
}

async function main(): Promise<void> {
  const log = pino({ level: "info", base: null, timestamp: pino.stdTimeFunctions.isoTime });
  try {
    const { values } = parseArgs({ options: { config: { type: "string" } } });
    const path = values.config ?? "powershare.yaml";
    const config = loadConfig(path);
    log.level = config.log.level;
    const stop = await start(path, config, log);
    const stopOnce = (signal: NodeJS.Signals): void => {
      log.info({ signal }, "stopping");
      setTimeout(() => {
        log.error({}, "not stopped in time");
        process.exit(1);
      }, stopWithinMs).unref();
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "stopped with trouble");
          process.exit(1);
        },
      );
    };
    process.once("SIGTERM", stopOnce);
    process.once("SIGINT", stopOnce);
  } catch (error) {
    const code = codeOf(error);
    log.fatal({ err: error, code, remedy: code && remedyFor(code) }, "cannot start");
    process.exitCode = code?.startsWith("config.") === true ? 2 : 3;
    // What was opened before would keep the process alive.
    setTimeout(() => process.exit(), 100).unref();
  }
}

await main();
