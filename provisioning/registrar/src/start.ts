import { randomBytes, scrypt } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { codeOf } from "@powershare/domain/errors";
import { fabricAuthority } from "./authority.js";
import type { Config } from "./config.js";
import { type CallLog, registrarServer } from "./http/server.js";
import { fabricLedger } from "./ledger.js";
import { loadMakers } from "./makers.js";
import { Operators } from "./operators.js";
import { Registrar } from "./registrar.js";
import { openStore } from "./store.js";

export interface Log extends CallLog {
  warn(fields: object, message: string): void;
}

export interface RunningRegistrar {
  readonly port: number;
  /** Finishes what is under way, and closes the store. */
  stop(): Promise<void>;
}

const tickMs = 5000;
const longestTickMs = 60_000;

/** Starts the registrar of a configuration. @throws CodedError config.*, store.*; Error where the port is taken */
export async function startRegistrar(config: Config, log: Log): Promise<RunningRegistrar> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  chmodSync(config.dataDir, 0o700);
  const makers = loadMakers(config.makers.folder);
  const store = openStore(join(config.dataDir, "registrar.db"));
  const now = () => new Date();
  const operators = new Operators(store, now, randomBytes);
  for (const path of operators.keepOnly(config.operators, config.dataDir)) {
    log.info({ path }, "a new operator's token was written: move it to the operator's machine");
  }
  const { tlsRootCertificate, ...network } = config.network;
  const registrar = new Registrar({
    store,
    makers,
    policy: config.makers.policy,
    ca: fabricAuthority(config.ca),
    ledger: config.ledger && fabricLedger(config.ledger),
    microgrid: config.microgrid,
    network: { ...network, tlsRootCertificatePem: readFileSync(tlsRootCertificate, "utf8") },
    limits: config.limits,
    now,
    random: randomBytes,
    scrypt,
  });
  const app = await registrarServer({
    registrar,
    operators,
    origin: new URL(config.url).origin,
    proposals: config.proposals,
    tls: {
      key: readFileSync(config.tls.key, "utf8"),
      cert: readFileSync(config.tls.certificate, "utf8"),
    },
    limits: config.limits,
    log,
    monotonicMs: () => performance.now(),
  });
  await app.listen({ host: config.listen.host, port: config.listen.port });
  const stopTicking = tick(registrar, log);
  const { port } = app.server.address() as AddressInfo;
  log.info({ port, roots: makers.roots.length, policy: config.makers.policy }, "listening");
  return {
    port,
    async stop() {
      stopTicking();
      await app.close();
      await registrar.idle();
      await registrar.close();
      store.close();
    },
  };
}

/** Goes on with approvals that were interrupted, with growing pauses while CA or ledger are away. */
function tick(registrar: Registrar, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const later = (pauseMs: number): void => {
    if (stopped) return;
    const jittered = pauseMs * (0.75 + Math.random() / 2);
    timer = setTimeout(() => void run(pauseMs), jittered);
  };
  const run = async (pauseMs: number): Promise<void> => {
    try {
      const failed = await registrar.tick();
      for (const [id, error] of failed) log.warn({ id, code: codeOf(error) }, "an approval waits");
      later(failed.size === 0 ? tickMs : Math.min(longestTickMs, pauseMs * 2));
    } catch (err) {
      log.error({ err }, "the registrar's own work failed");
      later(longestTickMs);
    }
  };
  void run(tickMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
