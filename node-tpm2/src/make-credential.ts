import { createCipheriv, createHmac } from "node:crypto";
import { Writer } from "./bytes.js";
import { kdfa } from "./kdf.js";
import { shareSeed } from "./key-exchange.js";

/** A secret that one TPM gives out, and only while it holds one key. */
export interface Credential {
  /** TPM2B_ID_OBJECT's content. */
  readonly blob: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET's content. */
  readonly encryptedSeed: Uint8Array;
}

const SECRET_MAX_BYTES = 32;

/**
 * TPM2_MakeCredential by software (TPM 2.0 Part 1, clause 24), for a server without a TPM.
 * @param endorsementPublic TPMT_PUBLIC of a P-256 endorsement key; check its certificate first.
 * @param name TPM name of the key that the TPM must hold, computed from its public area, 34 bytes.
 * @param secret 1 to 32 bytes: as much as a TPM with SHA-256 gives out.
 * @throws TpmError `tpm.malformed` for an endorsement key that is none; RangeError for a secret too long.
 */
export function makeCredential(
  endorsementPublic: Uint8Array,
  name: Uint8Array,
  secret: Uint8Array,
): Credential {
  if (secret.length < 1 || secret.length > SECRET_MAX_BYTES) {
    throw new RangeError(`a credential carries 1 to 32 bytes, not ${secret.length}`);
  }
  const none = new Uint8Array();
  const { seed, encrypted } = shareSeed(endorsementPublic, "IDENTITY");
  const cipher = createCipheriv(
    "aes-128-cfb",
    kdfa(seed, "STORAGE", name, none, 128),
    new Uint8Array(16),
  );
  const identity = Buffer.concat([
    cipher.update(new Writer().sized(secret).done()),
    cipher.final(),
  ]);
  const integrity = createHmac("sha256", kdfa(seed, "INTEGRITY", none, none, 256))
    .update(identity)
    .update(name)
    .digest();
  return {
    blob: new Writer().sized(integrity).raw(identity).done(),
    encryptedSeed: encrypted,
  };
}
