import { concatBytes, fromHex, utf8, utf8Into } from "./bytes.js";
import { canonicalJson } from "./canonical-json.js";
import type { Crypto, Event, EvidencePackage, Interval, LogEntry, Statement } from "./types.js";

export type Sha256 = Crypto["sha256"];

/** First byte of everything hashed or signed, so that no value can pass for another kind. */
const domainOf = {
  leaf: 0,
  node: 1,
  head: 2,
  interval: 3,
  statement: 4,
  package: 5,
  measurement: 6,
  quote: 7,
} as const;

/** Stands for "nothing before": head of an empty chain, `previous` of a first interval or statement. */
export const zeroHash = "0".repeat(64);

/** Tag and JCS of a value; the tag is a character of one byte in UTF-8. */
function tagged(kind: keyof typeof domainOf, value: unknown): Uint8Array {
  return utf8(String.fromCharCode(domainOf[kind]) + canonicalJson(value));
}

/** SHA-256 of `tagged`; a reading is encoded into memory that is used again. */
function taggedHash(kind: keyof typeof domainOf, value: unknown, sha256: Sha256): Uint8Array {
  const text = String.fromCharCode(domainOf[kind]) + canonicalJson(value);
  return sha256(3 * text.length > encoded.length ? utf8(text) : utf8Into(encoded, text));
}
const encoded = new Uint8Array(16_384);

/** Tag and two hashes; only until the next call, so that a million of them need no memory each. */
function taggedPair(kind: "node" | "head", left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) {
    return concatBytes(Uint8Array.of(domainOf[kind]), left, right);
  }
  pair[0] = domainOf[kind];
  pair.set(left, 1);
  pair.set(right, 33);
  return pair;
}
const pair = new Uint8Array(65);

/** RFC 9162 §2.1.1 leaf hash of a reading or an event: SHA-256(0x00 ‖ JCS(entry)). */
export function entryLeaf(entry: LogEntry, sha256: Sha256): Uint8Array {
  return taggedHash("leaf", entry, sha256);
}

/** RFC 9162 §2.1.1 inner node: SHA-256(0x01 ‖ left ‖ right). */
export function merkleNode(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(taggedPair("node", left, right));
}

/** Head of the chain of readings after one more leaf; the first one follows 32 zero bytes. */
export function nextHead(head: Uint8Array, leaf: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(taggedPair("head", head, leaf));
}

/** Head of the chain before the first reading. */
export function emptyHead(): Uint8Array {
  return fromHex(zeroHash);
}

export function intervalHash(interval: Interval, sha256: Sha256): Uint8Array {
  return taggedHash("interval", interval, sha256);
}

/** What NV_Certify carries as qualifyingData. */
export function statementHash(statement: Statement, sha256: Sha256): Uint8Array {
  return taggedHash("statement", statement, sha256);
}

/** The message that the reading key signs: 0x05 ‖ JCS(package without `signature`). */
export function packageBytes(
  evidence: Omit<EvidencePackage, "signature"> & { readonly signature?: string },
): Uint8Array {
  const { signature: _, ...signed } = evidence;
  return tagged("package", signed);
}

/** What the PCR is extended by for this software and configuration. */
export function measurementDigest(
  { bundle, configuration, version }: Record<"bundle" | "configuration" | "version", string>,
  sha256: Sha256,
): Uint8Array {
  return taggedHash("measurement", { bundle, configuration, version }, sha256);
}

/** What TPM2_Quote carries as qualifyingData for an event `software-quoted`. */
export function quoteStatementHash(event: Omit<Event, "sequence">, sha256: Sha256): Uint8Array {
  const { attest: _, signature: __, ...details } = event.details;
  const { sequence: ___, ...stated } = { sequence: 0, ...event };
  return taggedHash("quote", { ...stated, details }, sha256);
}
