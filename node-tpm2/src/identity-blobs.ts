import { fromHex, toHex } from "./bytes.js";
import { TpmError } from "./errors.js";

/**
 * What is kept of an identity outside the TPM, as JSON. Keys are of use only in the TPM that made them; keep the
 * file readable by the service alone, since `readingAuth` is what a program needs to sign with the reading key.
 */
export interface IdentityBlobs {
  readonly version: 1;
  /** SHA-256 of the endorsement key's TPMT_PUBLIC, hex. */
  readonly device: string;
  /** TPM name of the storage root key, hex: it changes when the owner hierarchy is cleared. */
  readonly storageRootName: string;
  /** TPM name of the attestation key, hex. */
  readonly attestationName: string;
  /** TPMT_PUBLIC of the reading key, hex. */
  readonly readingPublic: string;
  /** Wrapped private area of the reading key, hex. */
  readonly readingPrivate: string;
  /** Auth value of the reading key, 32 bytes, hex. */
  readonly readingAuth: string;
  /** TPM name of the counter, hex. */
  readonly counterName: string;
}

type BlobBytes = { readonly [Field in Exclude<keyof IdentityBlobs, "version">]: Uint8Array };

export function encodeBlobs(bytes: BlobBytes): IdentityBlobs {
  return {
    version: 1,
    device: toHex(bytes.device),
    storageRootName: toHex(bytes.storageRootName),
    attestationName: toHex(bytes.attestationName),
    readingPublic: toHex(bytes.readingPublic),
    readingPrivate: toHex(bytes.readingPrivate),
    readingAuth: toHex(bytes.readingAuth),
    counterName: toHex(bytes.counterName),
  };
}

/** @throws TpmError `tpm.blobs` if a field is missing or is not hex, as after damage to the file. */
export function decodeBlobs(blobs: IdentityBlobs): BlobBytes {
  if (blobs.version !== 1) {
    throw new TpmError("tpm.blobs", `identity of version ${String(blobs.version)}, not 1`);
  }
  const bytes = (field: keyof BlobBytes): Uint8Array => {
    const value: unknown = blobs[field];
    if (typeof value !== "string" || value === "") {
      throw new TpmError("tpm.blobs", `identity without ${field}`);
    }
    return fromHex(value, `${field} of the identity`);
  };
  return {
    device: bytes("device"),
    storageRootName: bytes("storageRootName"),
    attestationName: bytes("attestationName"),
    readingPublic: bytes("readingPublic"),
    readingPrivate: bytes("readingPrivate"),
    readingAuth: bytes("readingAuth"),
    counterName: bytes("counterName"),
  };
}
