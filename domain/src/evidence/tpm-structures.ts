import { CodedError } from "../errors/index.js";
import { concatBytes, fromHex } from "./bytes.js";
import type { Sha256 } from "./hashes.js";

/** Values of TPM 2.0 Library Part 2: Structures, and of the TCG Algorithm Registry. */
const generatedByTpm = 0xff544347;
const attestNv = 0x8014;
const attestCertify = 0x8017;
const attestQuote = 0x8018;
const algorithm = { sha256: 0x000b, null: 0x0010, ecdsa: 0x0018, ecc: 0x0023 } as const;
const curveP256 = 0x0003;

/** Bits of TPMA_OBJECT (Part 2, 8.3) that say what a key can do and where it came from. */
const attributeBit = {
  fixedTpm: 1,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  restricted: 16,
  decrypt: 17,
  sign: 18,
} as const;
export type KeyAttributes = Readonly<Record<keyof typeof attributeBit, boolean>>;

/** The part of TPMS_ATTEST that every attestation has. */
interface Attestation {
  /** qualifyingData of the command. */
  readonly extraData: Uint8Array;
  /** Milliseconds the TPM has been powered over its life; not UTC. */
  readonly clockMs: bigint;
  /** Rises at every TPM reset, and at every resume since the last reset. */
  readonly resetCount: number;
  readonly restartCount: number;
  /** False after an unclean power cut, until the TPM has next saved its clock: `clockMs` may then repeat. */
  readonly safe: boolean;
  readonly firmwareVersion: bigint;
}
export interface NvCertification extends Attestation {
  /** TPM name of the index: hash algorithm and hash of its public area. */
  readonly indexName: Uint8Array;
  readonly offset: number;
  readonly contents: Uint8Array;
}
export interface KeyCertification extends Attestation {
  /** TPM name of the certified key. */
  readonly name: Uint8Array;
}
export interface QuoteAttestation extends Attestation {
  /** SHA-256 of the selected PCR's value. */
  readonly pcrDigest: Uint8Array;
}

/**
 * TPMS_ATTEST of TPM2_NV_Certify (Part 2, 10.12). Throws `evidence.attestation` for anything else,
 * for a structure that ends early and for bytes after its end.
 */
export function parseNvCertify(attest: Uint8Array): NvCertification {
  const fields = new Fields(attest, "evidence.attestation");
  const common = attestation(fields, attestNv, "TPM2_NV_Certify");
  const certified = {
    ...common,
    indexName: fields.sized("indexName"),
    offset: fields.u16("offset"),
    contents: fields.sized("nvContents"),
  };
  fields.end();
  return certified;
}

/** TPMS_ATTEST of TPM2_Certify. Throws as `parseNvCertify` does. */
export function parseKeyCertify(attest: Uint8Array): KeyCertification {
  const fields = new Fields(attest, "evidence.attestation");
  const certified = {
    ...attestation(fields, attestCertify, "TPM2_Certify"),
    name: fields.sized("name"),
  };
  fields.sized("qualifiedName");
  fields.end();
  return certified;
}

/** TPMS_ATTEST of TPM2_Quote over PCR 11 of the SHA-256 bank alone. Throws as `parseNvCertify` does. */
export function parseQuote(attest: Uint8Array): QuoteAttestation {
  const fields = new Fields(attest, "evidence.attestation");
  const common = attestation(fields, attestQuote, "TPM2_Quote");
  fields.expect("number of PCR selections", fields.u32("selections"), 1);
  fields.expect("bank of the PCR", fields.u16("bank"), algorithm.sha256);
  fields.expect("size of the selection", fields.u8("selection size"), 3);
  fields.expect("selected PCRs", fields.u8("PCR 0 to 7"), 0);
  fields.expect("selected PCRs", fields.u16("PCR 8 to 23"), 0x0800);
  const quoted = { ...common, pcrDigest: fields.sized("pcrDigest") };
  fields.end();
  return quoted;
}

function attestation(fields: Fields, expectedType: number, command: string): Attestation {
  fields.expect("magic", fields.u32("magic"), generatedByTpm);
  fields.expect(`type of ${command}`, fields.u16("type"), expectedType);
  fields.sized("qualifiedSigner");
  const extraData = fields.sized("extraData");
  const clockMs = fields.u64("clock");
  const resetCount = fields.u32("resetCount");
  const restartCount = fields.u32("restartCount");
  const safe = fields.u8("safe");
  if (safe > 1) throw fields.refusal(`safe is ${safe}, not yes or no`);
  const firmwareVersion = fields.u64("firmwareVersion");
  return { extraData, clockMs, resetCount, restartCount, safe: safe === 1, firmwareVersion };
}

export interface KeyPublic {
  readonly attributes: KeyAttributes;
  /** Whether the key signs by ECDSA with SHA-256 and nothing else. */
  readonly ecdsaSha256Only: boolean;
  /** SubjectPublicKeyInfo, DER (RFC 5480), 91 bytes. */
  readonly spki: Uint8Array;
  /** TPM name (Part 1, 16): 0x000B ‖ SHA-256 of the public area. */
  readonly name: Uint8Array;
}

/**
 * TPMS_NV_PUBLIC (Part 2, 13.5) of the counter of every device after its first increment: index
 * 0x01805053, SHA-256, orderly counter with authRead, authWrite, noDA and written, no policy, 8 bytes.
 */
const counterPublic = fromHex("01805053000b2604001400000008");

/**
 * The only TPM name that a counter may be registered under: the name of an index says what it is, so
 * no household can pass off one that it can set back.
 */
export function deviceCounterName(sha256: Sha256): Uint8Array {
  return nameOf(counterPublic, sha256);
}

/** TPM name of a public area with SHA-256 as name algorithm (Part 1, 16). */
function nameOf(publicArea: Uint8Array, sha256: Sha256): Uint8Array {
  return concatBytes(Uint8Array.of(0, algorithm.sha256), sha256(publicArea));
}

/** SubjectPublicKeyInfo of an uncompressed P-256 point, up to x (RFC 5480 §2). */
export const p256SpkiPrefix = fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

/**
 * TPMT_PUBLIC (Part 2, 12.2.4) of an ECC signing key on NIST P-256 with SHA-256 as name algorithm.
 * Throws `evidence.key` for any other key, a structure that ends early and bytes after its end.
 */
export function parseKeyPublic(area: Uint8Array, sha256: Sha256): KeyPublic {
  const fields = new Fields(area, "evidence.key");
  fields.expect("type", fields.u16("type"), algorithm.ecc);
  fields.expect("nameAlg", fields.u16("nameAlg"), algorithm.sha256);
  const attributes = attributesOf(fields.u32("objectAttributes"));
  fields.sized("authPolicy");
  fields.expect("symmetric algorithm", fields.u16("symmetric"), algorithm.null);
  const scheme = fields.u16("scheme");
  if (scheme !== algorithm.null) {
    fields.expect("signing scheme", scheme, algorithm.ecdsa);
    fields.expect("hash of the scheme", fields.u16("scheme hash"), algorithm.sha256);
  }
  fields.expect("curve", fields.u16("curveID"), curveP256);
  fields.expect("key derivation", fields.u16("kdf"), algorithm.null);
  const x = coordinate(fields, "x");
  const y = coordinate(fields, "y");
  fields.end();
  return {
    attributes,
    ecdsaSha256Only: scheme === algorithm.ecdsa,
    spki: concatBytes(p256SpkiPrefix, x, y),
    name: nameOf(area, sha256),
  };
}

function attributesOf(bits: number): KeyAttributes {
  const has = (bit: number): boolean => ((bits >>> bit) & 1) === 1;
  return {
    fixedTpm: has(attributeBit.fixedTpm),
    fixedParent: has(attributeBit.fixedParent),
    sensitiveDataOrigin: has(attributeBit.sensitiveDataOrigin),
    restricted: has(attributeBit.restricted),
    decrypt: has(attributeBit.decrypt),
    sign: has(attributeBit.sign),
  };
}

/** 32 bytes of a coordinate; some TPMs leave out leading zeros. */
function coordinate(fields: Fields, name: string): Uint8Array {
  const bytes = fields.sized(name);
  if (bytes.length === 0 || bytes.length > 32) {
    throw fields.refusal(`${name} has ${bytes.length} bytes, not 1 to 32`);
  }
  return concatBytes(new Uint8Array(32 - bytes.length), bytes);
}

/** Reads big-endian fields one after the other and never past the end. */
class Fields {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: "evidence.attestation" | "evidence.key";
  #offset = 0;

  constructor(bytes: Uint8Array, code: "evidence.attestation" | "evidence.key") {
    // A copy, since a Node Buffer would share its memory with the slices taken from it.
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.#code = code;
  }

  u8(name: string): number {
    return this.#view.getUint8(this.#take(1, name));
  }
  u16(name: string): number {
    return this.#view.getUint16(this.#take(2, name));
  }
  u32(name: string): number {
    return this.#view.getUint32(this.#take(4, name));
  }
  u64(name: string): bigint {
    return this.#view.getBigUint64(this.#take(8, name));
  }
  /** A TPM2B: a length of two bytes, and as many bytes. */
  sized(name: string): Uint8Array {
    const length = this.u16(`length of ${name}`);
    const start = this.#take(length, name);
    return this.#bytes.slice(start, start + length);
  }
  expect(name: string, actual: number, expected: number): void {
    if (actual !== expected) {
      throw this.refusal(`${name} is 0x${actual.toString(16)}, not 0x${expected.toString(16)}`);
    }
  }
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw this.refusal(`${left} bytes follow its end`);
  }
  refusal(what: string): CodedError {
    const structure = this.#code === "evidence.key" ? "TPMT_PUBLIC" : "TPMS_ATTEST";
    return new CodedError(this.#code, `${structure}: ${what}`);
  }

  #take(length: number, name: string): number {
    const start = this.#offset;
    if (start + length > this.#bytes.length) throw this.refusal(`ends inside ${name}`);
    this.#offset = start + length;
    return start;
  }
}
