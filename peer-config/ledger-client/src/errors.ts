import { EndorseError, GatewayError, StatusCode } from "@hyperledger/fabric-gateway";
import { CodedError, type ErrorCode } from "@powershare/domain/errors";

/** gRPC status codes that matter here (grpc/grpc doc/statuscodes.md). */
const grpcStatus = {
  cancelled: 1,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unavailable: 14,
} as const;

/** TxValidationCode of fabric-protos/peer/transaction.proto. */
export const validationCode = { valid: 0, duplicateTxid: 9, mvcc: 11, phantom: 12 } as const;

/** A failure of the ledger or of the way to it. */
export class LedgerError extends CodedError {
  /** The chaincode's own code where it refused, else undefined. */
  readonly reason: string | undefined;
  readonly transactionId: string | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      reason?: string | undefined;
      transactionId?: string | undefined;
    } = {},
  ) {
    super(code, message, "cause" in options ? { cause: options.cause } : {});
    this.name = "LedgerError";
    this.reason = options.reason;
    this.transactionId = options.transactionId;
  }
}

/** Which call failed: the same gRPC status means different things in each. */
export type Step = "evaluate" | "endorse" | "submit" | "events";

/**
 * The coded error for whatever fabric-gateway threw.
 *
 * | step | thrown | code |
 * |---|---|---|
 * | any but submit | chaincode said `code: what` | ledger.endorse-refused, reason = its code |
 * | any but submit | no peer or no way to it (14, 4, 1, 8, 10; 9 without a plan of peers) | ledger.unavailable |
 * | endorse | peers answered differently | ledger.conflict |
 * | any but submit | anything else, e.g. access denied | ledger.endorse-refused |
 * | submit | 10: the orderer refused it | ledger.rejected |
 * | submit | anything else: it may well have been ordered | ledger.commit-unknown |
 */
export function ledgerError(error: unknown, step: Step): LedgerError {
  if (error instanceof LedgerError) return error;
  const transactionId = transactionIdOf(error);
  const options = { cause: error, transactionId };
  const text = describe(error);
  const status = error instanceof GatewayError ? error.code : undefined;
  if (step === "submit") {
    return status === grpcStatus.aborted
      ? new LedgerError("ledger.rejected", `the orderer refused the transaction: ${text}`, options)
      : new LedgerError("ledger.commit-unknown", `submit failed: ${text}`, options);
  }
  const refusal = chaincodeRefusal(text);
  if (refusal !== undefined) {
    return new LedgerError("ledger.endorse-refused", refusal.text, {
      ...options,
      reason: refusal.code,
    });
  }
  if (text.includes("ProposalResponsePayloads do not match")) {
    return new LedgerError("ledger.conflict", `peers answered differently: ${text}`, options);
  }
  return isUnavailable(status, text)
    ? new LedgerError("ledger.unavailable", `the ledger does not answer: ${text}`, options)
    : new LedgerError("ledger.endorse-refused", `${step} refused: ${text}`, options);
}

/** The error for a transaction that was ordered and found invalid. */
export function rejectedError(transactionId: string, validation: number): LedgerError {
  return new LedgerError(
    rejectionCode(validation),
    `transaction ${transactionId} is invalid: ${validationName(validation)} (${validation})`,
    { transactionId },
  );
}

/** Conflicts are tried again with a new proposal; the rest is final. */
export function rejectionCode(validation: number): "ledger.conflict" | "ledger.rejected" {
  return validation === validationCode.mvcc || validation === validationCode.phantom
    ? "ledger.conflict"
    : "ledger.rejected";
}

/** True where the peer is there and its organisation's chaincode is not: other organisations may do. */
export function isOwnChaincodeDown(error: unknown): boolean {
  return (
    error instanceof EndorseError &&
    /could not launch chaincode|chaincode stream terminated|ledger\.stopping|chaincode definition .* exists, but|error starting container/.test(
      describe(error),
    )
  );
}

function transactionIdOf(error: unknown): string | undefined {
  if (!(error instanceof GatewayError) || !("transactionId" in error)) return undefined;
  return typeof error.transactionId === "string" ? error.transactionId : undefined;
}

function validationName(validation: number): string {
  return Object.entries(StatusCode).find(([, code]) => code === validation)?.[0] ?? "unknown code";
}

/** `code: what` in the text of a peer that passes on its chaincode's answer. */
function chaincodeRefusal(text: string): { code: string | undefined; text: string } | undefined {
  const answer = /chaincode response \d+, (?:([a-z]+\.[a-z-]+): )?([^\n]*)/.exec(text);
  return answer === null ? undefined : { code: answer[1], text: answer[2] ?? "" };
}

function isUnavailable(status: number | undefined, text: string): boolean {
  if (status === grpcStatus.failedPrecondition) return text.includes("no combination of peers");
  return (
    status === grpcStatus.unavailable ||
    status === grpcStatus.deadlineExceeded ||
    status === grpcStatus.cancelled ||
    status === grpcStatus.resourceExhausted ||
    status === grpcStatus.aborted
  );
}

function describe(error: unknown): string {
  if (!(error instanceof GatewayError))
    return plain(error instanceof Error ? error.message : String(error));
  const details = error.details.map(
    ({ mspId, address, message }) => `${mspId} ${address}: ${message}`,
  );
  return [error.message, ...details].map(plain).join("\n");
}

/** Without what gRPC puts around the cause: its status, and a note that follows even where it has none. */
function plain(text: string): string {
  return text
    .replace(/^\d+ [A-Z_]+: /, "")
    .replace(/No connection established\. Last error: (Error: )?/, "")
    .replace(/\.?\s*Resolution note:[^\n]*/, "");
}
