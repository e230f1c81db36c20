import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSwtpm, Tpm } from "node-tpm2";
import { equipWithCertificate, type Maker } from "node-tpm2/testing";
import { AgentProcess } from "./agent-process.js";
import type { HouseholdSpec } from "./cast.js";
import type { Child } from "./child.js";
import { enrol } from "./enrol.js";
import type { Meters } from "./meters.js";
import type { NetworkAccess, OperatorDesk } from "./operator-desk.js";
import { freePort } from "./ports.js";
import type { RegistrarProcess } from "./registrar.js";
import { startTpm, tpmSocket } from "./tpm.js";

/** Coins a household buys before it trades: days of a demo's electricity. */
const startingUnits = 20n;
const firstPort = 8080;

export interface JoinOptions {
  readonly network: NetworkAccess;
  readonly desk: OperatorDesk;
  readonly registrar: RegistrarProcess;
  readonly slotSeconds: number;
  /** Settles when bank, utility and rules are on the ledger. */
  readonly microgrid: Promise<unknown>;
}

/** One household: a TPM, meters on a serial line, and an agent, as they would stand in a home. */
export class Household {
  readonly spec: HouseholdSpec;
  readonly directory: string;
  #tpm: Child;
  #agent: AgentProcess | undefined;

  /** TPM and meters, which need no network; everything of the household goes into `directory`. */
  static async prepare(
    spec: HouseholdSpec,
    directory: string,
    { meters, maker }: { readonly meters: Meters; readonly maker: Maker },
  ): Promise<Household> {
    mkdirSync(join(directory, "data"), { recursive: true, mode: 0o700 });
    const [tpm] = await Promise.all([
      startTpmOf(spec, directory),
      meters.open(spec, serialPath(directory)),
    ]);
    const household = new Household(spec, directory, tpm);
    try {
      await certifyTpm(tpmSocket(directory), maker);
      return household;
    } catch (error) {
      await household.stopTpm();
      throw error;
    }
  }

  private constructor(spec: HouseholdSpec, directory: string, tpm: Child) {
    this.spec = spec;
    this.directory = directory;
    this.#tpm = tpm;
  }

  get tpm(): Child {
    return this.#tpm;
  }

  /** The household's agent, once it has joined. */
  get agent(): AgentProcess {
    if (this.#agent === undefined) throw new RangeError(`${this.spec.id} has not joined yet`);
    return this.#agent;
  }

  /** Ids of the meters, as the ledger knows them. */
  get meterIds(): string[] {
    return this.spec.meters.map(meterId);
  }

  /** Enrols and registers the household through the registrar, funds it, and writes its agent's config. */
  async join({ desk, microgrid, network, registrar, slotSeconds }: JoinOptions): Promise<void> {
    const { spec, directory } = this;
    const community = network.organisations.community;
    const swtpm = tpmSocket(directory);
    await enrol({
      participant: spec.id,
      source: spec.source,
      storage: spec.site.storage,
      meters: spec.meters.map((meter) => `${meter.role}=${meterId(meter)}`),
      registrar,
      swtpm,
      directory,
      ready: microgrid,
    });
    await desk.fund(spec.id, startingUnits);
    const tlsRootCertificate = join(directory, "peer-tls.pem");
    writeFileSync(tlsRootCertificate, community.tlsRootCertificatePem);
    this.#agent = new AgentProcess({
      household: spec,
      directory,
      serial: serialPath(directory),
      swtpm,
      slotSeconds,
      registrar: { url: registrar.url, tlsRootCertificate: registrar.caFile },
      httpPort: await freePort(firstPort + spec.number),
      ledger: {
        endpoint: community.peerEndpoint,
        tlsHostname: community.peerTlsHostname,
        tlsRootCertificate,
        mspId: community.mspId,
        certificate: join(directory, "data", "certificate.pem"),
        channel: network.channel,
        chaincode: network.chaincode,
      },
    });
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop();
  }

  /** The TPM goes last: the agent still has to say goodbye to it. */
  async stopTpm(): Promise<void> {
    await this.#tpm.stop();
  }

  /** The same TPM again, with what it kept. */
  async startTpm(): Promise<void> {
    this.#tpm = await startTpmOf(this.spec, this.directory);
  }
}

function startTpmOf({ id }: HouseholdSpec, directory: string): Promise<Child> {
  return startTpm(`TPM of ${id}`, directory, join(directory, "tpm.log"));
}

/** As its maker does in the factory: the chip gets a certificate for its endorsement key. */
export async function certifyTpm(swtpm: string, maker: Maker): Promise<void> {
  const tpm = await Tpm.open(openSwtpm({ path: swtpm }));
  try {
    await equipWithCertificate(tpm, maker);
  } finally {
    await tpm.close();
  }
}

function meterId(meter: { readonly profile: string; readonly serialNumber: string }): string {
  return `${meter.profile}:${meter.serialNumber}`;
}

function serialPath(directory: string): string {
  return join(directory, "line");
}
