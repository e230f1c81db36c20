import type {
  Checkpoint,
  Event,
  EvidencePackage,
  Interval,
  MeterRole,
  Reading,
} from "@powershare/domain/evidence";
import type { JudgedPlacement } from "@powershare/domain/ledger";
import type { EpochStore } from "./epochs.js";
import type { LedgerEvent, LedgerPosition } from "./ledger.js";
import type { RejectedStore } from "./meters.js";
import type { Overview } from "./overview.js";
import type { ProofStore } from "./proofs.js";
import type { WiringOverview } from "./wiring.js";

/** A reading with the energy its registers mean; null where they were rejected. */
export interface StoredReading {
  readonly reading: Reading;
  readonly energy: { readonly importWh: number; readonly exportWh: number } | null;
}

/** What is kept in the one sequence of the device. */
export type StoredEntry = StoredReading | { readonly event: Event };

export function sequenceOf(entry: StoredEntry): number {
  return "event" in entry ? entry.event.sequence : entry.reading.sequence;
}

/** Everything that a checkpoint makes true, saved at once or not at all. */
export interface Sealed {
  readonly checkpoint: Checkpoint;
  readonly intervals: readonly Interval[];
  /** Where the interval builder of each meter stands after the sealed readings, as JSON. */
  readonly builders: ReadonlyMap<string, string>;
}

/** Where evidence stands: what the next checkpoint continues. */
export interface SealedHead {
  readonly checkpoint: Checkpoint | undefined;
  readonly builders: ReadonlyMap<string, string>;
  /** Newest interval of each meter that has one. */
  readonly intervals: ReadonlyMap<string, Interval>;
}

/** A package on its way; only a commit found on the ledger ends it as `committed`. */
export interface Parcel {
  readonly id: number;
  readonly package: EvidencePackage;
  readonly state: "stored" | "prepared" | "submitted" | "refused";
  readonly transactionId: string | null;
  /** Signed envelope, saved before it was first sent. */
  readonly envelope: Uint8Array | null;
}

export type ParcelChange =
  | { readonly state: "stored" | "submitted" | "committed" }
  | { readonly state: "prepared"; readonly transactionId: string; readonly envelope: Uint8Array }
  | { readonly state: "refused"; readonly reason: string };

export interface UnsentEvidence {
  readonly intervals: readonly Interval[];
  /** Names the last of the intervals as its meter's newest. */
  readonly checkpoint: Checkpoint;
}

/*
 * Every call is one transaction, on the disk when it returns.
 * All throw CodedError store.*: then nothing can be said about what a write left behind,
 * and the caller reads again before it goes on.
 */

export interface ReadingStore {
  /** Sequence of the newest reading or event, 0 if there is none. */
  lastSequence(): number;
  /** The newest reading or event. */
  lastEntry(): StoredEntry | undefined;
  insertReadings(entries: readonly StoredEntry[]): void;
  /** Newest good reading of a meter. */
  lastGood(meter: string): StoredReading | undefined;
  /** Meter id by place on the bus. */
  pins(): ReadonlyMap<string, string>;
  /** The meter id first seen at a place; saves `meter` if the place is new. */
  pinMeter(place: string, meter: string): string;
}

export interface EvidenceStore {
  sealedHead(): SealedHead;
  /** Oldest readings and events that no checkpoint covers yet, in order. */
  pendingReadings(limit: number): StoredEntry[];
  saveSealed(sealed: Sealed): void;
}

export interface OutboxStore {
  /** Meters with evidence that is not committed yet. */
  unsentMeters(): string[];
  /** Oldest parcel of a meter that is not committed. */
  nextParcel(meter: string): Parcel | undefined;
  /** Oldest intervals in no parcel, up to `limit`, ending where a checkpoint can vouch for them. */
  unsentEvidence(meter: string, limit: number): UnsentEvidence | undefined;
  addParcel(evidence: EvidencePackage): void;
  interval(meter: string, sequence: number): Interval | undefined;
  changeParcel(id: number, change: ParcelChange): void;
}

export type SlotStage = "open" | "sealed" | "cleared";

export interface LedgerStore {
  ledgerPosition(): LedgerPosition | undefined;
  /** Projects one event and moves the position, both or neither. */
  applyEvent(event: LedgerEvent): void;
  /** How far a slot has come that is not settled; undefined if nothing is known of it, or it is settled. */
  slotStage(startMs: number): SlotStage | undefined;
  /** Oldest slots that began before `beforeMs`, hold evidence or were sealed, and are not settled. */
  unsettledSlots(beforeMs: number, limit: number): { startMs: number; stage: SlotStage }[];
  /** Strikes a slot off that the ledger says is settled. */
  slotSettled(startMs: number): void;
  /** Until when the evidence of each participant's connection point reaches. */
  evidenceReached(): ReadonlyMap<string, number>;
  trades(participant: string, limit: number): Overview["trades"];
  wallet(participant: string): Overview["wallet"];
  /** The household's placement epochs as their judges called them, by meter, newest first. */
  placements(): JudgedPlacement[];
  /** The household's sales that wait for a proof or did, newest first. */
  heldSales(limit: number): WiringOverview["held"];
  /** Coins of the household that wait. */
  heldNano(): string;
}

export interface HourlyEnergy {
  readonly hour: number;
  readonly role: MeterRole;
  readonly importWh: number;
  readonly exportWh: number;
}

export interface PageStore {
  /** Sums of all intervals that began in [fromMs, toMs), in hours counted from `fromMs`. */
  hourlyEnergy(fromMs: number, toMs: number): HourlyEnergy[];
  counts(): Overview["counts"];
  /** Intervals not yet committed: how many packages' worth, and the end of the oldest. */
  backlog(): { unsentPackages: number; oldestUnsentAt: string | null };
  /** Packages, sent or not, with an interval in [from, to), by meter and time. */
  packages(fromMs: number, toMs: number, limit: number): EvidencePackage[];
}

export interface RetentionLimits {
  /** Readings taken before this are old. */
  readonly beforeMs: number;
  /** What the store may hold; above it the oldest readings count as old. */
  readonly maxBytes: number;
}

export interface RetentionStore {
  /**
   * Deletes the oldest batch of readings that is old, sealed, and no part of evidence that the ledger has
   * not committed, and gives some of the space back to the disk. Intervals and packages stay.
   * @returns readings and events deleted; 0: nothing may go now
   */
  prune(limits: RetentionLimits): number;
  /** What rows take in the file, in bytes. */
  usedBytes(): number;
}

export interface ScrubStore {
  /**
   * Reads the next part of the store again and compares it with its check values and seals.
   * @returns whether that was the last part of a pass
   * @throws CodedError store.corrupt
   */
  scrub(): boolean;
}

export interface ArchivedInterval {
  readonly interval: Interval;
  /** Whether the ledger committed it. */
  readonly committed: boolean;
}

export interface ArchiveStore {
  /**
   * The next few readings after sequence `after`, of those the ones taken in [fromMs, toMs).
   * @returns how far it looked; `through` undefined: there are no more
   */
  readingsBetween(
    after: number,
    fromMs: number,
    toMs: number,
  ): { readonly readings: StoredReading[]; readonly through: number | undefined };
  /** The next few intervals after `after` that overlap [fromMs, toMs), by meter and sequence; none: there are no more. */
  intervalsBetween(
    after: Pick<Interval, "meter" | "sequence"> | undefined,
    fromMs: number,
    toMs: number,
  ): ArchivedInterval[];
  /** Writes a consistent copy to a new file, while the store is in use. @throws CodedError store.* */
  backup(path: string): Promise<void>;
}

export type Store = ReadingStore &
  EvidenceStore &
  OutboxStore &
  LedgerStore &
  PageStore &
  RetentionStore &
  ScrubStore &
  ArchiveStore &
  EpochStore &
  ProofStore &
  RejectedStore;
