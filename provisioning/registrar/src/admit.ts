import * as nodeCrypto from "node:crypto";
import { type EnrolmentRequest, isBound, requestHash } from "@powershare/domain/enrolment";
import { CodedError, codeOf, type ErrorCode } from "@powershare/domain/errors";
import {
  cryptoFrom,
  deviceCounterName,
  fromHex,
  parseKeyCertify,
  toHex,
  verifyKeyCertification,
} from "@powershare/domain/evidence";
import {
  attestationKey,
  decodePublic,
  deviceOf,
  type EccPublic,
  endorsementKey,
  nameOf,
  publicToSpki,
  readingKey,
} from "node-tpm2";
import { checkMaker, type Makers } from "./makers.js";

export const crypto = cryptoFrom(nodeCrypto);

/** What a request that holds says of its device. */
export interface Admitted {
  readonly request: EnrolmentRequest;
  /** SHA-256 of the request, hex. */
  readonly hash: string;
  /** SHA-256 of the endorsement key's public area, hex. */
  readonly device: string;
  /** TPM name of the attestation key. */
  readonly attestationName: Uint8Array;
  /** SubjectPublicKeyInfo of the reading key, DER. */
  readonly readingSpki: Uint8Array;
  readonly maker: { readonly trusted: boolean; readonly text: string };
}

export interface AdmissionRules {
  readonly makers: Makers;
  readonly policy: "require" | "operator-decides";
  readonly at: Date;
}

/**
 * Checks what a device says of itself, before a person looks at it: maker's certificate, attributes of all
 * three keys, and that the attestation key certified the reading key over this very request. That the
 * attestation key is in the TPM of the endorsement key is proven later, by the credential.
 * @throws CodedError enrolment.key, enrolment.counter, enrolment.attestation, enrolment.maker
 */
export function admit(request: EnrolmentRequest, { makers, policy, at }: AdmissionRules): Admitted {
  const endorsement = fromHex(request.endorsementPublic);
  const attestation = fromHex(request.attestationPublic);
  const reading = fromHex(request.readingPublic);
  requireTemplate("endorsement", endorsement, endorsementKey);
  requireTemplate("attestation", attestation, attestationKey);
  requireTemplate("reading", reading, readingKey);
  // An index with other attributes could be written, and so set back.
  if (request.counterName !== toHex(deviceCounterName(crypto.sha256))) {
    throw new CodedError("enrolment.counter", "the counter is not the one that a device has");
  }
  const certification = {
    attest: fromHex(request.certification.attest),
    signature: fromHex(request.certification.signature),
  };
  const { readingSpki } = verifyCertification(attestation, reading, certification);
  if (!isBound(request, parseKeyCertify(certification.attest).extraData, crypto.sha256)) {
    throw new CodedError("enrolment.attestation", "the attestation covers another request");
  }
  const certificate = request.endorsementCertificate;
  const maker = judgeMaker(
    () =>
      checkMaker(
        certificate === undefined ? certificate : fromHex(certificate),
        publicToSpki(endorsement),
        makers,
        at,
      ),
    policy,
  );
  return {
    request,
    hash: toHex(requestHash(request, crypto.sha256)),
    device: deviceOf(endorsement),
    attestationName: nameOf(attestation),
    readingSpki,
    maker,
  };
}

/** The certification of a reading key by an attestation key. @throws CodedError enrolment.key, enrolment.attestation */
export function verifyCertification(
  attestationPublic: Uint8Array,
  readingPublic: Uint8Array,
  certification: { readonly attest: Uint8Array; readonly signature: Uint8Array },
) {
  try {
    return verifyKeyCertification(
      { attestationKey: attestationPublic, readingKey: readingPublic, ...certification },
      crypto,
    );
  } catch (cause) {
    const code: ErrorCode =
      codeOf(cause) === "evidence.key" ? "enrolment.key" : "enrolment.attestation";
    throw new CodedError(code, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** All but the point must be as in the template: then nothing of the key was chosen by somebody else. */
function requireTemplate(which: string, bytes: Uint8Array, template: EccPublic): void {
  let area: EccPublic;
  try {
    area = decodePublic(bytes);
    nodeCrypto.createPublicKey({
      key: Buffer.from(publicToSpki(bytes)),
      type: "spki",
      format: "der",
    });
  } catch (cause) {
    throw new CodedError("enrolment.key", `the ${which} key is no P-256 key of a TPM`, { cause });
  }
  const { attributes, authPolicy, use } = area;
  const same =
    attributes === template.attributes &&
    use === template.use &&
    Buffer.from(authPolicy).equals(template.authPolicy);
  if (!same) {
    throw new CodedError(
      "enrolment.key",
      `the ${which} key has attributes 0x${attributes.toString(16)} or a policy that a device's has not`,
    );
  }
}

function judgeMaker(check: () => string, policy: AdmissionRules["policy"]): Admitted["maker"] {
  try {
    return { trusted: true, text: check() };
  } catch (error) {
    if (policy === "require" || codeOf(error) !== "enrolment.maker") throw error;
    return { trusted: false, text: error instanceof Error ? error.message : String(error) };
  }
}
