import { CodedError } from "../errors/index.js";
import { equalBytes, fromHex } from "./bytes.js";
import { statementHash } from "./hashes.js";
import { parseNvCertify } from "./tpm-structures.js";
import type { Checkpoint, Crypto } from "./types.js";

/** What the TPM vouched for beside the statement. */
export interface VerifiedCheckpoint {
  /** Value of the orderly NV counter; it never falls, and may skip up to 255 at an unclean power cut. */
  readonly counter: bigint;
  /** Milliseconds the TPM has been powered; not UTC. */
  readonly clockMs: bigint;
  readonly resetCount: number;
  readonly restartCount: number;
  readonly safe: boolean;
}

/**
 * Checks that the TPM certified this statement over its registered counter. Throws
 * `evidence.attestation-signature`, `evidence.attestation` (no NV_Certify of 8 bytes),
 * `evidence.statement` (another statement) or `evidence.counter-name` (another index).
 */
export function verifyCheckpoint(
  { statement, attest, signature }: Checkpoint,
  keys: { readonly attestationSpki: Uint8Array; readonly counterName: Uint8Array },
  crypto: Crypto,
): VerifiedCheckpoint {
  const attestBytes = fromHex(attest);
  if (!crypto.verifyP256(keys.attestationSpki, attestBytes, fromHex(signature))) {
    throw new CodedError(
      "evidence.attestation-signature",
      `checkpoint ${statement.sequence} is not signed by the registered attestation key`,
    );
  }
  const certified = parseNvCertify(attestBytes);
  if (certified.offset !== 0 || certified.contents.length !== 8) {
    throw new CodedError(
      "evidence.attestation",
      `the counter has 8 bytes at offset 0, not ${certified.contents.length} at ${certified.offset}`,
    );
  }
  if (!equalBytes(certified.extraData, statementHash(statement, crypto.sha256))) {
    throw new CodedError(
      "evidence.statement",
      `the TPM certified another statement than number ${statement.sequence}`,
    );
  }
  if (!equalBytes(certified.indexName, keys.counterName)) {
    throw new CodedError(
      "evidence.counter-name",
      `checkpoint ${statement.sequence} certifies another NV index than the registered counter`,
    );
  }
  const { clockMs, resetCount, restartCount, safe, contents } = certified;
  const counter = new DataView(contents.buffer).getBigUint64(0);
  return { counter, clockMs, resetCount, restartCount, safe };
}
