import type { ErrorCode } from "@powershare/domain/errors";
import type { MeterRole, RegisterValues } from "@powershare/domain/evidence";
import {
  type EpochEnd,
  type GuardLimits,
  type GuardState,
  guardNext,
  guardReading,
  type MeteredRegisters,
  newGuard,
  nextEpochId,
  type SuspectedEpoch,
  serialMeterOf,
} from "@powershare/domain/metering";
import type { EpochStore, StoredEpoch } from "../ports/epochs.js";
import type { ReadingStore } from "../ports/store.js";
import type { MeterEpochs } from "./meter-epochs.js";

/** After this a register that fits its old count again may do so by chance: the fuses let through too much. */
const returnsWithinMs = 3_600_000;

export interface JudgeOptions {
  readonly place: string;
  readonly role: MeterRole;
  /** SHA-256 of the profile. */
  readonly profile: string;
  readonly store: Pick<ReadingStore, "lastGood" | "pins"> &
    Pick<EpochStore, "pinSetup" | "fallen" | "saveFallen">;
  readonly epochs: Pick<MeterEpochs, "all" | "at" | "suspect" | "withdraw">;
}

/** One reading before it is judged. */
export interface Observed extends Omit<MeteredRegisters, "meter"> {
  /** By the serial number that the meter gave. */
  readonly serialMeter: string;
  /** Ratio and wiring that it gave; undefined where it has none to give. */
  readonly setup: string | undefined;
}

export type Judgement =
  | { readonly quality: "good"; readonly meter: string; readonly energy: RegisterValues }
  | {
      readonly quality: "rejected";
      readonly meter: string;
      readonly code: ErrorCode;
      readonly message: string;
    };

/** One epoch of the meter at the place, and what its guard knows. */
interface Link {
  readonly meter: string;
  readonly epoch?: StoredEpoch;
  guard: GuardState;
  /** The newest good reading that was kept. */
  kept?: EpochEnd;
  /** Sequence of the first of the rejected readings that agree. */
  opening?: number | undefined;
}

type Limits = Omit<GuardLimits, "meter">;

/**
 * Judges the readings of one place. A meter that was reset, replaced or set up anew is noticed, and its
 * readings go on under the id of a new epoch; whether it is one, a person decides.
 */
export class MeterJudge {
  readonly #options: JudgeOptions;
  /** The epoch that was decided on last, and those after it that are not; the newest one is read now. */
  #links: Link[] = [];
  readonly #setups = new Map<string, string>();
  /** Epochs of which the links were made. */
  #linked: readonly StoredEpoch[] | undefined;
  #awaited: Link | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /**
   * @param expected the meter that is configured, or was seen first, at this place
   * @throws CodedError store.*
   */
  judge(observed: Observed, expected: string, limits: Limits): Judgement {
    const link = this.#active(expected);
    const next = this.#seenBy(link, observed);
    const { state, verdict, suspected } = guardNext(link.guard, next, {
      ...limits,
      meter: link.meter,
    });
    // On the disk before it counts: after a restart nobody would know of it.
    if (state.fallen !== link.guard.fallen) {
      this.#options.store.saveFallen(link.meter, state.fallen ?? []);
    }
    link.guard = state;
    this.#awaited = link;
    if (verdict.accepted) {
      return { quality: "good", meter: link.meter, energy: verdict.registers };
    }
    if (suspected !== undefined && observed.clock !== "unknown") {
      const decided = this.#decide(link, suspected, observed, limits);
      if (decided !== undefined) return decided;
    }
    const sameSerial = observed.serialMeter === serialMeterOf(link.meter);
    const cause =
      verdict.code === "meter.serial-changed" && sameSerial ? "meter.setup-changed" : verdict.code;
    return {
      quality: "rejected",
      meter: sameSerial ? link.meter : observed.serialMeter,
      code: suspected === undefined ? cause : "meter.replacement-suspected",
      message: verdict.message,
    };
  }

  /** Told the sequence of the reading that was judged last; undefined where there was no room for it. */
  kept(sequence: number | undefined, judgement: Judgement): void {
    const link = this.#awaited;
    if (link === undefined) return;
    if (judgement.quality === "rejected") {
      if (link.guard.agreeing === 1) link.opening = sequence;
      return;
    }
    const { accepted } = link.guard;
    if (sequence === undefined || accepted === undefined) return;
    link.kept = endOf(accepted, accepted, sequence);
  }

  /** The registers came back to the epoch before, or a new one began. */
  #decide(
    link: Link,
    suspected: SuspectedEpoch,
    observed: Observed,
    limits: Limits,
  ): Judgement | undefined {
    return this.#returned(link, observed, limits) ?? this.#begun(link, suspected, observed, limits);
  }

  #returned({ epoch }: Link, observed: Observed, limits: Limits): Judgement | undefined {
    const before = this.#links.at(-2);
    if (epoch?.state !== "pending" || before?.guard.accepted === undefined) return undefined;
    const { bootId, monotonicMs } = before.guard.accepted;
    const soon =
      bootId === observed.bootId && observed.monotonicMs - monotonicMs <= returnsWithinMs;
    if (!soon) return undefined;
    const next = this.#seenBy(before, observed);
    const verdict = guardReading(before.guard.accepted, next, { ...limits, meter: before.meter });
    if (!verdict.accepted) return undefined;
    this.#options.epochs.withdraw(epoch, "registers");
    this.#links.pop();
    before.guard = { accepted: { ...next, ...verdict.registers }, agreeing: 0 };
    this.#awaited = before;
    return { quality: "good", meter: before.meter, energy: verdict.registers };
  }

  #begun(
    link: Link,
    { opening }: SuspectedEpoch,
    observed: Observed,
    limits: Limits,
  ): Judgement | undefined {
    const { place, role, profile, epochs, store } = this.#options;
    const { serialMeter } = observed;
    if (link.kept === undefined) return undefined;
    const given = [...epochs.all.map((one) => one.meter), ...store.pins().values(), link.meter];
    const meter = nextEpochId(serialMeter, given);
    const begun = { ...opening, meter };
    const followed = guardReading(begun, { ...observed, meter }, { ...limits, meter });
    if (!followed.accepted) return undefined;
    const sameSerial = serialMeter === serialMeterOf(link.meter);
    const reason = !sameSerial ? "serial" : opening.meter === link.meter ? "registers" : "setup";
    const epoch = epochs.suspect({
      place,
      role,
      profile,
      meter,
      follows: link.meter,
      reason,
      closing: link.kept,
      // A time that nobody vouches for bounds no interval.
      opening: endOf(opening, opening.clock === "unknown" ? observed : opening, link.opening),
    });
    if (observed.setup !== undefined) this.#setupOf(meter, observed.setup);
    const accepted = { ...observed, meter, ...followed.registers };
    const begins: Link = { meter, epoch, guard: { accepted, agreeing: 0 } };
    this.#links.push(begins);
    this.#awaited = begins;
    return { quality: "good", meter, energy: followed.registers };
  }

  /** The epoch that is read now, after what was decided and over a restart. */
  #active(expected: string): Link {
    const { epochs, place } = this.#options;
    const newest = this.#links.at(-1);
    if (newest !== undefined && this.#linked === epochs.all) return newest;
    this.#linked = epochs.all;
    const known = epochs.at(place);
    // A serial number that was put into the configuration since is a person's word as well.
    const configured = !known.some(
      ({ meter, follows }) => meter === expected || follows === expected,
    );
    const chain = configured ? [] : known;
    const confirmed = chain.findLastIndex(({ state }) => state === "confirmed");
    const wanted: [string, StoredEpoch | undefined][] = [
      [chain[confirmed]?.meter ?? chain[0]?.follows ?? expected, chain[confirmed]],
      ...chain.slice(confirmed + 1).map((one): [string, StoredEpoch] => [one.meter, one]),
    ];
    this.#links = wanted.map(([meter, epoch]) => {
      const link = this.#links.find((one) => one.meter === meter);
      return link === undefined
        ? this.#fromStore(meter, epoch)
        : Object.assign(link, epoch === undefined ? {} : { epoch });
    });
    const active = this.#links.at(-1);
    return active ?? { meter: expected, guard: newGuard };
  }

  /** The guard goes on where it was before the restart. */
  #fromStore(meter: string, epoch: StoredEpoch | undefined): Link {
    const last = this.#options.store.lastGood(meter);
    if (last === undefined || last.energy === null) {
      if (epoch === undefined) return { meter, guard: newGuard };
      const { reading: _, ...opening } = epoch.opening;
      return { meter, epoch, guard: { accepted: { ...opening, meter }, agreeing: 0 } };
    }
    const { at, monotonicMs, bootId, clock, sequence } = last.reading;
    const accepted = { meter, at, monotonicMs, bootId, clock, ...last.energy };
    const kept = endOf(accepted, accepted, sequence);
    const fallen = this.#options.store.fallen(meter);
    const guard = { agreeing: 0, accepted, ...(fallen.length === 0 ? {} : { fallen }) };
    const link = { meter, guard, kept };
    return epoch === undefined ? link : { ...link, epoch };
  }

  #setupOf(meter: string, setup: string): string {
    const known = this.#setups.get(meter) ?? this.#options.store.pinSetup(meter, setup);
    this.#setups.set(meter, known);
    return known;
  }

  /** As this epoch's guard sees it: another meter where the serial number, ratio or wiring is another. */
  #seenBy({ meter }: Link, { serialMeter, setup, ...rest }: Observed): MeteredRegisters {
    const same = serialMeter === serialMeterOf(meter);
    if (same && (setup === undefined || this.#setupOf(meter, setup) === setup)) {
      return { ...rest, meter };
    }
    return { ...rest, meter: same ? `${serialMeter} with ${setup}` : serialMeter };
  }
}

type Stamp = Pick<MeteredRegisters, "at" | "monotonicMs" | "bootId" | "clock">;

function endOf(
  { importWh, exportWh }: RegisterValues,
  { at, monotonicMs, bootId, clock }: Stamp,
  reading: number | undefined,
): EpochEnd {
  const end = { importWh, exportWh, at, monotonicMs, bootId, clock };
  return reading === undefined ? end : { ...end, reading };
}
