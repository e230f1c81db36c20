import { CodedError, type ErrorCode } from "@powershare/domain/errors";
import { type MeterRole, type RegisterValues, toHex } from "@powershare/domain/evidence";
import { type Block, serialNumberOf, type Values } from "@powershare/firmware-profiles";
import type { Clock } from "../ports/clock.js";
import type { EpochStore } from "../ports/epochs.js";
import type { ReadingStore } from "../ports/store.js";
import { disagreement, mostPowerW } from "./confirm-boundary.js";
import type { LiveMeters } from "./live-meters.js";
import type { MeterEpochs } from "./meter-epochs.js";
import { type Judgement, MeterJudge } from "./meter-judge.js";
import {
  energyOf,
  type Identity,
  type MeterPlace,
  MeterReader,
  meterIdOf,
  type ReaderOptions,
  type Snapshot,
} from "./meter-reader.js";
import type { ReadingDraft, ReadingLog } from "./reading-log.js";
import { registerStepWh, rollsOverAtWh } from "./register-step.js";
import type { Health } from "./watch-health.js";

export type { MeterPlace } from "./meter-reader.js";

export interface PollerOptions extends ReaderOptions {
  readonly store: ReadingStore & EpochStore;
  readonly readings: ReadingLog;
  readonly epochs: MeterEpochs;
  readonly meters: LiveMeters;
  readonly clock: Clock;
  readonly health: Health;
  readonly slotSeconds: number;
}

type Stamp = Pick<ReadingDraft, "at" | "monotonicMs" | "bootId" | "clock">;
type Limits = Parameters<MeterJudge["judge"]>[2] & { readonly refreshMs: number };

/** After these the meter is asked once more at once: a late copy of an older answer is gone then. */
const askAgainAfter: ReadonlySet<ErrorCode> = new Set([
  "meter.boundary-unconfirmed",
  "meter.register-went-back",
]);
const mostTries = 3;
/** Ratio and wiring can be changed at the meter's buttons while it goes on speaking. */
const identifyEveryMs = 3_600_000;
/** Meters write their energy registers about once a second, unless their profile says otherwise. */
const refreshMs = 1_000;

/** Reads one meter: knows which one it must be, has its registers judged, and hands on what it said. */
export class MeterPoller {
  readonly #at: MeterPlace;
  readonly #options: PollerOptions;
  readonly #reader: MeterReader;
  readonly #judge: MeterJudge;
  /** Known since the last error. */
  #identity: Identity | undefined;
  /** Configured, or first seen here. */
  #expected: string | undefined;
  #identifiedMs = 0;
  /** Slot whose first good reading was confirmed. */
  #confirmedSlot: number | undefined;
  #lastWasGood = true;

  constructor(at: MeterPlace, options: PollerOptions) {
    const { place, role, profile } = at;
    this.#at = at;
    this.#options = options;
    this.#reader = new MeterReader(at, options);
    this.#judge = new MeterJudge({ ...options, place, role, profile: profile.hash });
  }

  /**
   * @returns why the reading was rejected; undefined for a good one
   * @throws an error with a code bus.*, meter.* or store.*; the next call then asks for the serial number again
   */
  async poll(): Promise<ErrorCode | undefined> {
    const { clock } = this.#options;
    let refused: ErrorCode | undefined;
    try {
      const dueMs = this.#identifiedMs + identifyEveryMs;
      if (this.#identity === undefined || clock.monotonicMs() >= dueMs) {
        this.#identity = await this.#reader.identify();
        this.#identifiedMs = clock.monotonicMs();
        this.#expected = this.#expect(this.#identity.serialMeter);
      }
      const tries = this.#lastWasGood ? mostTries : 1;
      for (let left = tries; left > 0; left -= 1) {
        refused = await this.#read(this.#identity);
        this.#lastWasGood = refused === undefined;
        if (refused === undefined || !askAgainAfter.has(refused)) break;
      }
    } catch (error) {
      this.#identity = undefined;
      throw error;
    }
    return refused;
  }

  /** @returns why the reading was rejected; undefined for a good one */
  async #read(identity: Identity): Promise<ErrorCode | undefined> {
    const { clock } = this.#options;
    // Stamped before the first request: a value is never older than its time says.
    const { utcMs: atMs, monotonicMs } = clock.moment();
    const stamp: Stamp = {
      at: new Date(atMs).toISOString(),
      monotonicMs,
      bootId: clock.bootId,
      clock: clock.quality(),
    };
    const snapshot = await this.#reader.read();
    const { blocks, values } = snapshot;
    const judgement = await this.#judged(identity, stamp, snapshot);
    this.#keep(judgement, stamp, blocks);
    if (judgement.quality === "rejected") return judgement.code;
    this.#confirmedSlot = this.#slotOf(atMs);
    this.#tell(judgement.meter, atMs, stamp, values);
    return undefined;
  }

  async #judged(identity: Identity, stamp: Stamp, snapshot: Snapshot): Promise<Judgement> {
    const { role } = this.#at;
    const { profile, values } = snapshot;
    // A serial number among the registers that are read anyway says whose they are.
    const given = serialNumberOf(values);
    const serialMeter = given === undefined ? identity.serialMeter : meterIdOf(profile, given);
    const refuse = (code: ErrorCode, message: string): Judgement => ({
      quality: "rejected",
      meter: serialMeter,
      code,
      message,
    });
    const energy = energyOf(values, profile, role);
    if (energy === undefined) {
      return refuse("meter.no-value", `${serialMeter} gives no energy registers`);
    }
    const limits = this.#limitsAt(energy, snapshot);
    const unconfirmed = await this.#unconfirmed(energy, stamp, values, limits);
    if (unconfirmed !== undefined) return refuse("meter.boundary-unconfirmed", unconfirmed);
    const observed = { ...stamp, ...energy, serialMeter, setup: identity.setup };
    return this.#judge.judge(observed, this.#expected ?? serialMeter, limits);
  }

  /** The meter that belongs here: the configured one, or the one first seen. */
  #expect(found: string): string {
    const { store } = this.#options;
    const { profile, place, serialNumber } = this.#at;
    const configured = serialNumber === undefined ? found : meterIdOf(profile, serialNumber);
    const pinned = configured === found ? store.pinMeter(place, found) : configured;
    return serialNumber === undefined ? pinned : configured;
  }

  #limitsAt({ importWh, exportWh }: RegisterValues, { profile, blocks }: Snapshot): Limits {
    const { fuseA, phases } = this.#at;
    return {
      fuseA,
      phases,
      refreshMs: profile.timing?.refreshMs ?? refreshMs,
      registerStepWh: Math.max(
        registerStepWh(profile, "activeEnergyImportWh", importWh, blocks),
        registerStepWh(profile, "activeEnergyExportWh", exportWh, blocks),
      ),
      rollsOverAtWh: {
        importWh: rollsOverAtWh(profile, "activeEnergyImportWh"),
        exportWh: rollsOverAtWh(profile, "activeEnergyExportWh"),
      },
    };
  }

  /** What speaks against the first reading of a slot, after which money is counted. */
  async #unconfirmed(
    first: RegisterValues,
    { at, monotonicMs }: Stamp,
    values: Values,
    limits: Limits,
  ): Promise<string | undefined> {
    if (this.#slotOf(Date.parse(at)) === this.#confirmedSlot) return undefined;
    const again = await this.#reader.readEnergy();
    if (again === undefined) return "read again, the energy registers have no value";
    const { registerStepWh, refreshMs, rollsOverAtWh = {} } = limits;
    const elapsedMs = this.#options.clock.monotonicMs() - monotonicMs;
    const mostW = mostPowerW(values, this.#at);
    return disagreement({
      first,
      again,
      elapsedMs,
      mostW,
      registerStepWh,
      refreshMs,
      rollsOverAtWh,
    });
  }

  #keep(judgement: Judgement, stamp: Stamp, blocks: readonly Block[]): void {
    const { readings, health } = this.#options;
    const { place, profile, role } = this.#at;
    const draft = {
      v: 1,
      meter: judgement.meter,
      ...stamp,
      profile: profile.hash,
      registers: blocks.map(({ bytes, ...block }) => ({ ...block, bytes: toHex(bytes) })),
    } as const;
    if (judgement.quality === "good") {
      const sequence = readings.append({ ...draft, quality: "good" }, judgement.energy);
      this.#judge.kept(sequence, judgement);
      return;
    }
    const { code, message } = judgement;
    const sequence = readings.append({ ...draft, quality: "rejected", reason: code }, null);
    this.#judge.kept(sequence, judgement);
    health.problem("bus", place, severityOf(role), new CodedError(code, message));
  }

  #tell(meter: string, atMs: number, { monotonicMs }: Stamp, values: Values): void {
    const { meters, health, epochs } = this.#options;
    const { place, role } = this.#at;
    const numbers = Object.entries(values).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    );
    meters.heard(place, { meter, role, atMs, monotonicMs, values: new Map(numbers) });
    const pending = epochs.pending.find((one) => one.place === place);
    if (pending === undefined) health.ok("bus", place);
    else {
      const message = `${pending.meter} seems to follow ${pending.follows}, and waits for a person's word`;
      health.problem(
        "bus",
        place,
        "degraded",
        new CodedError("meter.replacement-suspected", message),
      );
    }
  }

  #slotOf(atMs: number): number {
    return Math.floor(atMs / (this.#options.slotSeconds * 1000));
  }
}

/** Without the connection point nothing can be billed; without the generator only the picture is incomplete. */
export function severityOf(role: MeterRole): "failed" | "degraded" {
  return role === "connection" ? "failed" : "degraded";
}
