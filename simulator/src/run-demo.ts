import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CodedError, codeOf, remedyFor } from "@powershare/domain/errors";
import type { Settings } from "@powershare/domain/ledger";
import { type Network, startNetwork } from "@powershare/fabric";
import { openBrowser } from "./browser.js";
import { castHouseholds, playbackSpeed, playedSun } from "./cast.js";
import { cheat, cheatOf } from "./cheat.js";
import type { CheatBook } from "./cheat-book.js";
import { commission } from "./commission.js";
import type { Household } from "./household.js";
import { Interrupt } from "./interrupt.js";
import { LedgerWatch } from "./ledger-watch.js";
import { narrate } from "./narrate.js";
import { Neighbourhood } from "./neighbourhood.js";
import type { DemoOptions } from "./options.js";
import { describeOutage, runOutage } from "./outage.js";
import { createRunDirectory, removeRun } from "./run-directory.js";
import { type DemoSummary, summarise } from "./summary.js";

/** Program of the chaincode that the network serves. */
export const chaincodeMain = fileURLToPath(
  new URL("../../peer-config/chaincode/dist/main.js", import.meta.url),
);
export const demoSettings: Settings = {
  microgrid: "neighbourhood",
  slotSeconds: 15,
  gateSeconds: 5,
  // Longer than the outage on purpose: what was metered meanwhile is still settled by evidence.
  settleAfterSeconds: 180,
  rule: "uniform",
  rulesVersion: 1,
};
const settlementWithinMs = 600_000;
const cheatWithinMs = 900_000;

const signTestEnds = {
  passed: "has passed",
  failed: "has failed",
  abstains: "gave no clear answer: a night and a day have to prove the wiring",
  waiting: "was interrupted: a night and a day have to prove the wiring",
} as const;

/** Wiring is judged, on the sun that the houses play since that moment. */
function judgedSettings(playingSinceMs: number): Settings {
  const { latitudeDeg, longitudeDeg, originSolar } = playedSun;
  const originReal = `${new Date(playingSinceMs).toISOString().slice(0, 19)}Z`;
  const solarClock = { originReal, originSolar, speed: playbackSpeed };
  const wiring = { latitudeDeg, longitudeDeg, aggregator: "required", solarClock } as const;
  return { ...demoSettings, wiring };
}

/** Exit codes: 0 done, 1 the outage left faults, 3 something failed or nothing was settled in time, 130 stopped before its end. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const interrupt = new Interrupt();
  const directory = await createRunDirectory();
  interrupt.guard(directory);
  const demo = new Demo(options, directory, interrupt);
  try {
    const exitCode = await demo.run();
    await demo.stop();
    await removeRun(directory);
    return exitCode;
  } catch (error) {
    if (!interrupt.signal.aborted) demo.complain(error);
    await demo.stop();
    if (!interrupt.signal.aborted) {
      demo.say(`the logs stay in ${directory} until the next start`);
      return 3;
    }
    await removeRun(directory);
    return 130;
  } finally {
    interrupt.dispose();
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #directory: string;
  readonly #interrupt: Interrupt;
  readonly #seconds = { setup: 0, toFirstReading: 0, toFirstSettlement: 0 };
  readonly #ending = new AbortController();
  readonly #commissions: Promise<void>[] = [];
  #playingSinceMs = 0;
  #cheat: CheatBook | undefined;
  #network: Network | undefined;
  #neighbourhood: Neighbourhood | undefined;
  #failed: (error: Error) => void = () => {};
  /** Rejects when a part fails that the demo can't do without. */
  readonly #failure = new Promise<never>((_, reject) => {
    this.#failed = reject;
  });

  constructor(options: DemoOptions, directory: string, interrupt: Interrupt) {
    this.#options = options;
    this.#directory = directory;
    this.#interrupt = interrupt;
    this.#failure.catch(() => {});
  }

  /** One line for people, with the seconds since the command began. */
  say(message: string): void {
    process.stdout.write(`${this.#elapsed().toFixed(1).padStart(6)} s  ${message}\n`);
  }

  complain(error: unknown): void {
    const code = codeOf(error);
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    if (code !== undefined) process.stderr.write(`  [${code}] ${remedyFor(code)}\n`);
  }

  async run(): Promise<number> {
    const { network, neighbourhood } = await this.#startParts();
    const networkUpAt = performance.now();
    const desk = await neighbourhood.openDesk(network, "operator-desk");
    const watch = new LedgerWatch(desk.client, (event) => {
      this.#cheat?.take(event);
      for (const sentence of narrate(event)) process.stdout.write(`          ${sentence}\n`);
    });
    watch.ended.catch(this.#failed);
    const judging = this.#startJudge(neighbourhood, network);
    await neighbourhood.join({
      network,
      settings: judgedSettings(this.#playingSinceMs),
      progress: (message) => this.say(message),
      onStarted: (household) => this.#started(household, neighbourhood),
      signal: this.#interrupt.signal,
    });
    await judging;
    this.#seconds.setup = this.#elapsed();
    await this.#firstSettlement(watch, networkUpAt);
    const outage = await this.#outage(network, neighbourhood, watch);
    const end = await Promise.race([
      this.#interrupt.happened,
      this.#failure,
      Promise.all([this.#lastSettlement(watch), this.#resolvedCheat(neighbourhood)]),
    ]);
    const cheated = this.#cheat?.summary();
    await this.#summarise({ network, neighbourhood, watch, outage, cheat: cheated });
    if (outage?.ok === false) return 1;
    return end === "interrupted" && this.#options.untilSettled !== undefined ? 130 : 0;
  }

  /** Agents first, then meters and TPMs, then the network. */
  async stop(): Promise<void> {
    this.say("stopping");
    this.#ending.abort();
    await this.#neighbourhood?.stop();
    await this.#network?.stop();
  }

  /** TPMs and meters need no network, so both start at the same time. */
  async #startParts(): Promise<{ network: Network; neighbourhood: Neighbourhood }> {
    const { households, seed } = this.#options;
    const directory = this.#directory;
    const specs = castHouseholds(households, seed);
    this.say(`starting ${households} households and a Fabric network of three organisations`);
    const preparing = Neighbourhood.prepare(specs, directory).then((neighbourhood) => {
      this.#neighbourhood = neighbourhood;
      this.#playingSinceMs = Date.now();
      this.say("TPMs and meters are up");
      return neighbourhood;
    });
    const starting = startNetwork({
      dir: join(directory, "network"),
      chaincodeMain,
      topology: "neighbourhood",
      log: (message) => this.say(`network: ${message}`),
      onCrash: ({ name }) =>
        this.#failed(new CodedError("simulator.process-failed", `${name} ended by itself`)),
      onIdentities: (address) => {
        preparing.then(
          (neighbourhood) => neighbourhood.startRegistrar(address, "registrar-of-demo"),
          () => undefined,
        );
      },
      signal: this.#interrupt.signal,
    }).then((network) => {
      this.#network = network;
      return network;
    });
    // Both are waited for even if one fails, so that `stop` finds what was started.
    await Promise.allSettled([preparing, starting]);
    return { neighbourhood: await preparing, network: await starting };
  }

  async #startJudge(neighbourhood: Neighbourhood, network: Network): Promise<void> {
    const aggregator = await neighbourhood.startAggregator(network, "aggregator-of-demo");
    void aggregator.ended.then((end) => {
      if (this.#ending.signal.aborted) return;
      const message = `the aggregator ended by itself (${end}), see ${aggregator.logFile}`;
      this.#failed(new CodedError("simulator.process-failed", message));
    });
  }

  /** An installer proves the wiring. Without a proof the demo goes on: what is sold waits. */
  #commission(household: Household, { meters }: Neighbourhood): void {
    const { id } = household.spec;
    const ended = commission(household, meters, this.#ending.signal).then(
      (state) => this.say(`the sign test of ${id} ${signTestEnds[state]}`),
      (error: unknown) => {
        if (!this.#ending.signal.aborted)
          this.say(`the sign test of ${id} broke off: ${String(error)}`);
      },
    );
    this.#commissions.push(ended);
  }

  /** Settles when the cheat was found and all that it sold was given back. */
  async #resolvedCheat(neighbourhood: Neighbourhood): Promise<void> {
    if (!this.#options.cheat) return;
    // Installers are gone when cables are exchanged.
    await Promise.all(this.#commissions);
    const { signal } = this.#ending;
    const options = { say: (message: string) => this.say(message), signal };
    this.#cheat = await cheat(cheatOf(neighbourhood), neighbourhood, options);
    const late = delay(cheatWithinMs, "late" as const, { signal });
    if ((await Promise.race([this.#cheat.resolved, late])) !== "late") return;
    throw new CodedError(
      "simulator.cheat-unresolved",
      `what was sold by exchanged cables was not given back within ${cheatWithinMs / 60_000} minutes`,
    );
  }

  #started(household: Household, neighbourhood: Neighbourhood): void {
    const { agent, spec } = household;
    this.#commission(household, neighbourhood);
    const url = `http://127.0.0.1:${agent.port}/`;
    this.say(`page of ${spec.id}: ${url}`);
    if (this.#options.open && spec.number === 1) openBrowser(url);
    agent.onCrash((message) => this.#failed(new CodedError("simulator.process-failed", message)));
    agent
      .waitForOverview("a first reading", ({ now }) => now !== null, 60_000)
      .then(() => {
        if (this.#seconds.toFirstReading !== 0) return;
        this.#seconds.toFirstReading = this.#elapsed();
        this.say(`${spec.id} is the first to have read its meters`);
      }, this.#failed);
  }

  async #firstSettlement(watch: LedgerWatch, networkUpAt: number): Promise<void> {
    const settled = watch.settledTrades(1).then(() => {
      this.#seconds.toFirstSettlement = this.#elapsed();
      this.say("the first trade is settled");
      return "settled" as const;
    });
    const timer = new AbortController();
    const leftMs = settlementWithinMs - (performance.now() - networkUpAt);
    const late = delay(leftMs, "late" as const, { signal: timer.signal }).catch(
      () => "late" as const,
    );
    const first = await Promise.race([settled, late, this.#failure, this.#interrupt.happened]);
    timer.abort();
    if (first === "late") {
      throw new CodedError(
        "simulator.no-settlement",
        "no trade was settled within ten minutes of the network being up",
      );
    }
  }

  async #lastSettlement(watch: LedgerWatch): Promise<"settled"> {
    const { untilSettled } = this.#options;
    // Without a number the demo goes on until Ctrl-C.
    await watch.settledTrades(untilSettled ?? Number.POSITIVE_INFINITY);
    return "settled";
  }

  async #outage(network: Network, neighbourhood: Neighbourhood, watch: LedgerWatch) {
    if (!this.#options.outage || this.#interrupt.signal.aborted) return undefined;
    const verdict = await Promise.race([
      runOutage({
        neighbourhood,
        network,
        watch,
        downMs: 40_000,
        say: (message) => this.say(message),
      }),
      this.#failure,
      this.#interrupt.happened,
    ]);
    if (verdict === "interrupted") return undefined;
    this.say(describeOutage(verdict));
    return verdict;
  }

  async #summarise(parts: {
    network: Network;
    neighbourhood: Neighbourhood;
    watch: LedgerWatch;
    outage: DemoSummary["outage"];
    cheat: DemoSummary["cheat"];
  }): Promise<void> {
    const { summary: file } = this.#options;
    if (file === undefined) return;
    const kinds = parts.network.processes().map(({ kind }) => kind);
    const summary = await summarise({
      ...parts,
      running: {
        peers: kinds.filter((kind) => kind === "peer").length,
        orderers: kinds.filter((kind) => kind === "orderer").length,
      },
      seconds: this.#seconds,
    });
    writeFileSync(file, `${JSON.stringify(summary, null, 2)}\n`);
    this.say(`summary written to ${file}`);
  }

  #elapsed(): number {
    return Math.round(performance.now() / 100) / 10;
  }
}
