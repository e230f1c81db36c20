import { createECDH } from "node:crypto";
import { Writer } from "./bytes.js";
import { TpmError } from "./errors.js";
import { kdfe } from "./kdf.js";
import { decodePublic, leftPad } from "./public-area.js";

/** A secret shared with the owner of a storage key, and what that owner needs to find it. */
export interface SharedSeed {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET's content: the ephemeral point (TPMS_ECC_POINT). */
  readonly encrypted: Uint8Array;
}

/**
 * One-pass ECDH with a P-256 storage key such as the endorsement key, by software (Part 1, clause C.6.4).
 * @param publicArea TPMT_PUBLIC of the storage key.
 * @param label `SECRET` for the salt of a session, `IDENTITY` for a credential.
 * @throws TpmError `tpm.malformed` for another kind of key or a point that is not on the curve.
 */
export function shareSeed(publicArea: Uint8Array, label: "SECRET" | "IDENTITY"): SharedSeed {
  const area = decodePublic(publicArea);
  if (area.use !== "storage") {
    throw new TpmError("tpm.malformed", "a seed can be shared with a storage key only");
  }
  const [staticX, staticY] = [leftPad(area.x), leftPad(area.y)];
  const ephemeral = createECDH("prime256v1");
  const point = Uint8Array.from(ephemeral.generateKeys());
  const z = sharedPoint(ephemeral, Uint8Array.from([4, ...staticX, ...staticY]));
  const [x, y] = [point.slice(1, 33), point.slice(33)];
  return {
    seed: kdfe(z, label, x, staticX),
    encrypted: new Writer().sized(x).sized(y).done(),
  };
}

function sharedPoint(ephemeral: ReturnType<typeof createECDH>, point: Uint8Array): Uint8Array {
  try {
    return Uint8Array.from(ephemeral.computeSecret(point));
  } catch (cause) {
    throw new TpmError("tpm.malformed", "the storage key's point is not on P-256", { cause });
  }
}
