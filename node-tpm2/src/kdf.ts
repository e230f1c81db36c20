import { createHash, createHmac } from "node:crypto";
import { Writer } from "./bytes.js";

const DIGEST_BITS = 256;

/** A label as KDFs take it: UTF-8 with a zero behind it. */
const labelBytes = (label: string) => Uint8Array.from([...Buffer.from(label, "utf8"), 0]);

/**
 * KDFa with HMAC-SHA-256 (TPM 2.0 Part 1, clause 11.4.10.2; NIST SP 800-108 in counter mode).
 * @param bits A multiple of 8.
 */
export function kdfa(
  key: Uint8Array,
  label: string,
  contextU: Uint8Array,
  contextV: Uint8Array,
  bits: number,
): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(bits / DIGEST_BITS) }, (_, index) =>
    createHmac("sha256", key)
      .update(
        new Writer()
          .u32(index + 1)
          .raw(labelBytes(label))
          .done(),
      )
      .update(contextU)
      .update(contextV)
      .update(new Writer().u32(bits).done())
      .digest(),
  );
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, bits / 8));
}

/**
 * KDFe with SHA-256 for 256 bits (Part 1, clause 11.4.10.3; NIST SP 800-56A).
 * @param z x coordinate of the shared point; @param partyU and @param partyV x of the ephemeral and of the static key.
 */
export function kdfe(
  z: Uint8Array,
  label: string,
  partyU: Uint8Array,
  partyV: Uint8Array,
): Uint8Array {
  const hash = createHash("sha256").update(new Writer().u32(1).done()).update(z);
  return Uint8Array.from(hash.update(labelBytes(label)).update(partyU).update(partyV).digest());
}
