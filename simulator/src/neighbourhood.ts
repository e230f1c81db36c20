import { join } from "node:path";
import type { Settings } from "@powershare/domain/ledger";
import type { NetworkAddress } from "@powershare/fabric";
import { type Maker, simulatedMaker } from "node-tpm2/testing";
import { startAggregator } from "./aggregator.js";
import type { HouseholdSpec } from "./cast.js";
import type { Child } from "./child.js";
import { Household } from "./household.js";
import { Meters } from "./meters.js";
import { type NetworkAccess, OperatorDesk } from "./operator-desk.js";
import { RegistrarProcess } from "./registrar.js";

/** How much at once while setting up: starting a household keeps a core busy. */
const atOnce = 2;

export interface JoinNetwork {
  readonly network: NetworkAccess;
  readonly settings: Settings;
  readonly progress: (message: string) => void;
  /** Told of each household whose agent was started. */
  readonly onStarted?: (household: Household) => void;
  /** Ends joining early. */
  readonly signal?: AbortSignal;
}

/** The households of a demo or a test, with the operator who serves them. */
export class Neighbourhood {
  readonly households: readonly Household[];
  readonly meters: Meters;
  /** The simulated maker of the households' chips. */
  readonly maker: Maker;
  readonly #directory: string;
  #desk: OperatorDesk | undefined;
  #registrar: Promise<RegistrarProcess> | undefined;
  #running: RegistrarProcess | undefined;
  #aggregator: Child | undefined;

  /** Starts TPMs and meters; needs no network. Nothing is left running if it fails. */
  static async prepare(specs: readonly HouseholdSpec[], directory: string): Promise<Neighbourhood> {
    const meters = await Meters.start(join(directory, "meters.log"));
    const maker = simulatedMaker("Simulated TPM maker");
    const households: Household[] = [];
    try {
      for (const spec of specs) {
        households.push(await Household.prepare(spec, join(directory, spec.id), { meters, maker }));
      }
      return new Neighbourhood(households, meters, { maker, directory });
    } catch (error) {
      await Promise.all(households.map((household) => household.stopTpm()));
      await meters.stop();
      throw error;
    }
  }

  private constructor(
    households: readonly Household[],
    meters: Meters,
    { maker, directory }: { readonly maker: Maker; readonly directory: string },
  ) {
    this.households = households;
    this.meters = meters;
    this.maker = maker;
    this.#directory = directory;
  }

  get desk(): OperatorDesk {
    if (this.#desk === undefined) throw new RangeError("the operator's desk is not open yet");
    return this.#desk;
  }

  /** The operator's registrar, when it answers. */
  get registrar(): Promise<RegistrarProcess> {
    if (this.#registrar === undefined) throw new RangeError("the registrar is not started yet");
    return this.#registrar;
  }

  /**
   * Starts the registrar, which needs no more of the network than its CAs.
   * @param name prefix of its identities, new on the network
   */
  startRegistrar(network: NetworkAddress, name: string): void {
    const { maker } = this;
    const starting = RegistrarProcess.start({ network, name, maker, directory: this.#directory });
    this.#registrar = starting;
    starting.then(
      (registrar) => {
        this.#running = registrar;
      },
      // Whoever needs it finds out.
      () => undefined,
    );
  }

  /**
   * Opens the operator's desk; the registrar starts beside it unless it was started before.
   * @param operatorClient enrolment id of its client, new on the network
   */
  async openDesk(network: NetworkAccess, operatorClient: string): Promise<OperatorDesk> {
    if (this.#registrar === undefined) this.startRegistrar(network, `${operatorClient}-registrar`);
    this.#desk = await OperatorDesk.open(network, operatorClient);
    return this.#desk;
  }

  /**
   * Starts the operator's judge of wiring.
   * @param name its enrolment id, new on the network
   */
  async startAggregator(network: NetworkAccess, name: string): Promise<Child> {
    this.#aggregator = await startAggregator(network, name, this.#directory);
    return this.#aggregator;
  }

  /** Sets the microgrid up, puts every household on the ledger and starts its agent. */
  async join(options: JoinNetwork): Promise<void> {
    const { network, onStarted, progress, settings, signal } = options;
    const { desk } = this;
    const microgrid = desk
      .openMicrogrid(settings)
      .then(() => progress("rules, bank and utility are on the ledger"));
    const { slotSeconds } = settings;
    const joining = limited(this.households, atOnce, async (household) => {
      signal?.throwIfAborted();
      const registrar = await this.registrar;
      await household.join({ network, desk, registrar, slotSeconds, microgrid });
      signal?.throwIfAborted();
      await household.agent.start();
      progress(`${household.spec.id} is enrolled, registered and funded; its agent is started`);
      onStarted?.(household);
    });
    await Promise.all([microgrid, joining]);
  }

  /** All processes of the neighbourhood that run now. */
  processes(): { readonly name: string; readonly pid: number }[] {
    const children: Child[] = [this.meters.child, ...this.households.map(({ tpm }) => tpm)];
    if (this.#running?.child.running === true) children.push(this.#running.child);
    if (this.#aggregator?.running === true) children.push(this.#aggregator);
    return [
      ...children.map(({ name, pid }) => ({ name, pid })),
      ...this.households.flatMap(({ agent, spec }) =>
        agent.pid === undefined ? [] : [{ name: `agent of ${spec.id}`, pid: agent.pid }],
      ),
    ];
  }

  /** Agents first, so that they can say goodbye to TPM, meters and ledger. */
  async stop(): Promise<void> {
    await Promise.all(this.households.map((household) => household.stopAgent()));
    await this.#aggregator?.stop();
    await this.#registrar?.then(
      (registrar) => registrar.stop(),
      () => undefined,
    );
    await this.#desk?.close();
    await this.meters.stop();
    await Promise.all(this.households.map((household) => household.stopTpm()));
  }
}

/** Does the work for all items, for at most `limit` at the same time. */
async function limited<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
