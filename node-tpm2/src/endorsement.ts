import { X509Certificate } from "node:crypto";
import { equalBytes, toHex } from "./bytes.js";
import { password } from "./commands/command.js";
import { activateCredential } from "./commands/credentials.js";
import { nvRead, nvReadPublic } from "./commands/nv.js";
import { createPrimary, type LoadedObject } from "./commands/objects.js";
import { policySecret } from "./commands/policies.js";
import { HIERARCHY } from "./constants.js";
import { TpmError, TpmResponseError } from "./errors.js";
import type { HierarchyAuth } from "./hierarchy-auth.js";
import { endorsementKey } from "./identity-templates.js";
import { whileLoaded } from "./loaded.js";
import type { Credential } from "./make-credential.js";
import { nameOf, publicToSpki } from "./public-area.js";
import { withSession } from "./session.js";
import type { Tpm } from "./tpm.js";

/** Which chip this is, by its maker's word where it carries a certificate. */
export interface Endorsement {
  /** SHA-256 of the endorsement key's TPMT_PUBLIC, hex. */
  readonly device: string;
  /** TPMT_PUBLIC of the endorsement key. */
  readonly publicArea: Uint8Array;
  /** The maker's X.509 certificate for this key, DER; undefined where the chip has none for P-256. */
  readonly certificate: Uint8Array | undefined;
}

/** Where makers put the certificate of the P-256 key (TCG EK Credential Profile, clause 2.2.1.4, template L-2). */
const CERTIFICATE_INDEX = 0x01c0000a;
/** Less than any chip's TPM_PT_NV_BUFFER_MAX. */
const CHUNK_BYTES = 512;
const HANDLE_UNKNOWN = 0x18b;

export const endorsementPrimary = (auth: HierarchyAuth) =>
  createPrimary(HIERARCHY.endorsement, endorsementKey, password(auth.endorsement));

/**
 * Reads the endorsement key and its certificate.
 * @throws TpmError `tpm.certificate` where the certificate in the chip is for another key or none at all; those of
 *   {@link Tpm.run}.
 */
export async function readEndorsement(tpm: Tpm, auth: HierarchyAuth = {}): Promise<Endorsement> {
  const publicArea = await whileLoaded(tpm, endorsementPrimary(auth), (key) => key.publicArea);
  const certificate = await readCertificate(tpm);
  if (certificate !== undefined) requireCertified(tpm, certificate, publicArea);
  return { device: deviceOf(publicArea), publicArea, certificate };
}

/** The device id that an endorsement key stands for. */
export function deviceOf(endorsementPublic: Uint8Array): string {
  return toHex(nameOf(endorsementPublic).subarray(2));
}

/** Gives out a credential's secret; the endorsement key is loaded for that and flushed. */
export function activate(
  tpm: Tpm,
  object: LoadedObject,
  credential: Credential,
  auth: HierarchyAuth,
): Promise<Uint8Array> {
  return whileLoaded(tpm, endorsementPrimary(auth), (key) =>
    // Salted to the endorsement key, so the secret does not cross the bus in clear.
    withSession(tpm, { type: "hmac", saltKey: key }, (bus) =>
      withSession(tpm, { type: "policy" }, async (policy) => {
        await tpm.run(
          policySecret(policy.handle, HIERARCHY.endorsement, password(auth.endorsement)),
        );
        const objectAuth = bus.use({ authValue: new Uint8Array(), encryptResponse: true });
        return tpm.run(activateCredential(object, key, credential, policy.use(), objectAuth));
      }),
    ),
  );
}

async function readCertificate(tpm: Tpm): Promise<Uint8Array | undefined> {
  const size = await sizeOf(tpm, CERTIFICATE_INDEX);
  if (size === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < size; offset += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, size - offset);
    parts.push(await tpm.run(nvRead(CERTIFICATE_INDEX, offset, length)));
  }
  return withoutPadding(Buffer.concat(parts));
}

async function sizeOf(tpm: Tpm, index: number): Promise<number | undefined> {
  try {
    return (await tpm.run(nvReadPublic(index))).nvPublic.dataBytes;
  } catch (error) {
    const isMissing = error instanceof TpmResponseError && error.responseCode === HANDLE_UNKNOWN;
    if (isMissing) return undefined;
    throw error;
  }
}

/** The index may be longer than the certificate in it: a DER SEQUENCE says how long it is. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  const long = bytes[0] === 0x30 && bytes[1] === 0x82;
  const length = long ? 4 + ((bytes[2] ?? 0) << 8) + (bytes[3] ?? 0) : bytes.length;
  return Uint8Array.from(bytes.subarray(0, length));
}

function requireCertified(tpm: Tpm, certificate: Uint8Array, publicArea: Uint8Array): void {
  const where = `${tpm.name}: the certificate at 0x${CERTIFICATE_INDEX.toString(16)}`;
  let certified: Uint8Array;
  try {
    const { publicKey } = new X509Certificate(certificate);
    certified = publicKey.export({ type: "spki", format: "der" });
  } catch (cause) {
    throw new TpmError("tpm.certificate", `${where} cannot be read`, { cause });
  }
  if (!equalBytes(certified, publicToSpki(publicArea))) {
    throw new TpmError("tpm.certificate", `${where} is for another key than this TPM's`);
  }
}
