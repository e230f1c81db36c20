import { equalBytes } from "./bytes.js";
import { p256SpkiPrefix } from "./tpm-structures.js";
import type { Crypto } from "./types.js";

/** The functions of `node:crypto` that evidence needs, so that domain itself imports no Node module. */
export interface NodeCrypto {
  hash(algorithm: string, bytes: Uint8Array, encoding: "buffer"): Uint8Array;
  /** The key of a PEM text, read once. */
  createPublicKey(pem: string): object;
  verify(
    algorithm: string,
    message: Uint8Array,
    // `{ key, dsaEncoding }` with a key of the above: its type has no name without Node's module.
    key: unknown,
    signature: Uint8Array,
  ): boolean;
}

/** A file has two keys, a block of the ledger a few. */
const mostKeys = 64;

/** `Crypto` by Node's own module: `import * as node from "node:crypto"`, then `cryptoFrom(node)`. */
export function cryptoFrom(node: NodeCrypto): Crypto {
  const keys = new Map<string, object | undefined>();
  /** Reading a key takes longer than using it. Undefined for a point that is not on the curve. */
  const keyOf = (spki: Uint8Array): object | undefined => {
    const text = pem("PUBLIC KEY", spki);
    if (keys.has(text)) return keys.get(text);
    if (keys.size >= mostKeys) keys.clear();
    let key: object | undefined;
    try {
      key = node.createPublicKey(text);
    } catch {
      key = undefined;
    }
    keys.set(text, key);
    return key;
  };
  return {
    // In one call, which takes half the time of a hash object; of a month's package it is a million.
    sha256: (bytes) => new Uint8Array(node.hash("sha256", bytes, "buffer")),
    verifyP256(publicKeySpki, message, signature) {
      // Node takes keys on any curve; a P-256 key in SPKI differs from others in its first bytes.
      const prefix = publicKeySpki.subarray(0, p256SpkiPrefix.length);
      if (publicKeySpki.length !== 91 || !equalBytes(prefix, p256SpkiPrefix)) return false;
      if (signature.length !== 64) return false;
      const key = keyOf(publicKeySpki);
      if (key === undefined) return false;
      try {
        return node.verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
      } catch {
        return false; // a signature that is none
      }
    },
  };
}

/** RFC 7468 text of DER bytes. */
export function pem(label: string, der: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...der));
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
