import { X509Certificate } from "node:crypto";
import { access, constants, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { IdentityBlobs } from "node-tpm2";
import type { TpmAddress } from "../enrolment/device.js";
import { type Check, ill, well } from "./types.js";

/** What was seen in the TPM, in one visit: swtpm serves one client at a time. */
interface Visit {
  readonly failed: number;
  readonly mostFailed: number;
  readonly locked: boolean;
  /** The maker's certificate, DER. */
  readonly certificate: Uint8Array | undefined;
  /** What opening the device's keys came to; undefined where there are none yet. */
  readonly keys:
    | { readonly device: string; readonly spki: Uint8Array }
    | { readonly error: unknown }
    | undefined;
}

export interface TpmOptions {
  readonly tpm: TpmAddress;
  readonly dataDir: string;
  /** Whether the device's keys are opened; not while the agent has them open. */
  readonly withKeys?: boolean;
}

/** The TPM's checks, which share one visit. */
export interface TpmChecks {
  /** Device, permission and lockout. */
  readonly chip: Check;
  /** The maker's certificate for its endorsement key. */
  readonly endorsement: Check;
  /** The device's keys, which open with identity.json. */
  readonly keys: Check;
  /** SubjectPublicKeyInfo of the reading key; undefined where it could not be opened. */
  readingSpki(): Promise<Uint8Array | undefined>;
}

/** Looks without changing anything: no key is made, no counter raised. */
export function tpmChecks(options: TpmOptions): TpmChecks {
  let visiting: Promise<Visit> | undefined;
  const visit = (): Promise<Visit> => {
    visiting ??= visitTpm(options);
    return visiting;
  };
  return {
    chip: { id: "tpm", title: "TPM", run: () => chip(options.tpm, visit) },
    endorsement: {
      id: "tpm-certificate",
      title: "TPM maker's certificate",
      run: () => endorsement(visit),
    },
    keys: { id: "tpm-keys", title: "Keys in the TPM", run: () => keys(visit) },
    readingSpki: async () => {
      const { keys: found } = await visit();
      return found !== undefined && "spki" in found ? found.spki : undefined;
    },
  };
}

async function chip({ tpmDevice, swtpm }: TpmAddress, visit: () => Promise<Visit>) {
  const path = tpmDevice ?? swtpm ?? "";
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return ill("tpm.unavailable", `${path} is not there`);
  const allowed = await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!allowed) return ill("tpm.unavailable", `user ${process.geteuid?.()} may not open ${path}`);
  const { failed, mostFailed, locked } = await visit();
  const text = `${path}, ${failed} of ${mostFailed} failed authorisations`;
  return locked ? ill("tpm.locked", `${text}: locked out`) : well(text);
}

async function endorsement(visit: () => Promise<Visit>) {
  const { certificate } = await visit();
  if (certificate === undefined) return ill("enrolment.maker", "the chip carries none for P-256");
  const { issuer, validTo } = new X509Certificate(certificate);
  return well(
    `by ${issuer.replaceAll("\n", ", ")}, until ${new Date(validTo).toISOString().slice(0, 10)}`,
  );
}

async function keys(visit: () => Promise<Visit>) {
  const { keys: found } = await visit();
  if (found === undefined) return ill("tpm.not-enrolled", "no keys were made yet");
  if ("error" in found) throw found.error;
  return well(`device ${found.device.slice(0, 16)}…`);
}

async function visitTpm({ tpm: address, dataDir, withKeys = true }: TpmOptions): Promise<Visit> {
  const { Tpm, openDevice, openSwtpm, readEndorsement, getProperties, PROPERTY, openIdentity } =
    await import("node-tpm2");
  const { tpmDevice, swtpm } = address;
  const tpm = await Tpm.open(
    tpmDevice === undefined ? openSwtpm({ path: swtpm ?? "" }) : openDevice(tpmDevice),
  );
  try {
    const property = async (id: number): Promise<number> => {
      const { values } = await tpm.run(getProperties(id, 1));
      return values[0]?.[1] ?? 0;
    };
    const failed = await property(PROPERTY.lockoutCounter);
    const mostFailed = await property(PROPERTY.maxAuthFail);
    const locked = ((await property(PROPERTY.permanent)) & inLockout) !== 0;
    const { certificate } = await readEndorsement(tpm);
    const blobs = withKeys ? await blobsIn(dataDir) : undefined;
    if (blobs === undefined) return { failed, mostFailed, locked, certificate, keys: undefined };
    try {
      const identity = await openIdentity(tpm, blobs);
      await identity.counterName();
      const { device, readingSpki: spki } = identity;
      await identity.close();
      return { failed, mostFailed, locked, certificate, keys: { device, spki } };
    } catch (error) {
      return { failed, mostFailed, locked, certificate, keys: { error } };
    }
  } finally {
    await tpm.close();
  }
}

/** TPMA_PERMANENT (Part 2, clause 8.6). */
const inLockout = 0x200;

async function blobsIn(dataDir: string): Promise<IdentityBlobs | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, "identity.json"), "utf8")) as IdentityBlobs;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
