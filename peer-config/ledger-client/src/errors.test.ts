import * as grpc from "@grpc/grpc-js";
import { EndorseError, GatewayError } from "@hyperledger/fabric-gateway";
import { expect, test } from "vitest";
import {
  isOwnChaincodeDown,
  LedgerError,
  ledgerError,
  rejectedError,
  type Step,
} from "./errors.js";

function gatewayError(code: number, message: string, ...details: string[]): GatewayError {
  return new GatewayError(properties(code, message, details));
}
function endorseError(code: number, ...details: string[]): EndorseError {
  const message = "failed to endorse transaction, see attached details for more info";
  return new EndorseError({ ...properties(code, message, details), transactionId: "7a" });
}
function properties(code: number, message: string, details: readonly string[]) {
  return {
    code,
    message,
    details: details.map((detail) => ({
      address: "localhost:7051",
      mspId: "CommunityMSP",
      message: detail,
    })),
    cause: Object.assign(new Error(message), {
      code,
      details: message,
      metadata: new grpc.Metadata(),
    }),
  };
}

const counter = "chaincode response 500, evidence.counter: counter 12 is not above 12";

test.each<[what: string, step: Step, error: unknown, code: string, reason: string | undefined]>([
  [
    "the chaincode refused to endorse",
    "endorse",
    endorseError(10, counter),
    "ledger.endorse-refused",
    "evidence.counter",
  ],
  [
    "the chaincode refused a question",
    "evaluate",
    gatewayError(2, `evaluate call to endorser returned error: ${counter}`),
    "ledger.endorse-refused",
    "evidence.counter",
  ],
  [
    "the chaincode failed without a code",
    "endorse",
    endorseError(10, "chaincode response 500, Cannot read properties of undefined"),
    "ledger.endorse-refused",
    undefined,
  ],
  [
    "high S, or a revoked certificate",
    "endorse",
    endorseError(9, "access denied: channel [neighbourhood] creator org [CommunityMSP]"),
    "ledger.endorse-refused",
    undefined,
  ],
  [
    "too few organisations in sight",
    "endorse",
    gatewayError(9, "no combination of peers can be derived which satisfy the endorsement policy"),
    "ledger.unavailable",
    undefined,
  ],
  ["the peer is away", "endorse", endorseError(14), "ledger.unavailable", undefined],
  [
    "the peer does not answer",
    "evaluate",
    gatewayError(4, "late"),
    "ledger.unavailable",
    undefined,
  ],
  ["the stream broke", "events", gatewayError(14, "reset"), "ledger.unavailable", undefined],
  [
    "the chaincode is down",
    "endorse",
    endorseError(10, "could not launch chaincode"),
    "ledger.unavailable",
    undefined,
  ],
  [
    "peers on different blocks",
    "endorse",
    endorseError(10, "ProposalResponsePayloads do not match"),
    "ledger.conflict",
    undefined,
  ],
  [
    "the orderer refused the envelope",
    "submit",
    gatewayError(10, "BAD_REQUEST"),
    "ledger.rejected",
    undefined,
  ],
  [
    "no orderer took the envelope, or one did and did not say so",
    "submit",
    gatewayError(14, "no orderers could successfully process transaction"),
    "ledger.commit-unknown",
    undefined,
  ],
  ["no answer to a submit", "submit", gatewayError(4, "late"), "ledger.commit-unknown", undefined],
  ["not a gateway's error", "evaluate", new TypeError("x"), "ledger.endorse-refused", undefined],
])("%s", (_what, step, error, code, reason) => {
  const mapped = ledgerError(error, step);
  expect(mapped).toMatchObject({ code, reason });
  expect(mapped.cause).toBe(error);
});

test("an error that is mapped already stays as it is, with the transaction's id", () => {
  const mapped = ledgerError(endorseError(14), "endorse");
  expect(ledgerError(mapped, "submit")).toBe(mapped);
  expect(mapped.transactionId).toBe("7a");
});

test.each([
  [11, "ledger.conflict", "MVCC_READ_CONFLICT"],
  [12, "ledger.conflict", "PHANTOM_READ_CONFLICT"],
  [10, "ledger.rejected", "ENDORSEMENT_POLICY_FAILURE"],
  [9, "ledger.rejected", "DUPLICATE_TXID"],
])("validation code %i is %s", (validation, code, name) => {
  const error = rejectedError("7a", validation);
  expect(error).toBeInstanceOf(LedgerError);
  expect(error).toMatchObject({ code, transactionId: "7a" });
  expect(error.message).toContain(name);
});

test.each([
  [endorseError(10, "could not launch chaincode"), true],
  [endorseError(10, "chaincode stream terminated"), true],
  [endorseError(10, "chaincode response 500, ledger.stopping: being stopped"), true],
  [endorseError(10, counter), false],
  [endorseError(14), false],
  [gatewayError(10, "could not launch chaincode"), false],
])("other organisations are asked only where the own chaincode is down: %s", (error, is) => {
  expect(isOwnChaincodeDown(error)).toBe(is);
});

test("people read what failed, not how gRPC wraps it", () => {
  const refused =
    "14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:7051. Resolution note: ";
  expect(ledgerError(gatewayError(14, refused), "evaluate").message).toBe(
    "the ledger does not answer: connect ECONNREFUSED 127.0.0.1:7051",
  );
});
