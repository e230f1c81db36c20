import { z } from "zod";
import { concatBytes, equalBytes, utf8 } from "../evidence/bytes.js";
import { canonicalJson } from "../evidence/canonical-json.js";
import type { Sha256 } from "../evidence/hashes.js";
import { bytesHex, p1363Hex, participantId } from "../ledger/primitives.js";
import { declaredEquipment, registeredMeter } from "../ledger/records.js";

const note = z.union([z.string().max(200), z.number(), z.boolean(), z.null()]);

/** What the installer noted of the place: fuse rating, phases, coarse location, seal number and the like. */
export const placeNotes = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/), note)
  .refine((notes) => Object.keys(notes).length <= 32, "at most 32 notes");
export type PlaceNotes = z.infer<typeof placeNotes>;

/**
 * A device asks to be enrolled. Public areas are TPMT_PUBLIC in hex. The certification is the TPM2_Certify by
 * which the attestation key vouches for the reading key, with `requestBinding` of all the rest as its
 * qualifying data: so nothing in a request can be changed on the way.
 */
export const enrolmentRequest = z.strictObject({
  v: z.literal(1),
  /** 16 random bytes: two requests of one device are never the same. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/, "16 bytes in lower-case hex"),
  endorsementPublic: bytesHex.max(1024),
  /** The maker's X.509 certificate of the endorsement key, DER. */
  endorsementCertificate: bytesHex.optional(),
  attestationPublic: bytesHex.max(1024),
  readingPublic: bytesHex.max(1024),
  certification: z.strictObject({ attest: bytesHex.max(1024), signature: p1363Hex }),
  /** TPM name of the orderly NV counter, after its first increment. */
  counterName: z.string().regex(/^[0-9a-f]{68}$/, "a TPM name, 34 bytes in lower-case hex"),
  meters: z.array(registeredMeter).min(1).max(8),
  equipment: declaredEquipment.optional(),
  /** The participant whose device this one takes the place of, also where it is the same TPM, cleared. */
  replaces: participantId.optional(),
  place: placeNotes.optional(),
});
export type EnrolmentRequest = z.infer<typeof enrolmentRequest>;

/** A request before its certification. */
export type UncertifiedRequest = Omit<EnrolmentRequest, "certification">;

/** What the certification's qualifying data must be: SHA-256 over all other fields in canonical JSON. */
export function requestBinding(request: UncertifiedRequest, sha256: Sha256): Uint8Array {
  const { certification: _signed, ...rest }: UncertifiedRequest & { certification?: unknown } =
    request;
  return hashOf("powershare enrolment binding 1\n", rest, sha256);
}

/** SHA-256 of a whole request: by it a repeated one is known. */
export function requestHash(request: EnrolmentRequest, sha256: Sha256): Uint8Array {
  return hashOf("powershare enrolment request 1\n", request, sha256);
}

export function isBound(
  request: EnrolmentRequest,
  qualifying: Uint8Array,
  sha256: Sha256,
): boolean {
  return equalBytes(requestBinding(request, sha256), qualifying);
}

function hashOf(label: string, content: object, sha256: Sha256): Uint8Array {
  return sha256(concatBytes(utf8(label), utf8(canonicalJson(content))));
}
