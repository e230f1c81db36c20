import { CodedError } from "../errors/index.js";
import { equalBytes } from "./bytes.js";
import { type KeyAttributes, parseKeyCertify, parseKeyPublic } from "./tpm-structures.js";
import type { Crypto } from "./types.js";

export interface CertifiedKeys {
  readonly attestationSpki: Uint8Array;
  readonly readingSpki: Uint8Array;
  /** TPM name of the reading key. */
  readonly readingName: Uint8Array;
}

/** Both were made in one TPM and can never leave it (TPM 2.0 Part 1, 25: fixedTPM, fixedParent, sensitiveDataOrigin). */
const born = { fixedTpm: true, fixedParent: true, sensitiveDataOrigin: true, sign: true } as const;
/** Restricted: it signs only what the TPM itself says, so an attestation cannot be forged with it. */
const attestationAttributes = { ...born, restricted: true, decrypt: false } as const;
const readingAttributes = { ...born, restricted: false, decrypt: false } as const;

/**
 * Checks that the attestation key vouches for the reading key: the attributes of both, and the
 * TPM2_Certify signed by the one that names the other. Keys are TPMT_PUBLIC, the signature is r ‖ s.
 * That the attestation key belongs to a genuine TPM is enrolment's business (EK certificate and
 * credential activation). Throws `evidence.key`, `evidence.attestation` or `evidence.certification`.
 */
export function verifyKeyCertification(
  {
    attestationKey,
    readingKey,
    attest,
    signature,
  }: {
    readonly attestationKey: Uint8Array;
    readonly readingKey: Uint8Array;
    readonly attest: Uint8Array;
    readonly signature: Uint8Array;
  },
  crypto: Crypto,
): CertifiedKeys {
  const attestation = parseKeyPublic(attestationKey, crypto.sha256);
  const reading = parseKeyPublic(readingKey, crypto.sha256);
  requireAttributes("attestation", attestation.attributes, attestationAttributes);
  requireAttributes("reading", reading.attributes, readingAttributes);
  if (!attestation.ecdsaSha256Only) {
    throw new CodedError("evidence.key", "the attestation key is not bound to ECDSA with SHA-256");
  }
  if (!crypto.verifyP256(attestation.spki, attest, signature)) {
    throw new CodedError(
      "evidence.certification",
      "the certification of the reading key is not signed by the attestation key",
    );
  }
  if (!equalBytes(parseKeyCertify(attest).name, reading.name)) {
    throw new CodedError(
      "evidence.certification",
      "the certification names another key than the reading key",
    );
  }
  return {
    attestationSpki: attestation.spki,
    readingSpki: reading.spki,
    readingName: reading.name,
  };
}

function requireAttributes(which: string, actual: KeyAttributes, required: KeyAttributes): void {
  for (const [attribute, wanted] of Object.entries(required)) {
    if (actual[attribute as keyof KeyAttributes] !== wanted) {
      throw new CodedError(
        "evidence.key",
        `the ${which} key is ${wanted ? "not " : ""}${attribute}: it must ${wanted ? "" : "not "}be`,
      );
    }
  }
}
