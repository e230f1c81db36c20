import { type Reader, Writer } from "../bytes.js";
import { ALG, HIERARCHY, TAG } from "../constants.js";
import { leftPad } from "../public-area.js";
import { type Authorization, type Command, command, type Handle, password } from "./command.js";

/** What an attestation says, and the signature over it. */
export interface Attestation {
  /** TPMS_ATTEST, as signed. */
  readonly attest: Uint8Array;
  /** r ‖ s, 64 bytes; `s` may be in the upper half. */
  readonly signature: Uint8Array;
}

/** A key that signs and how it is authorised. */
export interface Signer {
  readonly handle: Handle;
  /** By default an empty auth value. */
  readonly auth?: Authorization;
}

/**
 * TPM2_Sign (TPM 2.0 Part 3, clause 20.2) with an unrestricted key of scheme ECDSA, SHA-256.
 * @param digest 32 bytes.
 * @returns r ‖ s, 64 bytes; `s` may be in the upper half.
 */
export function sign(key: Signer, digest: Uint8Array): Command<Uint8Array> {
  const parameters = new Writer().sized(digest).u16(ALG.null);
  // No ticket: an unrestricted key signs any digest (Part 2, clause 10.6.5).
  parameters.u16(TAG.hashCheck).u32(HIERARCHY.null).u16(0);
  return command({
    name: "TPM2_Sign",
    code: 0x15d,
    handles: [key.handle],
    authorizations: [key.auth ?? password()],
    parameters: parameters.done(),
    parse: ecdsaSignature,
  });
}

/**
 * TPM2_Certify (Part 3, clause 18.2): `signer` states that `object` with this name is in the same TPM.
 * @param qualifyingData Up to 32 bytes that the attestation repeats.
 */
export function certify(
  object: Signer,
  signer: Signer,
  qualifyingData: Uint8Array,
): Command<Attestation> {
  return command({
    name: "TPM2_Certify",
    code: 0x148,
    handles: [object.handle, signer.handle],
    authorizations: [object.auth ?? password(), signer.auth ?? password()],
    parameters: new Writer().sized(qualifyingData).u16(ALG.null).done(),
    parse: attestation,
  });
}

/** TPM2B_ATTEST and TPMT_SIGNATURE, as all attestation commands answer. */
export function attestation(reader: Reader): Attestation {
  return { attest: reader.sized(), signature: ecdsaSignature(reader) };
}

/** TPMT_SIGNATURE of ECDSA with SHA-256 (Part 2, clause 11.3.4), as r ‖ s. */
function ecdsaSignature(reader: Reader): Uint8Array {
  reader.expect(reader.u16(), ALG.ecdsa, "signature algorithm");
  reader.expect(reader.u16(), ALG.sha256, "signature hash");
  return Uint8Array.from([...leftPad(reader.sized()), ...leftPad(reader.sized())]);
}
