import { type TpmErrorCode, TpmResponseError } from "./errors.js";

/** TPM 2.0 Part 2, clause 6.6.3: response codes this library acts upon. */
export const RC = {
  success: 0x000,
  initialize: 0x100,
  failure: 0x101,
  yielded: 0x908,
  testing: 0x90a,
  /** A handle or session, by its position, of something that is not loaded. */
  referenceFirst: 0x910,
  referenceLast: 0x91e,
  lockout: 0x921,
  retry: 0x922,
} as const;

const format0Errors: Readonly<Record<number, string>> = {
  0: "INITIALIZE",
  1: "FAILURE",
  3: "SEQUENCE",
  11: "PRIVATE",
  25: "HMAC",
  32: "DISABLED",
  33: "EXCLUSIVE",
  36: "AUTH_TYPE",
  37: "AUTH_MISSING",
  38: "POLICY",
  39: "PCR",
  40: "PCR_CHANGED",
  45: "UPGRADE",
  46: "TOO_MANY_CONTEXTS",
  47: "AUTH_UNAVAILABLE",
  48: "REBOOT",
  49: "UNBALANCED",
  66: "COMMAND_SIZE",
  67: "COMMAND_CODE",
  68: "AUTHSIZE",
  69: "AUTH_CONTEXT",
  70: "NV_RANGE",
  71: "NV_SIZE",
  72: "NV_LOCKED",
  73: "NV_AUTHORIZATION",
  74: "NV_UNINITIALIZED",
  75: "NV_SPACE",
  76: "NV_DEFINED",
  80: "BAD_CONTEXT",
  81: "CPHASH",
  82: "PARENT",
  83: "NEEDS_TEST",
  84: "NO_RESULT",
  85: "SENSITIVE",
};

const format0Warnings: Readonly<Record<number, string>> = {
  1: "CONTEXT_GAP",
  2: "OBJECT_MEMORY",
  3: "SESSION_MEMORY",
  4: "MEMORY",
  5: "SESSION_HANDLES",
  6: "OBJECT_HANDLES",
  7: "LOCALITY",
  8: "YIELDED",
  9: "CANCELED",
  10: "TESTING",
  16: "REFERENCE_H0",
  17: "REFERENCE_H1",
  18: "REFERENCE_H2",
  24: "REFERENCE_S0",
  25: "REFERENCE_S1",
  32: "NV_RATE",
  33: "LOCKOUT",
  34: "RETRY",
  35: "NV_UNAVAILABLE",
};

const format1Errors: Readonly<Record<number, string>> = {
  1: "ASYMMETRIC",
  2: "ATTRIBUTES",
  3: "HASH",
  4: "VALUE",
  5: "HIERARCHY",
  7: "KEY_SIZE",
  8: "MGF",
  9: "MODE",
  10: "TYPE",
  11: "HANDLE",
  12: "KDF",
  13: "RANGE",
  14: "AUTH_FAIL",
  15: "NONCE",
  16: "PP",
  18: "SCHEME",
  21: "SIZE",
  22: "SYMMETRIC",
  23: "TAG",
  24: "SELECTOR",
  26: "INSUFFICIENT",
  27: "SIGNATURE",
  28: "KEY",
  29: "POLICY_FAIL",
  31: "INTEGRITY",
  32: "TICKET",
  33: "RESERVED_BITS",
  34: "BAD_AUTH",
  35: "EXPIRED",
  36: "POLICY_CC",
  37: "BINDING",
  38: "CURVE",
  39: "ECC_POINT",
};

const FORMAT_1 = 0x080;
const authFail = 14;
const badAuth = 34;

/** Where in the command a format-1 code found its fault (Part 2, clause 6.6.2, figure of the bit fields). */
function position(code: number): string {
  const number = (code >> 8) & 0xf;
  if ((code & 0x040) !== 0) return `parameter ${number}`;
  return number >= 8 ? `session ${number - 8}` : `handle ${number}`;
}

/**
 * The name of a response code, e.g. `TPM_RC_LOCKOUT` or `TPM_RC_VALUE (parameter 2)`.
 * TPM 2.0 Part 2, clause 6.6. Layer bits of a resource manager (above bit 15) are left out.
 */
export function responseName(responseCode: number): string {
  const code = responseCode & 0xfff;
  if (code === RC.success) return "TPM_RC_SUCCESS";
  if ((code & FORMAT_1) !== 0) {
    const name = format1Errors[code & 0x3f] ?? `0x${(code & 0x3f).toString(16)}`;
    return `TPM_RC_${name} (${position(code)})`;
  }
  const names = (code & 0x800) === 0 ? format0Errors : format0Warnings;
  return `TPM_RC_${names[code & 0x7f] ?? `0x${code.toString(16)}`}`;
}

/** RETRY, YIELDED and TESTING: the command was not carried out and may be sent again (Part 2, clause 6.6.3). */
export function isRetryable(responseCode: number): boolean {
  const code = responseCode & 0xfff;
  return code === RC.retry || code === RC.yielded || code === RC.testing;
}

/** The error to throw for a response code other than success. */
export function responseError(command: string, responseCode: number): TpmResponseError {
  return new TpmResponseError(
    errorCode(responseCode),
    command,
    responseCode,
    responseName(responseCode),
  );
}

function errorCode(responseCode: number): TpmErrorCode {
  const code = responseCode & 0xfff;
  if (code === RC.lockout) return "tpm.locked";
  if (code === RC.failure) return "tpm.failure";
  if (isRetryable(code)) return "tpm.busy";
  const number = code & 0x3f;
  if ((code & FORMAT_1) !== 0 && (number === authFail || number === badAuth)) return "tpm.auth";
  return "tpm.response";
}
