import type { MeterRole } from "@powershare/domain/evidence";
import type { MeterEpoch, MeteredRegisters } from "@powershare/domain/metering";

/** A new epoch of a meter, as far as it has come. */
export interface StoredEpoch extends MeterEpoch {
  /** `<bus>/<unit>`. */
  readonly place: string;
  readonly role: MeterRole;
  /** SHA-256 of the profile. */
  readonly profile: string;
  /** `pending`: recorded and sealed, not sent. `withdrawn`: its evidence is never sent. */
  readonly state: "pending" | "confirmed" | "withdrawn";
  /** Whether the ledger's operator was asked to confirm it too. */
  readonly asked: boolean;
}

/** Every call is one transaction, on the disk when it returns. All throw CodedError store.*. */
export interface EpochStore {
  /** All epochs after the first one of each place, oldest first. */
  epochs(): StoredEpoch[];
  /** Adds it, or replaces the one of that meter. */
  saveEpoch(epoch: StoredEpoch): void;
  /** Ratio and wiring that the meter said first; saves `setup` if there is none. */
  pinSetup(meter: string, setup: string): string;
  /** Readings since the last good one in which the meter's registers fell. */
  fallen(meter: string): MeteredRegisters[];
  saveFallen(meter: string, fallen: readonly MeteredRegisters[]): void;
}
