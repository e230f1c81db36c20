import { equalBytes, fromHex, toHex } from "./bytes.js";
import type { EvidenceFile } from "./evidence-file.js";
import { emptyHead, entryLeaf, nextHead, type Sha256 } from "./hashes.js";
import { MerkleTree, verifyInclusion } from "./merkle.js";
import { refuseAt } from "./placed.js";
import type { Event, Interval, LogEntry } from "./types.js";
import type { PlacedCheckpoint } from "./verify-checkpoints.js";

interface PlacedEntry {
  readonly place: string;
  readonly entry: LogEntry;
  readonly leaf: Uint8Array;
  readonly proof?: readonly string[] | undefined;
}

/**
 * Checks that every reading and event of a file hashes into the batch of a checkpoint, by its proof or
 * with the whole batch, that whole batches continue the chain, and that readings at the ends of
 * intervals are what those say. Returns how many there are of each.
 */
export function verifyReadings(
  file: EvidenceFile,
  checkpoints: readonly PlacedCheckpoint[],
  sha256: Sha256,
): { readonly readings: number; readonly events: number } {
  const { readings = [], events = [] } = file;
  const entries = new Map<number, PlacedEntry>();
  const add = (place: string, entry: LogEntry, proof: readonly string[] | undefined): void => {
    if (entries.has(entry.sequence)) {
      refuseAt(place, "evidence.reading-repeated", `number ${entry.sequence} stands here again`);
    }
    entries.set(entry.sequence, { place, entry, leaf: entryLeaf(entry, sha256), proof });
  };
  for (const [i, { reading, proof }] of readings.entries()) add(`/readings/${i}`, reading, proof);
  for (const [i, { event, proof }] of events.entries()) add(`/events/${i}`, event, proof);
  const ordered = inOrder([...entries.values()]);
  let next = 0;
  for (const [i, checkpoint] of checkpoints.entries()) {
    const { first, last } = checkpoint.statement.readings;
    const begin = next;
    while ((ordered[next]?.entry.sequence ?? Number.POSITIVE_INFINITY) <= last) next++;
    const batch = ordered.slice(begin, next);
    requireCovered(batch[0], first);
    verifyBatch(batch, checkpoint, checkpoints[i - 1], sha256);
  }
  requireCovered(ordered[next], Number.POSITIVE_INFINITY);
  for (const { intervals } of file.packages) {
    for (const interval of intervals) requireBoundaries(interval, entries);
  }
  return { readings: readings.length, events: events.length };
}

/** By sequence, as they mostly are already. */
function inOrder(entries: PlacedEntry[]): PlacedEntry[] {
  let before = 0;
  for (const { entry } of entries) {
    if (entry.sequence < before) {
      return entries.sort((a, b) => a.entry.sequence - b.entry.sequence);
    }
    before = entry.sequence;
  }
  return entries;
}

/** Refuses an entry that stands before the first one of the checkpoint it would belong to. */
function requireCovered(found: PlacedEntry | undefined, first: number): void {
  if (found === undefined || found.entry.sequence >= first) return;
  const message = `no checkpoint in the file covers number ${found.entry.sequence}`;
  refuseAt(found.place, "evidence.reading-uncovered", message);
}

function verifyBatch(
  batch: readonly PlacedEntry[],
  { statement }: PlacedCheckpoint,
  before: PlacedCheckpoint | undefined,
  sha256: Sha256,
): void {
  const { first, last } = statement.readings;
  const size = last - first + 1;
  const root = fromHex(statement.merkleRoot);
  for (const { place, entry, leaf, proof } of batch) {
    if (proof === undefined) continue;
    const path = proof.map(fromHex);
    if (!verifyInclusion(leaf, entry.sequence - first, size, path, root, sha256)) {
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
      `no proof, and ${batch.length} of ${size} readings and events of statement ${statement.sequence} are given`,
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
function requireBoundaries(interval: Interval, entries: ReadonlyMap<number, PlacedEntry>): void {
  const { meter, sequence, start, end, boundaryErrorMs } = interval;
  const ends = [
    [interval.readings.first, Date.parse(start) + boundaryErrorMs.start],
    [interval.readings.last, Date.parse(end) + boundaryErrorMs.end],
  ] as const;
  for (const [at, takenMs] of ends) {
    const found = entries.get(at);
    if (found === undefined) continue;
    const { entry, place } = found;
    const stands =
      "kind" in entry
        ? at === interval.readings.first && opens(entry, interval, takenMs)
        : entry.meter === meter && entry.quality === "good" && Date.parse(entry.at) === takenMs;
    if (!stands) {
      refuseAt(
        place,
        "evidence.boundary",
        `not the good reading of ${meter} at ${new Date(takenMs).toISOString()} that interval ${sequence} ends with`,
      );
    }
  }
}

/** Whether an event tells of the opening reading of a meter's epoch that the interval begins with. */
function opens(
  { event, meter, details }: Event,
  { first, ...interval }: Interval,
  takenMs: number,
) {
  return (
    event === "meter-epoch-opened" &&
    meter === interval.meter &&
    details["importWh"] === first.importWh &&
    details["exportWh"] === first.exportWh &&
    Date.parse(String(details["at"])) === takenMs
  );
}
