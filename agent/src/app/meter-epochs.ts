import { CodedError } from "@powershare/domain/errors";
import type { Event, RegisterValues } from "@powershare/domain/evidence";
import { confirmedEvent, suspectedEvents, withdrawnEvent } from "@powershare/domain/metering";
import type { Clock } from "../ports/clock.js";
import type { EpochStore, StoredEpoch } from "../ports/epochs.js";
import type { ReadingLog } from "./reading-log.js";

export interface MeterEpochsOptions {
  readonly store: EpochStore;
  readonly readings: Pick<ReadingLog, "record" | "save">;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "bootId" | "quality">;
}

type Told = Pick<Event, "event" | "meter" | "details">;

/**
 * The epochs of all meters: each is suspected by the agent and decided by a person. What is suspected or
 * decided is an event among the readings, on the disk before it has any effect.
 */
export class MeterEpochs {
  readonly #options: MeterEpochsOptions;
  #epochs: readonly StoredEpoch[];
  /** What was recorded although the store then failed; not to be recorded again. */
  #recorded: string | undefined;
  onConfirmed: () => void = () => {};

  /** @throws CodedError store.* */
  constructor(options: MeterEpochsOptions) {
    this.#options = options;
    this.#epochs = options.store.epochs();
  }

  /** Oldest first. */
  get all(): readonly StoredEpoch[] {
    return this.#epochs;
  }

  at(place: string): StoredEpoch[] {
    return this.#epochs.filter((one) => one.place === place && one.state !== "withdrawn");
  }

  /** Those that a person has to decide on, oldest first. */
  get pending(): StoredEpoch[] {
    return this.#epochs.filter(({ state }) => state === "pending");
  }

  /** @throws CodedError store.* */
  suspect(epoch: Omit<StoredEpoch, "state" | "asked">): StoredEpoch {
    this.#record(`suspect ${epoch.meter}`, suspectedEvents(epoch));
    return this.#save({ ...epoch, state: "pending", asked: false });
  }

  /**
   * A person's decision, with the opening registers that were shown. What follows an epoch that is none falls with it.
   * @throws CodedError meter.epoch-unknown, meter.epoch-changed, store.*
   */
  decide(meter: string, decision: "confirm" | "withdraw", shown: RegisterValues): void {
    const epoch = this.#epochs.find((one) => one.meter === meter);
    if (epoch?.state !== "pending") {
      throw new CodedError("meter.epoch-unknown", `no new epoch ${meter} waits for a decision`);
    }
    const { importWh, exportWh } = epoch.opening;
    if (shown.importWh !== importWh || shown.exportWh !== exportWh) {
      throw new CodedError(
        "meter.epoch-changed",
        `${meter} began at ${importWh} and ${exportWh} Wh, what was shown is ${shown.importWh} and ${shown.exportWh}`,
      );
    }
    if (decision === "withdraw") {
      this.withdraw(epoch, "person");
      return;
    }
    const before = this.#epochs.find((one) => one.meter === epoch.follows);
    if (before?.state === "pending") {
      throw new CodedError("meter.epoch-unknown", `${before.meter} has to be decided on first`);
    }
    this.#record(`confirm ${meter}`, [confirmedEvent(epoch)]);
    this.#save({ ...epoch, state: "confirmed" });
    this.onConfirmed();
  }

  /** @throws CodedError store.* */
  withdraw(epoch: StoredEpoch, by: "person" | "registers"): void {
    const next = this.#epochs.find(
      ({ follows, state }) => follows === epoch.meter && state === "pending",
    );
    if (next !== undefined) this.withdraw(next, by);
    this.#record(`withdraw ${epoch.meter}`, [withdrawnEvent(epoch, by)]);
    this.#save({ ...epoch, state: "withdrawn" });
  }

  /** The operator was asked. @throws CodedError store.* */
  asked(epoch: StoredEpoch): void {
    this.#save({ ...epoch, asked: true });
  }

  #record(what: string, events: readonly Told[]): void {
    const { readings, clock } = this.#options;
    // By content: another reset of the same meter has other registers to tell.
    const content = JSON.stringify(events);
    if (this.#recorded !== content) {
      const stamp = {
        at: new Date(clock.nowMs()).toISOString(),
        monotonicMs: clock.monotonicMs(),
        bootId: clock.bootId,
        clock: clock.quality(),
      };
      for (const event of events) {
        if (!readings.record({ ...stamp, ...event })) {
          throw new CodedError("store.full", `no room to record ${what}`);
        }
      }
      this.#recorded = content;
    }
    readings.save();
  }

  #save(epoch: StoredEpoch): StoredEpoch {
    this.#options.store.saveEpoch(epoch);
    const others = this.#epochs.filter(({ meter }) => meter !== epoch.meter);
    const known = others.length < this.#epochs.length;
    this.#epochs = known
      ? this.#epochs.map((one) => (one.meter === epoch.meter ? epoch : one))
      : [...others, epoch];
    return epoch;
  }
}
