import { toHex } from "./bytes.js";
import type { EvidenceFile } from "./evidence-file.js";
import { statementHash } from "./hashes.js";
import { checkAt, refuseAt } from "./placed.js";
import type { Checkpoint, Crypto, Statement } from "./types.js";
import { type VerifiedCheckpoint, verifyCheckpoint } from "./verify-checkpoint.js";
import type { CertifiedKeys } from "./verify-keys.js";

export interface DeviceKeys extends CertifiedKeys {
  readonly device: string;
  readonly counterName: Uint8Array;
}

export interface PlacedCheckpoint {
  /** Where in the file it stands first, as a JSON pointer. */
  readonly place: string;
  readonly statement: Statement;
  readonly hash: string;
  readonly verified: VerifiedCheckpoint;
}

/**
 * All checkpoints of a file, each once, by sequence; refused where one is another device's, two have
 * one sequence, or one does not follow the one before it.
 */
export function collectCheckpoints(
  file: EvidenceFile,
  keys: DeviceKeys,
  crypto: Crypto,
): PlacedCheckpoint[] {
  const bySequence = new Map<number, PlacedCheckpoint>();
  const add = (place: string, checkpoint: Checkpoint): void => {
    const { statement } = checkpoint;
    const verified = checkAt(place, () => verifyCheckpoint(checkpoint, keys, crypto));
    if (statement.device !== keys.device) {
      refuseAt(place, "evidence.device", `the checkpoint is of device ${statement.device}`);
    }
    const hash = toHex(statementHash(statement, crypto.sha256));
    const known = bySequence.get(statement.sequence);
    if (known !== undefined && known.hash !== hash) {
      const message = `statement ${statement.sequence} differs from the one at ${known.place}`;
      refuseAt(place, "evidence.fork", message);
    }
    if (known === undefined)
      bySequence.set(statement.sequence, { place, statement, hash, verified });
  };
  for (const [i, { checkpoint }] of file.packages.entries()) {
    add(`/packages/${i}/checkpoint`, checkpoint);
  }
  for (const [i, checkpoint] of (file.checkpoints ?? []).entries()) {
    add(`/checkpoints/${i}`, checkpoint);
  }
  const ordered = [...bySequence.values()].sort(
    (a, b) => a.statement.sequence - b.statement.sequence,
  );
  for (const [i, next] of ordered.entries()) requireFollows(ordered[i - 1], next);
  return ordered;
}

function requireFollows(before: PlacedCheckpoint | undefined, next: PlacedCheckpoint): void {
  const { place, statement, verified } = next;
  const { readings, sequence } = statement;
  if (readings.first > readings.last) {
    refuseAt(place, "evidence.batch", `its batch runs from ${readings.first} to ${readings.last}`);
  }
  if (before === undefined) return;
  const { readings: earlier, sequence: newest } = before.statement;
  const adjacent = sequence === newest + 1;
  if (adjacent && statement.previous !== before.hash) {
    refuseAt(place, "evidence.statement-chain", `statement ${sequence} does not follow ${newest}`);
  }
  if (adjacent ? readings.first !== earlier.last + 1 : readings.first <= earlier.last) {
    refuseAt(
      place,
      "evidence.batch",
      `its batch begins at ${readings.first}, the one before ended at ${earlier.last}`,
    );
  }
  if (verified.counter <= before.verified.counter) {
    refuseAt(
      place,
      "evidence.counter",
      `counter ${verified.counter} is not above ${before.verified.counter} of statement ${newest}`,
    );
  }
  if (verified.resetCount < before.verified.resetCount) {
    refuseAt(place, "evidence.reset-count", `reset count falls to ${verified.resetCount}`);
  }
}
