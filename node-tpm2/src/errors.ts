/**
 * Stable codes of everything this library throws, apart from RangeError for arguments that no TPM could take.
 *
 * - `tpm.auth`: the TPM refused an authorisation value.
 * - `tpm.blobs`: a stored identity is damaged or not one of ours.
 * - `tpm.busy`: the queue is full, or the TPM kept answering "try again".
 * - `tpm.certificate`: the certificate in the chip is damaged or for another key.
 * - `tpm.cleared`: the right TPM, but its owner hierarchy was cleared since.
 * - `tpm.closed`: used after `close()`.
 * - `tpm.counter`: the NV index of the counter is missing or is not ours.
 * - `tpm.failure`: the TPM is in failure mode.
 * - `tpm.locked`: dictionary-attack lockout.
 * - `tpm.malformed`: bytes that are no answer to the command.
 * - `tpm.reopened`: the handle was lost when the TPM or its channel started anew; load the object again.
 * - `tpm.response`: any other refusal by the TPM.
 * - `tpm.timeout`: no answer within the deadline.
 * - `tpm.unavailable`: device or socket cannot be opened, or went away.
 * - `tpm.wrong-tpm`: a stored identity belongs to another TPM.
 */
export type TpmErrorCode =
  | "tpm.auth"
  | "tpm.blobs"
  | "tpm.busy"
  | "tpm.certificate"
  | "tpm.cleared"
  | "tpm.closed"
  | "tpm.counter"
  | "tpm.failure"
  | "tpm.locked"
  | "tpm.malformed"
  | "tpm.reopened"
  | "tpm.response"
  | "tpm.timeout"
  | "tpm.unavailable"
  | "tpm.wrong-tpm";

/** A failure with a stable code. */
export class TpmError extends Error {
  readonly code: TpmErrorCode;
  constructor(code: TpmErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TpmError";
    this.code = code;
  }
}

/** The TPM answered a command with a response code other than success. */
export class TpmResponseError extends TpmError {
  /** As received, with the layer bits that a resource manager may set. */
  readonly responseCode: number;
  /** e.g. `TPM_RC_VALUE (parameter 2)`. */
  readonly responseName: string;
  constructor(code: TpmErrorCode, command: string, responseCode: number, responseName: string) {
    super(code, `${command} was refused: ${responseName}, 0x${responseCode.toString(16)}`);
    this.name = "TpmResponseError";
    this.responseCode = responseCode;
    this.responseName = responseName;
  }
}

/** What the system said, for a message: `ENOENT`, else the cause's own words. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
