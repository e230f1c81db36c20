import { X509Certificate } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type EnrolmentTicket,
  enrolmentTicket,
  type NetworkAccess,
  networkAccess,
} from "@powershare/domain/enrolment";
import { codeOf } from "@powershare/domain/errors";
import { participantId } from "@powershare/domain/ledger";
import type { IdentityBlobs } from "node-tpm2";
import { z } from "zod";
import { syncFolder } from "../new-file.js";
import { UnreadableInput } from "../output.js";

/** An enrolment under way, in `enrolment.json`: without id and token where it goes by files. */
const pending = z.strictObject({
  v: z.literal(1),
  code: enrolmentTicket.shape.code,
  id: enrolmentTicket.shape.id.optional(),
  token: enrolmentTicket.shape.token.optional(),
});
export type Pending = z.infer<typeof pending>;
const membership = z.strictObject({ participant: participantId, network: networkAccess });
/** Who this device is on which ledger, in `network.json`. */
export type Membership = z.infer<typeof membership>;

/** The files of a device's identity, in the agent's dataDir. Each is whole or not there, also at a power cut. */
export class DeviceFiles {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws UnreadableInput where the folder cannot be made */
  static async open(folder: string): Promise<DeviceFiles> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UnreadableInput(`--out ${folder} cannot be made: ${reason}`, { cause });
    }
    return new DeviceFiles(folder);
  }

  get certificatePath(): string {
    return join(this.folder, "certificate.pem");
  }

  /** The certificate above the registrar's, by which the agent knows it at a renewal. */
  get registrarCaPath(): string {
    return join(this.folder, "registrar-ca.pem");
  }

  async keepRegistrarCa(pem: string): Promise<void> {
    await writeWhole(this.registrarCaPath, pem, 0o644);
  }

  /** Wrapped keys of an earlier run. Their fields are checked when they are opened. */
  async identity(): Promise<IdentityBlobs | undefined> {
    const path = join(this.folder, "identity.json");
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as IdentityBlobs;
    } catch (cause) {
      throw new UnreadableInput(`${path}: expected the JSON that an earlier run wrote`, { cause });
    }
  }

  async keepIdentity(blobs: IdentityBlobs): Promise<void> {
    await this.#writeJson("identity.json", blobs, 0o600);
  }

  /** Nothing in it is secret; the agent puts it into the evidence that it exports. */
  async keepRegistration(registration: object): Promise<void> {
    await this.#writeJson("registration.json", registration, 0o644);
  }

  async pending(): Promise<Pending | undefined> {
    return await this.#read("enrolment.json", pending);
  }

  async keepPending(code: string, ticket?: EnrolmentTicket): Promise<void> {
    const { id, token } = ticket ?? {};
    await this.#writeJson("enrolment.json", { v: 1, code, id, token }, 0o600);
  }

  async forgetPending(): Promise<void> {
    await rm(join(this.folder, "enrolment.json"), { force: true });
  }

  async membership(): Promise<Membership | undefined> {
    return await this.#read("network.json", membership);
  }

  async keepMembership(participant: string, network: NetworkAccess): Promise<void> {
    await this.#writeJson("network.json", { participant, network }, 0o644);
    await writeWhole(join(this.folder, "peer-tls.pem"), network.tlsRootCertificatePem, 0o644);
  }

  /** The certificate, where there is one for this key (SubjectPublicKeyInfo, DER). */
  async certificate(spki: Uint8Array): Promise<X509Certificate | undefined> {
    const pem = await readIfThere(this.certificatePath);
    try {
      const certificate = pem === undefined ? undefined : new X509Certificate(pem);
      const key = certificate?.publicKey.export({ type: "spki", format: "der" });
      return key?.equals(spki) === true ? certificate : undefined;
    } catch {
      return undefined;
    }
  }

  async keepCertificate(pem: string): Promise<void> {
    await writeWhole(this.certificatePath, pem, 0o644);
  }

  async #read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const path = join(this.folder, name);
    const text = await readIfThere(path);
    if (text === undefined) return undefined;
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new UnreadableInput(`${path}: expected the JSON that an earlier run wrote`, { cause });
    }
  }

  async #writeJson(name: string, value: object, mode: number): Promise<void> {
    await writeWhole(join(this.folder, name), `${JSON.stringify(value, null, 2)}\n`, mode);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new UnreadableInput(`cannot read ${path}`, { cause: error });
  }
}

/** The new file or the old one, never half of it. */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, mode);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** Whether nothing but a new enrolment helps. */
export function isOver(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === "enrolment.token" ||
    code === "enrolment.closed" ||
    code === "enrolment.declined" ||
    code === "enrolment.expired"
  );
}
