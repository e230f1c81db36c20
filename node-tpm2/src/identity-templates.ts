import { NV, OBJECT } from "./constants.js";
import type { EccPublic } from "./public-area.js";

const empty = new Uint8Array();
const zeros = new Uint8Array(32);

/** Bound to this TPM, and with a secret part that the TPM itself drew. */
const bornHere = OBJECT.fixedTpm | OBJECT.fixedParent | OBJECT.sensitiveDataOrigin;
/** Every key but the EK: used by its auth value, and never counted by or subject to dictionary-attack lockout. */
const byAuth = bornHere | OBJECT.userWithAuth | OBJECT.noDa;

/**
 * Endorsement key, template L-2 of the TCG EK Credential Profile, so that it is the key of the maker's
 * certificate. Its policy is PolicySecret(endorsement hierarchy). The template has no noDA; with
 * userWithAuth clear it has no auth value to guess, so it spends no dictionary-attack tries either.
 */
export const endorsementKey: EccPublic = {
  attributes: bornHere | OBJECT.adminWithPolicy | OBJECT.restricted | OBJECT.decrypt,
  authPolicy: Uint8Array.from(
    Buffer.from("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa", "hex"),
  ),
  use: "storage",
  x: zeros,
  y: zeros,
};

/** Storage root key of the TCG TPM v2.0 Provisioning Guidance, clause 7.5.1, with noDA. */
export const storageRootKey: EccPublic = {
  attributes: byAuth | OBJECT.restricted | OBJECT.decrypt,
  authPolicy: empty,
  use: "storage",
  x: zeros,
  y: zeros,
};

/**
 * Attestation key: restricted, so that it signs nothing but what the TPM states itself. A primary of the
 * endorsement hierarchy: nothing to store, and clock, resets and firmware version stay readable in what it signs
 * (Part 1, clause 36.7).
 */
export const attestationKey: EccPublic = {
  attributes: byAuth | OBJECT.restricted | OBJECT.sign,
  authPolicy: empty,
  use: "ecdsa",
  x: empty,
  y: empty,
};

/** Reading key: signs any digest. */
export const readingKey: EccPublic = { ...attestationKey, attributes: byAuth | OBJECT.sign };

/**
 * Where the counter lives: in 0x01800000 to 0x01BFFFFF, which the TCG Registry of Reserved TPM 2.0 Handles
 * leaves to owners, away from systemd's part (0x01800400 on).
 */
export const COUNTER_INDEX = 0x01805053;

/** TPMA_NV of the counter before its first increment, which sets TPMA_NV_WRITTEN. */
export const COUNTER_ATTRIBUTES = NV.counter | NV.orderly | NV.authRead | NV.authWrite | NV.noDa;
