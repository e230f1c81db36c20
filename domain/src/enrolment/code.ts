import { utf8 } from "../evidence/bytes.js";
import type { Sha256 } from "../evidence/hashes.js";
import { type EnrolmentRequest, requestHash } from "./request.js";

/** `scrypt` of `node:crypto`. */
export interface Scrypt {
  readonly scrypt: (
    password: Uint8Array,
    salt: Uint8Array,
    bytes: number,
    options: { N: number; r: number; p: number; maxmem: number },
    done: (error: Error | null, key: Uint8Array) => void,
  ) => void;
}

/** Crockford's base 32: no I, L, O and U, which are misread or read out as something else. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const codeBytes = 5;
// A code has 40 bits only. Finding another request with the same one takes 2^40 of these (RFC 7914): 32 MiB each.
const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/**
 * The code by which people on both sides know that they speak of the same request: 8 characters with a
 * dash, e.g. `7K2M-Q9XA`. Derived by scrypt from the SHA-256 of the request, by device and registrar each
 * for itself; takes some 100 ms.
 */
export async function enrolmentCode(
  request: EnrolmentRequest,
  { sha256, scrypt }: { readonly sha256: Sha256 } & Scrypt,
): Promise<string> {
  const hash = requestHash(request, sha256);
  const salt = utf8("powershare enrolment code 1");
  const key = await new Promise<Uint8Array>((resolve, reject) => {
    scrypt(hash, salt, codeBytes, cost, (error, derived) =>
      error === null ? resolve(derived) : reject(error),
    );
  });
  return codeText(key);
}

/** 40 bits as two groups of four characters. */
export function codeText(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes.subarray(0, codeBytes)) value = (value << 8n) | BigInt(byte);
  const characters = Array.from({ length: 8 }, (_, index) =>
    alphabet.charAt(Number((value >> BigInt(35 - 5 * index)) & 31n)),
  );
  return `${characters.slice(0, 4).join("")}-${characters.slice(4).join("")}`;
}

/** A code as people type it: without dash, in small letters, with O for 0 and I or L for 1. */
export function normalCode(typed: string): string {
  const plain = typed.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return `${plain.slice(0, 4)}-${plain.slice(4)}`;
}
