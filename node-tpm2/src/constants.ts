/** Command and response tags (TPM 2.0 Part 2, clause 6.9). */
export const TAG = {
  noSessions: 0x8001,
  sessions: 0x8002,
  creation: 0x8021,
  verified: 0x8022,
  authSecret: 0x8023,
  hashCheck: 0x8024,
} as const;

/** Algorithm identifiers (TCG Algorithm Registry; Part 2, clause 6.3). */
export const ALG = {
  aes: 0x0006,
  sha256: 0x000b,
  null: 0x0010,
  ecdsa: 0x0018,
  ecc: 0x0023,
  cfb: 0x0043,
} as const;

/** TPM_ECC_NIST_P256 (Part 2, clause 6.4). */
export const CURVE_P256 = 0x0003;

/** Permanent handles (Part 2, clause 7.4). */
export const HIERARCHY = {
  owner: 0x40000001,
  null: 0x40000007,
  endorsement: 0x4000000b,
} as const;

/** TPM_RS_PW: an authorisation by password instead of a session (Part 2, clause 7.4). */
export const PASSWORD_SESSION = 0x40000009;

/** First handles of the ranges that GetCapability lists (Part 2, clauses 7.2 and 7.5). */
export const HANDLE_RANGE = {
  nvIndex: 0x01000000,
  loadedSession: 0x02000000,
  savedSession: 0x03000000,
  transient: 0x80000000,
  persistent: 0x81000000,
} as const;

/** TPM_PT: properties worth a name (Part 2, clause 6.13). */
export const PROPERTY = {
  manufacturer: 0x105,
  firmwareVersion1: 0x10b,
  firmwareVersion2: 0x10c,
  permanent: 0x200,
  lockoutCounter: 0x20e,
  maxAuthFail: 0x20f,
} as const;

/** TPMA_OBJECT (Part 2, clause 8.3). */
export const OBJECT = {
  fixedTpm: 0x00000002,
  fixedParent: 0x00000010,
  sensitiveDataOrigin: 0x00000020,
  userWithAuth: 0x00000040,
  adminWithPolicy: 0x00000080,
  noDa: 0x00000400,
  restricted: 0x00010000,
  decrypt: 0x00020000,
  sign: 0x00040000,
} as const;

/** TPMA_NV, with the index type TPM_NT_COUNTER in bits 7:4 (Part 2, clauses 13.2 and 13.4). */
export const NV = {
  authWrite: 0x00000004,
  counter: 0x00000010,
  authRead: 0x00040000,
  noDa: 0x02000000,
  orderly: 0x04000000,
  written: 0x20000000,
} as const;
