import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { type AgentOverview, readOverview } from "./agent-api.js";
import type { HouseholdSpec } from "./cast.js";
import { Child, waitFor } from "./child.js";

const program = fileURLToPath(new URL("../../agent/dist/main.js", import.meta.url));

/** With two meters on a line at 9600 baud a poll of both takes most of a second, and the demo's machine is busy. */
export const boundaryToleranceMs = 3000;

/** How an agent reaches the ledger: its organisation's peer. */
export interface LedgerAccess {
  readonly endpoint: string;
  readonly tlsHostname: string;
  readonly tlsRootCertificate: string;
  readonly mspId: string;
  readonly certificate: string;
  readonly channel: string;
  readonly chaincode: string;
}

/** Where an agent renews its certificate. */
export interface RegistrarAccess {
  readonly url: string;
  readonly tlsRootCertificate: string;
  readonly renewFromDays?: number;
}

export interface AgentSetup {
  readonly household: HouseholdSpec;
  /** The household's directory; config, keys' blobs, store and log of the agent go into it. */
  readonly directory: string;
  readonly serial: string;
  readonly swtpm: string;
  readonly slotSeconds: number;
  readonly ledger: LedgerAccess;
  readonly registrar: RegistrarAccess;
  readonly httpPort: number;
}

/** The agent's whole configuration, as `agent --config` reads it. */
export function agentConfig(setup: AgentSetup): object {
  const { household, slotSeconds } = setup;
  return {
    participant: household.id,
    dataDir: join(setup.directory, "data"),
    buses: [
      {
        id: "line1",
        serial: setup.serial,
        baudRate: 9600,
        parity: "none",
        pollIntervalMs: 1000,
        meters: household.meters,
      },
    ],
    site: household.site,
    tpm: { swtpm: setup.swtpm },
    slots: { seconds: slotSeconds, boundaryToleranceMs, checkpointSeconds: slotSeconds },
    // Several households share this disk, for minutes.
    store: { reserveMiB: 0 },
    // A demo needs no NTP: its clocks need only agree with one another.
    time: { keptBy: "host" },
    // After an outage the demo should see the backlog drain soon, not after minutes of courtesy.
    ledger: { ...setup.ledger, retryMaxMs: 5000 },
    registrar: setup.registrar,
    market: {
      sell: { enabled: true, minMicroPerKwh: household.market.sellMinMicroPerKwh },
      buy: { enabled: true, maxMicroPerKwh: household.market.buyMaxMicroPerKwh },
    },
    http: { host: "127.0.0.1", port: setup.httpPort },
    log: { level: "info" },
  };
}

/** One household's agent: a process that is reached by its config file, its serial line and HTTP, as a real one is. */
export class AgentProcess {
  readonly logFile: string;
  readonly port: number;
  readonly #name: string;
  readonly #configFile: string;
  #child: Child | undefined;
  #asked = false;
  #onCrash: (message: string) => void = () => {};

  constructor(setup: AgentSetup, config: object = agentConfig(setup)) {
    this.#name = `agent of ${setup.household.id}`;
    this.port = setup.httpPort;
    this.logFile = join(setup.directory, "agent.log");
    this.#configFile = join(setup.directory, "agent.yaml");
    writeFileSync(this.#configFile, stringify(config), { mode: 0o600 });
  }

  get pid(): number | undefined {
    return this.#child?.running === true ? this.#child.pid : undefined;
  }

  /** Starts the process; with what was there before, if it ran already. */
  async start(): Promise<Child> {
    const child = await Child.start({
      name: this.#name,
      command: process.execPath,
      args: [
        "--max-old-space-size=96",
        "--max-semi-space-size=1",
        program,
        "--config",
        this.#configFile,
      ],
      // As the operating guide says: threads share their memory instead of keeping some each.
      env: { MALLOC_ARENA_MAX: "2" },
      logFile: this.logFile,
    });
    this.#child = child;
    this.#asked = false;
    void child.ended.then((end) => {
      if (!this.#asked)
        this.#onCrash(`${this.#name} ended by itself (${end}), see ${this.logFile}`);
    });
    return child;
  }

  /** Told when the agent ends without having been asked to. */
  onCrash(listener: (message: string) => void): void {
    this.#onCrash = listener;
  }

  /** As a power cut would: no chance to say goodbye. */
  async kill(): Promise<void> {
    this.#asked = true;
    this.#child?.signal("SIGKILL");
    await this.#child?.ended;
  }

  async stop(): Promise<void> {
    this.#asked = true;
    await this.#child?.stop();
  }

  /** What the agent says about itself; undefined while it doesn't answer. */
  async overview(): Promise<AgentOverview | undefined> {
    return await readOverview(this.port);
  }

  /**
   * Waits until the overview is as wished.
   * @throws CodedError `simulator.process-failed` naming the agent's log, after `withinMs`
   */
  async waitForOverview(
    what: string,
    wished: (overview: AgentOverview) => boolean,
    withinMs: number,
  ): Promise<AgentOverview> {
    return await waitFor(
      `${this.#name}: ${what} (see ${this.logFile})`,
      async () => {
        const overview = await this.overview();
        return overview !== undefined && wished(overview) ? overview : undefined;
      },
      { withinMs, everyMs: 250 },
    );
  }
}
