import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Registration } from "@powershare/domain/ledger";
import { loadProfile } from "@powershare/firmware-profiles";
import { AgentProcess } from "./agent-process.js";
import type { HouseholdSpec } from "./cast.js";
import type { Child } from "./child.js";
import { enrol } from "./enrol.js";
import type { Meters } from "./meters.js";
import { type NetworkAccess, type OperatorDesk, utilityId } from "./operator-desk.js";
import { freePort } from "./ports.js";
import { startTpm, tpmSocket } from "./tpm.js";

/** Coins a household buys before it trades: days of a demo's electricity. */
const startingUnits = 20n;
const firstPort = 8080;

export interface JoinOptions {
  readonly network: NetworkAccess;
  readonly desk: OperatorDesk;
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
  static async prepare(spec: HouseholdSpec, directory: string, meters: Meters): Promise<Household> {
    mkdirSync(join(directory, "data"), { recursive: true, mode: 0o700 });
    const [tpm] = await Promise.all([
      startTpmOf(spec, directory),
      meters.open(spec, serialPath(directory)),
    ]);
    return new Household(spec, directory, tpm);
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

  /** Enrols the TPM's key, registers and funds the household, and writes its agent's config. */
  async join({ desk, microgrid, network, slotSeconds }: JoinOptions): Promise<void> {
    const { spec, directory } = this;
    const community = network.organisations.community;
    const swtpm = tpmSocket(directory);
    const identity = await enrol({
      participant: spec.id,
      microgrid: network.channel,
      community,
      swtpm,
      directory,
    });
    await microgrid;
    const registration: Registration = {
      ...identity,
      id: spec.id,
      kind: "resident",
      node: "root",
      meters: spec.meters.map((meter) => ({
        id: meterId(meter),
        role: meter.role,
        profile: loadProfile(meter.profile).hash,
      })),
      source: spec.source,
      utility: utilityId,
    };
    await desk.register(registration);
    await desk.fund(spec.id, startingUnits);
    const tlsRootCertificate = join(directory, "peer-tls.pem");
    writeFileSync(tlsRootCertificate, community.tlsRootCertificatePem);
    this.#agent = new AgentProcess({
      household: spec,
      directory,
      serial: serialPath(directory),
      swtpm,
      slotSeconds,
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

function meterId(meter: { readonly profile: string; readonly serialNumber: string }): string {
  return `${meter.profile}:${meter.serialNumber}`;
}

function serialPath(directory: string): string {
  return join(directory, "line");
}
