import * as crypto from "node:crypto";
import type { EvidencePackage, RegisterValues } from "@powershare/domain/evidence";
import { TestHousehold } from "@powershare/domain/testing";
import type { KeyPair } from "@powershare/fabric";
import { createCsr, enroll } from "@powershare/fabric/ca";
import { connectLedger, type LedgerClient, softwareSigner } from "@powershare/ledger-client";
import { type NetworkAccess, type OperatorDesk, utilityId } from "../operator-desk.js";

/** A client of the community's, by its peer. */
export function connectAs(
  { channel, chaincode, organisations: { community } }: NetworkAccess,
  { certificatePem, privateKeyPem }: KeyPair,
): LedgerClient {
  return connectLedger({
    endpoint: community.peerEndpoint,
    tlsHostname: community.peerTlsHostname,
    tlsRootCertificatePem: community.tlsRootCertificatePem,
    mspId: community.mspId,
    certificatePem,
    sign: softwareSigner(privateKeyPem),
    channel,
    chaincode,
  });
}

/** A household on the real ledger with keys in software: no meters and no agent, so it can say what a test needs. */
export class SoftwareHousehold {
  readonly id: string;
  readonly client: LedgerClient;
  readonly connection: string;
  readonly generator: string;
  readonly #household: TestHousehold;

  /** Enrols at the community's CA and has itself registered. */
  static async join(
    network: NetworkAccess,
    desk: OperatorDesk,
    { id, start, slotSeconds }: { id: string; start: string; slotSeconds: number },
  ): Promise<SoftwareHousehold> {
    const meters = [
      { id: `eastron/sdm630:${id}`, role: "connection", profile: "ab".repeat(32) },
      { id: `eastron/sdm230:${id}`, role: "generator", profile: "cd".repeat(32) },
    ] as const;
    const household = new TestHousehold(crypto, { participant: id, meters, start, slotSeconds });
    const { reading } = household.device;
    const { community } = network.organisations;
    const attributes = {
      role: "resident",
      microgrid: network.channel,
      participant: id,
      device: household.device.id,
    };
    const { certificatePem } = await enroll({
      url: community.caUrl,
      caName: community.caName,
      tlsCertificatePem: community.caTlsCertificatePem,
      id,
      secret: await community.register({ id, type: "client", attributes, maxEnrollments: 1 }),
      csrPem: await createCsr({
        commonName: id,
        publicKeySpki: Buffer.from(reading.spki),
        sign: async (message) => crypto.sign("sha256", message, reading.privateKeyPem),
      }),
    });
    const client = connectAs(network, {
      certificatePem,
      privateKeyPem: reading.privateKeyPem,
    });
    await desk.register({
      kind: "resident",
      id,
      node: "root",
      source: "green",
      utility: utilityId,
      meters: [...meters],
      ...household.registration(),
    });
    return new SoftwareHousehold(id, client, household);
  }

  private constructor(id: string, client: LedgerClient, household: TestHousehold) {
    this.id = id;
    this.client = client;
    this.#household = household;
    this.connection = `eastron/sdm630:${id}`;
    this.generator = `eastron/sdm230:${id}`;
  }

  /** Sends the next intervals of a meter, one slot each. */
  async send(meter: string, energies: readonly RegisterValues[]): Promise<void> {
    const evidence: EvidencePackage = this.#household.evidence(meter, energies);
    await this.client.transact("metering:SubmitEvidence", { package: evidence });
  }
}
