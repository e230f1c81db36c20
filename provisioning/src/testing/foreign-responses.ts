import { generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResponseFile } from "@powershare/domain/enrolment";
import { codeOf } from "@powershare/domain/errors";
import { makeCredential, nameOf, openSwtpm, Tpm } from "node-tpm2";
import {
  equipWithCertificate,
  type RunningSwtpm,
  simulatedMaker,
  startSwtpm,
} from "node-tpm2/testing";
import { takeResponse } from "../enrolment/by-files.js";
import { type OpenDevice, withDevice } from "../enrolment/device.js";
import { DeviceFiles } from "../enrolment/device-files.js";

const maker = simulatedMaker("Test maker");
const code = "7K2M-Q9XA";
const network = {
  endpoint: "localhost:7051",
  tlsHostname: "localhost",
  tlsRootCertificatePem: maker.certificatePem,
  mspId: "CommunityMSP",
  channel: "test-grid",
  chaincode: "powershare",
};

/** Two devices with a request under way each, in TPMs of their own; this one is handed files of the other. */
export interface TwoDevices {
  readonly own: OpenDevice;
  readonly other: OpenDevice;
}

type Credential = Extract<ResponseFile, { kind: "credential" }>;

/** A credential's file as the registrar makes it. */
function credentialFor(
  device: OpenDevice,
  changes: Partial<Credential> = {},
  { endorsement, identity }: Pick<OpenDevice, "endorsement" | "identity"> = device,
): Credential {
  const name = nameOf(identity.attestationPublic);
  const made = makeCredential(endorsement.publicArea, name, randomBytes(24));
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  return {
    v: 1,
    kind: "credential",
    id: randomBytes(16).toString("hex"),
    code,
    device: device.identity.device,
    participant: "h1",
    credential: { blob: hex(made.blob), encryptedSeed: hex(made.encryptedSeed) },
    network,
    ...changes,
  };
}

function certificateFor(device: OpenDevice, spki: Uint8Array): ResponseFile {
  const body = Buffer.from(maker.certify(spki, { signs: true })).toString("base64");
  const certificatePem = `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  const { device: id } = device.identity;
  return { v: 1, kind: "certificate", device: id, certificatePem, chainPem: maker.certificatePem };
}

function flipped(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  const at = randomInt(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << randomInt(8)), at);
  return bytes.toString("hex");
}

/** Whole files that were not made for this device, or not for its last request. */
export const foreignResponses: Readonly<Record<string, (two: TwoDevices) => ResponseFile>> = {
  "another device's credential": ({ other }) => credentialFor(other),
  "another device's credential, relabelled": ({ own, other }) =>
    credentialFor(other, { device: own.identity.device }),
  "a credential for this endorsement key and another attestation key": ({ own, other }) =>
    credentialFor(own, {}, { endorsement: own.endorsement, identity: other.identity }),
  "a credential for another endorsement key and this attestation key": ({ own, other }) =>
    credentialFor(own, {}, { endorsement: other.endorsement, identity: own.identity }),
  "its own credential with a bit changed": ({ own }) => {
    const { credential, ...rest } = credentialFor(own);
    const part = randomInt(2) === 0 ? "blob" : "encryptedSeed";
    return { ...rest, credential: { ...credential, [part]: flipped(credential[part]) } };
  },
  "its own credential for another request": ({ own }) =>
    credentialFor(own, { code: `0000-000${randomInt(10)}` }),
  "another device's certificate": ({ other }) => certificateFor(other, other.identity.readingSpki),
  "another device's certificate, relabelled": ({ own, other }) =>
    certificateFor(own, other.identity.readingSpki),
  "a certificate for a key in software": ({ own }) => {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return certificateFor(own, publicKey.export({ type: "spki", format: "der" }));
  },
};

/** A workshop with two devices in software TPMs. */
export class Workshop {
  readonly #folder = mkdtempSync(join(tmpdir(), "responses-"));
  readonly #tpms: RunningSwtpm[] = [];

  async #chip(name: string): Promise<string> {
    mkdirSync(join(this.#folder, name));
    const tpm = await startSwtpm({
      stateDir: join(this.#folder, name),
      socketPath: join(this.#folder, `${name}.sock`),
    });
    this.#tpms.push(tpm);
    const client = await Tpm.open(openSwtpm({ path: tpm.socketPath }));
    await equipWithCertificate(client, maker);
    await client.close();
    return tpm.socketPath;
  }

  /**
   * Hands this device `count` files of a kind.
   * @returns what it took, or refused otherwise than it should; empty where all is well
   */
  async hand(kind: (two: TwoDevices) => ResponseFile, count: number): Promise<string[]> {
    return await this.#withTwo(async (two, files) => {
      const next = join(files.folder, "certificate-request.json");
      const before = readdirSync(files.folder);
      const wrong: string[] = [];
      for (let attempt = 0; attempt < count; attempt++) {
        try {
          await takeResponse({ device: two.own, files }, kind(two), next);
          wrong.push(`${attempt}: accepted`);
        } catch (error) {
          if (!/^(enrolment\.response|tpm\.)/.test(codeOf(error) ?? "")) {
            wrong.push(`${attempt}: ${String(error)}`);
          }
        }
      }
      const after = readdirSync(files.folder);
      return after.length === before.length ? wrong : [...wrong, `left ${after.join(", ")}`];
    });
  }

  /** What the registrar made for this device and its last request. */
  async handRight(): Promise<string> {
    return await this.#withTwo(async ({ own }, files) => {
      const next = join(files.folder, "certificate-request.json");
      const place = { device: own, files };
      await takeResponse(place, credentialFor(own), next);
      return await takeResponse(place, certificateFor(own, own.identity.readingSpki), next);
    });
  }

  async #withTwo<T>(use: (two: TwoDevices, files: DeviceFiles) => Promise<T>): Promise<T> {
    const [here, there] = [await this.#chipOnce(0), await this.#chipOnce(1)];
    const files = await DeviceFiles.open(join(this.#folder, "here"));
    const others = await DeviceFiles.open(join(this.#folder, "there"));
    await files.keepPending(code);
    return await withDevice({ swtpm: here }, files, (own) =>
      withDevice({ swtpm: there }, others, (other) => use({ own, other }, files)),
    );
  }

  async #chipOnce(index: number): Promise<string> {
    return this.#tpms[index]?.socketPath ?? (await this.#chip(`tpm${index}`));
  }

  async close(): Promise<void> {
    await Promise.all(this.#tpms.map((tpm) => tpm.stop()));
    rmSync(this.#folder, { recursive: true });
  }
}
