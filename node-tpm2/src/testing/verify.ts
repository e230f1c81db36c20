import { createPublicKey, verify } from "node:crypto";

/** Whether OpenSSL takes `signature` over SHA-256 of `message`; key as SPKI DER. */
export function verifies(
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  dsaEncoding: "ieee-p1363" | "der" = "ieee-p1363",
): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  return verify("sha256", message, { key, dsaEncoding }, signature);
}
