import { toHex } from "./bytes.js";
import type { EvidenceFile } from "./evidence-file.js";
import { entryLeaf, type Sha256 } from "./hashes.js";
import { MerkleTree } from "./merkle.js";
import type { Checkpoint, LogEntry } from "./types.js";

/** A checkpoint and all readings and events of its batch, by sequence. */
export interface SealedBatch {
  readonly checkpoint: Checkpoint;
  readonly entries: readonly LogEntry[];
}

/** Whether this device certified it: a file names one device, so what a replaced one certified is in none of the new one's. */
export function certifiedBy({ device }: EvidenceFile["device"]) {
  return ({ checkpoint }: { readonly checkpoint: Checkpoint }): boolean =>
    checkpoint.statement.device === device;
}

/**
 * A file that proves one reading or event of a batch: it, its inclusion proof, the checkpoint and the
 * device's part. Throws RangeError where the batch does not hold it, or is not whole.
 */
export function proveEntry(
  device: EvidenceFile["device"],
  { checkpoint, entries }: SealedBatch,
  sequence: number,
  sha256: Sha256,
): EvidenceFile {
  const { first, last } = checkpoint.statement.readings;
  const entry = entries[sequence - first];
  if (entry?.sequence !== sequence || entries.length !== last - first + 1) {
    throw new RangeError(`the batch from ${first} to ${last} does not hold number ${sequence}`);
  }
  const leaves = entries.map((one) => entryLeaf(one, sha256));
  const proof = new MerkleTree(sha256, leaves).proof(sequence - first).map(toHex);
  return {
    format: "powershare-evidence",
    v: 1,
    device,
    packages: [],
    checkpoints: [checkpoint],
    ...("kind" in entry
      ? { events: [{ event: entry, proof }] }
      : { readings: [{ reading: entry, proof }] }),
  };
}

/** The batch that holds a reading or event in a file whose batches are whole; undefined where none does. */
export function batchIn(
  { packages, checkpoints = [], readings = [], events = [] }: EvidenceFile,
  sequence: number,
): SealedBatch | undefined {
  const all = [...packages.map((one) => one.checkpoint), ...checkpoints];
  const checkpoint = all.find(
    ({
      statement: {
        readings: { first, last },
      },
    }) => first <= sequence && sequence <= last,
  );
  if (checkpoint === undefined) return undefined;
  const { first, last } = checkpoint.statement.readings;
  const entries = [...readings.map(({ reading }) => reading), ...events.map(({ event }) => event)]
    .filter((entry) => first <= entry.sequence && entry.sequence <= last)
    .sort((a, b) => a.sequence - b.sequence);
  return { checkpoint, entries };
}
