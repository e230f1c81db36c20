import { CodedError } from "../errors/index.js";
import type { MeterHead } from "../ledger/records.js";
import { fromHex } from "./bytes.js";
import { packageBytes } from "./hashes.js";
import { parseEvidence } from "./parse.js";
import { type Crypto, type EvidencePackage, evidencePackage, type MeterRole } from "./types.js";
import { type VerifiedCheckpoint, verifyCheckpoint } from "./verify-checkpoint.js";
import { followIntervals } from "./verify-intervals.js";

/** What was registered for the household whose package is checked. */
export interface RegisteredDevice {
  readonly participant: string;
  /** SHA-256 of the endorsement key's public area, hex. */
  readonly device: string;
  readonly attestationSpki: Uint8Array;
  readonly readingSpki: Uint8Array;
  /** TPM name of the orderly NV counter. */
  readonly counterName: Uint8Array;
  readonly meters: readonly { readonly id: string; readonly role: MeterRole }[];
}

export interface VerifiedPackage {
  readonly evidence: EvidencePackage;
  /** What the next package of this meter must follow. */
  readonly head: MeterHead;
  readonly checkpoint: VerifiedCheckpoint;
}

/**
 * Checks an evidence package against the registered device and what was last accepted from the
 * meter (`undefined`: nothing yet). With `slotSeconds`, intervals must also lie on slots, and `good`
 * ones be one slot long. Every refusal is a CodedError `evidence.*` of its own code; whether the
 * intervals are recent enough is for the caller, who has a clock.
 */
export function verifyPackage(
  value: unknown,
  registered: RegisteredDevice,
  previousHead: MeterHead | undefined,
  crypto: Crypto,
  { slotSeconds }: { readonly slotSeconds?: number } = {},
): VerifiedPackage {
  const evidence = parseEvidence(evidencePackage, value, "evidence package");
  requireSignature(evidence, registered.readingSpki, crypto);
  requireSubject(evidence, registered);
  const link = followIntervals(evidence.intervals, previousHead, crypto.sha256, slotSeconds);
  const last = evidence.intervals.at(-1);
  if (link === undefined || last === undefined) {
    throw new CodedError("evidence.schema", "evidence package at /intervals: none");
  }
  const { statement } = evidence.checkpoint;
  if (statement.intervalHeads[evidence.meter] !== link.hash) {
    throw new CodedError(
      "evidence.interval-head",
      `checkpoint ${statement.sequence} does not name interval ${last.sequence} as the newest of ${evidence.meter}`,
    );
  }
  if (statement.readings.last < last.readings.last) {
    throw new CodedError(
      "evidence.uncovered",
      `checkpoint ${statement.sequence} ends at reading ${statement.readings.last}, before reading ${last.readings.last} of interval ${last.sequence}`,
    );
  }
  const sealedHere = statement.readings.first <= last.readings.last;
  if (sealedHere && last.merkleRoot !== statement.merkleRoot) {
    throw new CodedError(
      "evidence.merkle-root",
      `interval ${last.sequence} ends in the batch of checkpoint ${statement.sequence}, but names another root`,
    );
  }
  const checkpoint = verifyCheckpoint(evidence.checkpoint, registered, crypto);
  requireRising(checkpoint, previousHead);
  const { sequence, hash, end, importWh, exportWh, epoch } = link;
  return {
    evidence,
    checkpoint,
    head: {
      meter: evidence.meter,
      participant: evidence.participant,
      sequence,
      hash,
      end,
      importWh,
      exportWh,
      epoch,
      counter: checkpoint.counter.toString(),
      resetCount: checkpoint.resetCount,
    },
  };
}

function requireSignature(
  evidence: EvidencePackage,
  readingSpki: Uint8Array,
  crypto: Crypto,
): void {
  if (!crypto.verifyP256(readingSpki, packageBytes(evidence), fromHex(evidence.signature))) {
    throw new CodedError(
      "evidence.signature",
      `the package of ${evidence.meter} is not signed by the registered reading key`,
    );
  }
}

function requireSubject(evidence: EvidencePackage, registered: RegisteredDevice): void {
  const { participant, meter, intervals, checkpoint } = evidence;
  if (participant !== registered.participant) {
    throw new CodedError(
      "evidence.participant",
      `package of ${participant}, not of ${registered.participant}`,
    );
  }
  if (checkpoint.statement.device !== registered.device) {
    throw new CodedError(
      "evidence.device",
      `the checkpoint is of device ${checkpoint.statement.device}, registered is ${registered.device}`,
    );
  }
  const known = registered.meters.find(({ id }) => id === meter);
  if (known === undefined) {
    throw new CodedError("evidence.meter", `${meter} is no registered meter of ${participant}`);
  }
  for (const interval of intervals) {
    if (interval.participant !== participant) {
      throw new CodedError(
        "evidence.participant",
        `interval ${interval.sequence} is of ${interval.participant}, its package of ${participant}`,
      );
    }
    if (interval.meter !== meter) {
      throw new CodedError(
        "evidence.meter",
        `interval ${interval.sequence} is of ${interval.meter}, its package of ${meter}`,
      );
    }
    if (interval.role !== known.role) {
      throw new CodedError(
        "evidence.role",
        `interval ${interval.sequence} calls ${meter} ${interval.role}, registered is ${known.role}`,
      );
    }
  }
}

function requireRising({ counter, resetCount }: VerifiedCheckpoint, head?: MeterHead): void {
  const passed = head?.counter ?? "0";
  if (counter <= BigInt(passed)) {
    throw new CodedError("evidence.counter", `counter ${counter} is not above ${passed}`);
  }
  if (head !== undefined && resetCount < head.resetCount) {
    throw new CodedError(
      "evidence.reset-count",
      `reset count falls from ${head.resetCount} to ${resetCount}`,
    );
  }
}
