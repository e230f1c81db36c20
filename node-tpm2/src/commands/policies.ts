import { createHash } from "node:crypto";
import { Writer } from "../bytes.js";
import { ALG, HIERARCHY, TAG } from "../constants.js";
import { type EccPublic, encodePublic, leftPad } from "../public-area.js";
import {
  type Authorization,
  type Command,
  command,
  type Handle,
  type LoadedHandle,
  noResult,
  password,
} from "./command.js";
import type { LoadedObject } from "./objects.js";
import { encodeSelection, type PcrSelection } from "./pcr.js";

const CC = {
  policyAuthValue: 0x16b,
  policyAuthorize: 0x16a,
  policyGetDigest: 0x189,
  policyPcr: 0x17f,
  policySecret: 0x151,
  loadExternal: 0x167,
  verifySignature: 0x177,
} as const;

/**
 * TPM2_PolicySecret (TPM 2.0 Part 3, clause 23.4) without expiration: the policy needs the auth value of `entity`.
 * @param auth Authorisation of the entity.
 */
export function policySecret(
  session: LoadedHandle,
  entity: Handle,
  auth: Authorization = password(),
): Command<undefined> {
  return command({
    name: "TPM2_PolicySecret",
    code: CC.policySecret,
    handles: [entity, session],
    authorizations: [auth],
    // No nonce of the TPM, command hash or reference; no expiration.
    parameters: new Writer().u16(0).u16(0).u16(0).u32(0).done(),
    parse: (reader) => {
      reader.sized();
      reader.expect(reader.u16(), TAG.authSecret, "ticket of a secret");
      reader.u32();
      reader.sized();
      return noResult();
    },
  });
}

/** TPM2_PolicyPCR (Part 3, clause 23.7) with the values that the PCRs have now. */
export function policyPcr(session: LoadedHandle, pcrs: PcrSelection): Command<undefined> {
  return command({
    name: "TPM2_PolicyPCR",
    code: CC.policyPcr,
    handles: [session],
    parameters: new Writer().u16(0).raw(encodeSelection(pcrs)).done(),
    parse: noResult,
  });
}

/** TPM2_PolicyAuthValue (Part 3, clause 23.17): the policy also needs the auth value of the object itself. */
export function policyAuthValue(session: LoadedHandle): Command<undefined> {
  return command({
    name: "TPM2_PolicyAuthValue",
    code: CC.policyAuthValue,
    handles: [session],
    parse: noResult,
  });
}

/** TPM2_PolicyGetDigest (Part 3, clause 23.19). */
export function policyGetDigest(session: LoadedHandle): Command<Uint8Array> {
  return command({
    name: "TPM2_PolicyGetDigest",
    code: CC.policyGetDigest,
    handles: [session],
    parse: (reader) => reader.sized(),
  });
}

/** TPMT_TAG.verified: the TPM's word that it checked a signature. */
export type VerifiedTicket = Uint8Array;

/**
 * TPM2_PolicyAuthorize (Part 3, clause 23.16): a policy that the holder of a key has approved stands for all that he
 * will approve, so that an update does not orphan what is bound to it.
 * @param keyName TPM name of the approving key.
 */
export function policyAuthorize(
  session: LoadedHandle,
  approved: { readonly policy: Uint8Array; readonly reference: Uint8Array },
  keyName: Uint8Array,
  ticket: VerifiedTicket,
): Command<undefined> {
  return command({
    name: "TPM2_PolicyAuthorize",
    code: CC.policyAuthorize,
    handles: [session],
    parameters: new Writer()
      .sized(approved.policy)
      .sized(approved.reference)
      .sized(keyName)
      .raw(ticket)
      .done(),
    parse: noResult,
  });
}

/** TPM2_LoadExternal of a public key only, into the owner hierarchy, so that its tickets count (Part 3, clause 12.3). */
export function loadExternal(key: EccPublic): Command<LoadedObject> {
  const publicArea = encodePublic(key);
  return command({
    name: "TPM2_LoadExternal",
    code: CC.loadExternal,
    parameters: new Writer().u16(0).sized(publicArea).u32(HIERARCHY.owner).done(),
    returnsHandle: true,
    parse: (reader, handle) => {
      const name = reader.sized();
      return { handle: { ...handle, name }, publicArea, name };
    },
  });
}

/**
 * TPM2_VerifySignature with an ECDSA P-256 key (Part 3, clause 20.1).
 * @param signature r ‖ s, 64 bytes.
 */
export function verifySignature(
  key: LoadedHandle,
  digest: Uint8Array,
  signature: Uint8Array,
): Command<VerifiedTicket> {
  return command({
    name: "TPM2_VerifySignature",
    code: CC.verifySignature,
    handles: [key],
    parameters: new Writer()
      .sized(digest)
      .u16(ALG.ecdsa)
      .u16(ALG.sha256)
      .sized(leftPad(signature.subarray(0, 32)))
      .sized(leftPad(signature.subarray(32)))
      .done(),
    parse: (reader) => {
      reader.expect(reader.u16(), TAG.verified, "ticket of a verified signature");
      return new Writer().u16(TAG.verified).u32(reader.u32()).sized(reader.sized()).done();
    },
  });
}

const sha256 = (...parts: readonly Uint8Array[]) =>
  Uint8Array.from(createHash("sha256").update(Buffer.concat(parts)).digest());
const noPolicy = new Uint8Array(32);
const codeBytes = (code: number) => new Writer().u32(code).done();

/** Policy digests by software, for templates and for who approves them (Part 3, the clauses of the commands). */
export const policyDigest = {
  /** After `policyPcr` with PCRs whose values, concatenated, hash to `pcrDigest`. */
  pcr: (pcrs: PcrSelection, pcrDigest: Uint8Array, before: Uint8Array = noPolicy): Uint8Array =>
    sha256(before, codeBytes(CC.policyPcr), encodeSelection(pcrs), pcrDigest),
  /** After `policyAuthorize`: whatever went before is replaced. */
  authorize: (keyName: Uint8Array, reference: Uint8Array): Uint8Array =>
    sha256(sha256(noPolicy, codeBytes(CC.policyAuthorize), keyName), reference),
  authValue: (before: Uint8Array): Uint8Array => sha256(before, codeBytes(CC.policyAuthValue)),
  /** What the approving key signs. */
  approval: (policy: Uint8Array, reference: Uint8Array): Uint8Array => sha256(policy, reference),
} as const;
