import { equalBytes, fromHex, toHex } from "./bytes.js";
import type { EvidenceFile } from "./evidence-file.js";
import { emptyHead, nextHead, readingLeaf, type Sha256 } from "./hashes.js";
import { MerkleTree, verifyInclusion } from "./merkle.js";
import { refuseAt } from "./placed.js";
import type { Interval, Reading } from "./types.js";
import type { PlacedCheckpoint } from "./verify-checkpoints.js";

interface PlacedReading {
  readonly place: string;
  readonly reading: Reading;
  readonly leaf: Uint8Array;
  readonly proof?: readonly string[] | undefined;
}

/**
 * Checks that every reading of a file hashes into the batch of a checkpoint, by its proof or with the
 * whole batch, that whole batches continue the chain of readings, and that readings at the ends of
 * intervals are what those say. Returns how many there are.
 */
export function verifyReadings(
  file: EvidenceFile,
  checkpoints: readonly PlacedCheckpoint[],
  sha256: Sha256,
): number {
  const readings = new Map<number, PlacedReading>();
  for (const [i, { reading, proof }] of (file.readings ?? []).entries()) {
    const place = `/readings/${i}`;
    if (readings.has(reading.sequence)) {
      refuseAt(place, "evidence.reading-repeated", `reading ${reading.sequence} stands here again`);
    }
    readings.set(reading.sequence, { place, reading, leaf: readingLeaf(reading, sha256), proof });
  }
  const ordered = [...readings.values()].sort((a, b) => a.reading.sequence - b.reading.sequence);
  let next = 0;
  for (const [i, checkpoint] of checkpoints.entries()) {
    const { first, last } = checkpoint.statement.readings;
    const begin = next;
    while ((ordered[next]?.reading.sequence ?? Number.POSITIVE_INFINITY) <= last) next++;
    const batch = ordered.slice(begin, next);
    requireCovered(batch[0], first);
    verifyBatch(batch, checkpoint, checkpoints[i - 1], sha256);
  }
  requireCovered(ordered[next], Number.POSITIVE_INFINITY);
  for (const { intervals } of file.packages) {
    for (const interval of intervals) requireBoundaries(interval, readings);
  }
  return readings.size;
}

/** Refuses a reading that stands before the first one of the checkpoint it would belong to. */
function requireCovered(found: PlacedReading | undefined, first: number): void {
  if (found === undefined || found.reading.sequence >= first) return;
  const message = `no checkpoint in the file covers reading ${found.reading.sequence}`;
  refuseAt(found.place, "evidence.reading-uncovered", message);
}

function verifyBatch(
  batch: readonly PlacedReading[],
  { statement }: PlacedCheckpoint,
  before: PlacedCheckpoint | undefined,
  sha256: Sha256,
): void {
  const { first, last } = statement.readings;
  const size = last - first + 1;
  const root = fromHex(statement.merkleRoot);
  for (const { place, reading, leaf, proof } of batch) {
    if (proof === undefined) continue;
    const path = proof.map(fromHex);
    if (!verifyInclusion(leaf, reading.sequence - first, size, path, root, sha256)) {
      refuseAt(
        place,
        "evidence.inclusion",
        `its proof does not lead to statement ${statement.sequence}`,
      );
    }
  }
  const unproven = batch.find(({ proof }) => proof === undefined);
  if (batch.length < size) {
    if (unproven === undefined) return;
    refuseAt(
      unproven.place,
      "evidence.batch-incomplete",
      `no proof, and ${batch.length} of ${size} readings of statement ${statement.sequence} are given`,
    );
  }
  const leaves = batch.map(({ leaf }) => leaf);
  const place = batch[0]?.place ?? "";
  if (!equalBytes(new MerkleTree(sha256, leaves).root(), root)) {
    refuseAt(
      place,
      "evidence.inclusion",
      `readings ${first} to ${last} do not hash to statement ${statement.sequence}`,
    );
  }
  const head = headBefore(statement.readings.first, before);
  if (head === undefined) return;
  const chained = leaves.reduce((link, leaf) => nextHead(link, leaf, sha256), head);
  if (toHex(chained) !== statement.chainHead) {
    refuseAt(
      place,
      "evidence.chain-head",
      `readings ${first} to ${last} do not lead to the head of statement ${statement.sequence}`,
    );
  }
}

/** Head of the chain of readings before a batch, where the file tells it. */
function headBefore(first: number, before: PlacedCheckpoint | undefined): Uint8Array | undefined {
  if (first === 1) return emptyHead();
  if (before?.statement.readings.last !== first - 1) return undefined;
  return fromHex(before.statement.chainHead);
}

/** The readings named as an interval's ends, where the file holds them: of its meter, good, and taken when it says. */
function requireBoundaries(interval: Interval, readings: ReadonlyMap<number, PlacedReading>): void {
  const { meter, sequence, start, end, boundaryErrorMs } = interval;
  const ends = [
    [interval.readings.first, Date.parse(start) + boundaryErrorMs.start],
    [interval.readings.last, Date.parse(end) + boundaryErrorMs.end],
  ] as const;
  for (const [at, takenMs] of ends) {
    const found = readings.get(at);
    if (found === undefined) continue;
    const { reading, place } = found;
    if (
      reading.meter !== meter ||
      reading.quality !== "good" ||
      Date.parse(reading.at) !== takenMs
    ) {
      refuseAt(
        place,
        "evidence.boundary",
        `not the good reading of ${meter} at ${new Date(takenMs).toISOString()} that interval ${sequence} ends with`,
      );
    }
  }
}
