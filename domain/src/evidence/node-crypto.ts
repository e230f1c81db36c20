import { equalBytes } from "./bytes.js";
import { p256SpkiPrefix } from "./tpm-structures.js";
import type { Crypto } from "./types.js";

/** The functions of `node:crypto` that evidence needs, so that domain itself imports no Node module. */
export interface NodeCrypto {
  createHash(algorithm: string): { update(bytes: Uint8Array): { digest(): Uint8Array } };
  verify(
    algorithm: string,
    message: Uint8Array,
    key: { key: string; dsaEncoding: "ieee-p1363" },
    signature: Uint8Array,
  ): boolean;
}

/** `Crypto` by Node's own module: `import * as node from "node:crypto"`, then `cryptoFrom(node)`. */
export function cryptoFrom(node: NodeCrypto): Crypto {
  return {
    sha256: (bytes) => new Uint8Array(node.createHash("sha256").update(bytes).digest()),
    verifyP256(publicKeySpki, message, signature) {
      // Node takes keys on any curve; a P-256 key in SPKI differs from others in its first bytes.
      const prefix = publicKeySpki.subarray(0, p256SpkiPrefix.length);
      if (publicKeySpki.length !== 91 || !equalBytes(prefix, p256SpkiPrefix)) return false;
      if (signature.length !== 64) return false;
      const key = pem("PUBLIC KEY", publicKeySpki);
      try {
        return node.verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
      } catch {
        return false; // a point that is not on the curve
      }
    },
  };
}

/** RFC 7468 text of DER bytes. */
export function pem(label: string, der: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...der));
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
