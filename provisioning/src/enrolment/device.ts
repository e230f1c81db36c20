import * as crypto from "node:crypto";
import {
  type CertificateRequest,
  type EnrolmentRequest,
  type EnrolmentStatus,
  enrolmentCode,
  requestBinding,
} from "@powershare/domain/enrolment";
import { cryptoFrom, toHex } from "@powershare/domain/evidence";
import { certificationOf, csrOf } from "@powershare/registrar-client";
import type { DeviceIdentity, Endorsement, Tpm } from "node-tpm2";
import type { DeviceFiles } from "./device-files.js";

const { sha256 } = cryptoFrom(crypto);

/** What the installer declares. */
export type Declared = Pick<EnrolmentRequest, "meters" | "equipment" | "place" | "replaces">;

export interface TpmAddress {
  readonly tpmDevice?: string | undefined;
  readonly swtpm?: string | undefined;
}

/** A device with its keys in its TPM, as enrolment needs it. */
export interface OpenDevice {
  readonly identity: DeviceIdentity;
  readonly endorsement: Endorsement;
  /** Whether the keys were made by an earlier run. */
  readonly isKnown: boolean;
}

/**
 * Opens the TPM and the device's identity in it, made now or by an earlier run, for as long as `use` takes.
 * @throws TpmError `tpm.*`; UnreadableInput for files that cannot be used
 */
export async function withDevice<T>(
  address: TpmAddress,
  files: DeviceFiles,
  use: (device: OpenDevice) => Promise<T>,
): Promise<T> {
  const {
    Tpm: TpmClass,
    openDevice,
    openSwtpm,
    openIdentity,
    readEndorsement,
  } = await import("node-tpm2");
  const transport =
    address.tpmDevice === undefined
      ? openSwtpm({ path: address.swtpm ?? "" })
      : openDevice(address.tpmDevice);
  const tpm = await TpmClass.open(transport);
  try {
    const endorsement = await readEndorsement(tpm);
    const known = await files.identity();
    const identity = await openIdentity(tpm, known ?? (await makeIdentity(tpm, files)));
    try {
      await files.keepRegistration(await registrationOf(identity));
      return await use({ identity, endorsement, isKnown: known !== undefined });
    } finally {
      await identity.close();
    }
  } finally {
    await tpm.close();
  }
}

async function makeIdentity(tpm: Tpm, files: DeviceFiles) {
  const { provisionIdentity } = await import("node-tpm2");
  const blobs = await provisionIdentity(tpm);
  await files.keepIdentity(blobs);
  return blobs;
}

async function registrationOf(identity: DeviceIdentity) {
  return {
    device: identity.device,
    attestationKey: toHex(identity.attestationPublic),
    readingKey: toHex(identity.readingPublic),
    certification: await certificationOf(identity),
    counterName: toHex(await identity.counterName()),
  };
}

/** A request to be enrolled, all of it certified by the attestation key, and the code that it has. */
export async function makeRequest(
  { identity, endorsement }: OpenDevice,
  { meters, equipment, place, replaces }: Declared,
): Promise<{ request: EnrolmentRequest; code: string }> {
  const rest = {
    v: 1 as const,
    nonce: toHex(crypto.randomBytes(16)),
    endorsementPublic: toHex(endorsement.publicArea),
    ...(endorsement.certificate && { endorsementCertificate: toHex(endorsement.certificate) }),
    attestationPublic: toHex(identity.attestationPublic),
    readingPublic: toHex(identity.readingPublic),
    counterName: toHex(await identity.counterName()),
    meters,
    ...(equipment && { equipment }),
    ...(place && { place }),
    ...(replaces !== undefined && { replaces }),
  };
  const certification = await certificationOf(identity, requestBinding(rest, sha256));
  const request = { ...rest, certification };
  return { request, code: await enrolmentCode(request, { sha256, scrypt: crypto.scrypt }) };
}

/**
 * Has the TPM give out the credential's secret and sign the certificate request with the reading key.
 * @throws TpmResponseError for a credential that was made for another TPM or key
 */
export async function answerCredential(
  { identity }: OpenDevice,
  credential: NonNullable<EnrolmentStatus["credential"]>,
  participant: string,
): Promise<CertificateRequest> {
  const secret = await identity.activateCredential({
    blob: Uint8Array.from(Buffer.from(credential.blob, "hex")),
    encryptedSeed: Uint8Array.from(Buffer.from(credential.encryptedSeed, "hex")),
  });
  return {
    secret: Buffer.from(secret).toString("utf8"),
    csrPem: await csrOf(identity, participant),
  };
}
