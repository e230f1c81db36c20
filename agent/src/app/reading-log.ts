import { CodedError } from "@powershare/domain/errors";
import type { Event, Reading } from "@powershare/domain/evidence";
import type { Clock } from "../ports/clock.js";
import {
  type ReadingStore,
  type StoredEntry,
  type StoredReading,
  sequenceOf,
} from "../ports/store.js";
import { type Loop, startLoop } from "./loop.js";
import type { Health } from "./watch-health.js";

/**
 * Readings are committed in groups: one commit each would wear a card out in four years, one in ten
 * seconds in twenty. No setting: this is the promise how much a power cut may take.
 */
const longestUnsavedMs = 10_000;
const retryAfterMs = 5_000;
/** How often `saveReadings` looks whether something is due. */
const saveEveryMs = 1_000;
/** Readings kept in memory while the disk refuses; from half of it on only the first of each slot. */
const mostStaged = 20_000;
/** Events are few and no later reading makes up for one, so they have room of their own. */
const mostStagedEvents = 1_000;

export type ReadingDraft = Omit<Reading, "sequence">;
export type EventDraft = Omit<Event, "v" | "kind" | "sequence">;

/**
 * Gives readings and events their sequence and gets them to the disk. A sequence once given belongs to that
 * entry for ever, also when nobody knows whether a failed commit left it behind: after an error the
 * store is asked what it has, and only what is missing is written again.
 */
export class ReadingLog {
  /** Nothing had ever been stored when it was opened. */
  readonly isFirst: boolean;
  readonly #store: ReadingStore;
  readonly #clock: Clock;
  readonly #health: Health;
  readonly #slotMs: number;
  readonly #flushAfterMs: number;
  readonly #slotOfMeter = new Map<string, number>();
  #staged: StoredEntry[] = [];
  #stagedEvents = 0;
  #stagedSinceMs = 0;
  #failedAtMs: number | undefined;
  #next: number;

  /** @throws CodedError store.* */
  constructor({
    store,
    clock,
    health,
    slotSeconds,
    pollIntervalMs = saveEveryMs,
  }: {
    store: ReadingStore;
    clock: Clock;
    health: Health;
    slotSeconds: number;
    /** The longest time from one chance to save to the next. */
    pollIntervalMs?: number;
  }) {
    this.#store = store;
    this.#clock = clock;
    this.#health = health;
    this.#slotMs = slotSeconds * 1000;
    this.#flushAfterMs = Math.max(0, longestUnsavedMs - 2 * pollIntervalMs);
    this.#next = store.lastSequence() + 1;
    this.isFirst = this.#next === 1;
  }

  /** @returns its sequence; undefined where there was no room to keep it */
  append(draft: ReadingDraft, energy: StoredReading["energy"]): number | undefined {
    const slot = Math.floor(Date.parse(draft.at) / this.#slotMs);
    const first = this.#slotOfMeter.get(draft.meter) !== slot;
    const room = this.#staged.length - this.#stagedEvents < (first ? mostStaged : mostStaged / 2);
    // Not kept, so never counted as stored; the next registers still hold its energy.
    if (!room) return undefined;
    if (energy !== null) this.#slotOfMeter.set(draft.meter, slot);
    const sequence = this.#next;
    this.#stage({ reading: { ...draft, sequence }, energy });
    return sequence;
  }

  /**
   * Puts an event into the sequence, behind the readings so far: stored, chained and sealed as they are.
   * @returns whether there was room; there is, unless the disk refused for very long
   */
  record(draft: EventDraft): boolean {
    return this.recorded(draft) !== undefined;
  }

  /** As `record`. @returns the event as it will be sealed; undefined where there was no room */
  recorded(draft: EventDraft): Event | undefined {
    if (this.#stagedEvents >= mostStagedEvents) return undefined;
    this.#stagedEvents += 1;
    const event: Event = { v: 1, kind: "event", ...draft, sequence: this.#next };
    this.#stage({ event });
    return event;
  }

  #stage(entry: StoredEntry): void {
    if (this.#staged.length === 0) this.#stagedSinceMs = this.#clock.monotonicMs();
    this.#staged.push(entry);
    this.#next += 1;
  }

  /** Saves what is due. Called after every poll and every second; trouble goes to health. */
  saveDue(): void {
    if (this.#staged.length === 0) return;
    const nowMs = this.#clock.monotonicMs();
    const due =
      this.#failedAtMs === undefined
        ? nowMs - this.#stagedSinceMs >= this.#flushAfterMs
        : nowMs - this.#failedAtMs >= retryAfterMs;
    if (!due) return;
    try {
      this.save();
    } catch {
      // Said by health; tried again later.
    }
  }

  /**
   * Saves everything now.
   * @throws CodedError store.*
   */
  save(): void {
    try {
      if (this.#failedAtMs !== undefined) this.#dropSaved();
      if (this.#staged.length > 0) this.#store.insertReadings(this.#staged);
    } catch (error) {
      this.#failedAtMs = this.#clock.monotonicMs();
      this.#health.problem("store", "readings", "failed", error);
      throw error;
    }
    this.#staged = [];
    this.#stagedEvents = 0;
    this.#failedAtMs = undefined;
    this.#health.ok("store", "readings");
  }

  /** A commit that failed may have reached the disk all the same. */
  #dropSaved(): void {
    const last = this.#store.lastSequence();
    const oldest = this.#staged[0] === undefined ? this.#next : sequenceOf(this.#staged[0]);
    if (last < oldest - 1 || last >= this.#next) {
      throw new CodedError(
        "store.corrupt",
        `the store ends at reading ${last}, expected was ${oldest - 1} or more`,
      );
    }
    this.#staged = this.#staged.filter((entry) => sequenceOf(entry) > last);
    this.#stagedEvents = this.#staged.filter((entry) => "event" in entry).length;
  }
}

/** Saves what is due whether or not a meter answers: one that fell silent may leave no poll to do it for long. */
export function saveReadings(readings: Pick<ReadingLog, "saveDue">, clock: Clock): Loop {
  return startLoop(clock, async () => {
    readings.saveDue();
    return saveEveryMs;
  });
}
