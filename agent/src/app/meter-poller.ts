import { CodedError, type ErrorCode } from "@powershare/domain/errors";
import { type MeterRole, toHex } from "@powershare/domain/evidence";
import { type GuardState, guardNext, newGuard } from "@powershare/domain/metering";
import {
  type Block,
  decode,
  type PlannedRead,
  type Profile,
  planReads,
  serialNumberOf,
} from "@powershare/firmware-profiles";
import type { Bus } from "../ports/bus.js";
import type { Clock } from "../ports/clock.js";
import type { ReadingStore } from "../ports/store.js";
import type { LiveMeters } from "./live-meters.js";
import type { ReadingLog } from "./reading-log.js";
import type { Health } from "./watch-health.js";

/** float32 registers in kWh step by 16 Wh from 131,072 kWh on; guards allow that much beside what fuses let through. */
const registerStepWh = 16;

export interface MeterPlace {
  /** `<bus>/<unit>`. */
  readonly place: string;
  readonly unit: number;
  readonly profile: Profile;
  readonly role: MeterRole;
  readonly serialNumber: string | undefined;
  readonly fuseA: number;
  readonly phases: number;
}

export interface PollerOptions {
  readonly bus: Bus;
  readonly store: ReadingStore;
  readonly readings: ReadingLog;
  readonly meters: LiveMeters;
  readonly clock: Clock;
  readonly health: Health;
  readonly timeoutMs: number;
  readonly baudRate: number;
}

/** Reads one meter: knows which one it must be, judges its registers, and hands on what it said. */
export class MeterPoller {
  readonly #at: MeterPlace;
  readonly #options: PollerOptions;
  readonly #plan: readonly PlannedRead[];
  readonly #identityPlan: readonly PlannedRead[];
  /** Known since the last error. */
  #meter: string | undefined;
  #guard: GuardState = newGuard;

  constructor(at: MeterPlace, options: PollerOptions) {
    const { baudRate } = options;
    this.#at = at;
    this.#options = options;
    this.#plan = planReads(at.profile, { baudRate });
    this.#identityPlan = planReads(at.profile, { baudRate, quantities: ["serialNumber"] });
  }

  /** @throws an error with a code bus.*, meter.* or store.*; the next call then asks for the serial number again */
  async poll(): Promise<void> {
    try {
      this.#meter ??= await this.#identify();
      await this.#read(this.#meter);
    } catch (error) {
      this.#meter = undefined;
      throw error;
    }
  }

  /** Asks the meter who it is, and whether it is the one that belongs here. */
  async #identify(): Promise<string> {
    const { store } = this.#options;
    const { profile, place, serialNumber } = this.#at;
    const found = serialNumberOf(decode(profile, await this.#readBlocks(this.#identityPlan)));
    if (found === undefined) {
      throw new CodedError("meter.no-value", `${place}: the meter gives no serial number`);
    }
    const meter = `${profile.id}:${found}`;
    const expected =
      serialNumber === undefined ? store.pinMeter(place, meter) : `${profile.id}:${serialNumber}`;
    if (meter !== expected) {
      throw new CodedError(
        "meter.serial-changed",
        `${place}: ${meter} answers in place of ${expected}`,
      );
    }
    store.pinMeter(place, meter);
    if (this.#guard.accepted?.meter !== meter) this.#guard = this.#guardFromStore(meter);
    return meter;
  }

  /** The guard goes on where it was before the restart. */
  #guardFromStore(meter: string): GuardState {
    const last = this.#options.store.lastGood(meter);
    if (last === undefined || last.energy === null) return newGuard;
    const { at, monotonicMs, bootId, clock } = last.reading;
    return { agreeing: 0, accepted: { meter, at, monotonicMs, bootId, clock, ...last.energy } };
  }

  async #read(meter: string): Promise<void> {
    const { clock, readings, meters, health } = this.#options;
    const { place, profile, role, fuseA, phases } = this.#at;
    // Stamped before the first request: a value is never older than its time says.
    const atMs = clock.nowMs();
    const stamp = {
      at: new Date(atMs).toISOString(),
      monotonicMs: clock.monotonicMs(),
      bootId: clock.bootId,
      clock: clock.quality(),
    };
    const blocks = await this.#readBlocks(this.#plan);
    const values = decode(profile, blocks);
    const { activeEnergyImportWh: importWh, activeEnergyExportWh: exportWh } = values;
    const draft = {
      v: 1,
      meter,
      ...stamp,
      profile: profile.hash,
      registers: blocks.map(({ bytes, ...block }) => ({ ...block, bytes: toHex(bytes) })),
    } as const;
    const reject = (code: ErrorCode, message: string): void => {
      readings.append({ ...draft, quality: "rejected", reason: code }, null);
      health.problem("bus", place, severityOf(role), new CodedError(code, message));
    };
    if (
      typeof importWh !== "number" ||
      typeof exportWh !== "number" ||
      importWh < 0 ||
      exportWh < 0
    ) {
      reject("meter.no-value", `${meter} gives no energy registers`);
      return;
    }
    const energy = { importWh, exportWh };
    const next = { meter, ...stamp, ...energy };
    const judged = guardNext(this.#guard, next, { meter, fuseA, phases, registerStepWh });
    this.#guard = judged.state;
    if (!judged.verdict.accepted) {
      const { code, message } = judged.verdict;
      reject(judged.suspected === undefined ? code : "meter.replacement-suspected", message);
      return;
    }
    readings.append({ ...draft, quality: "good" }, judged.verdict.registers);
    const numbers = Object.entries(values).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    );
    meters.heard(place, {
      meter,
      role,
      atMs,
      monotonicMs: stamp.monotonicMs,
      values: new Map(numbers),
    });
    health.ok("bus", place);
  }

  async #readBlocks(plan: readonly PlannedRead[]): Promise<Block[]> {
    const { bus, timeoutMs } = this.#options;
    const blocks: Block[] = [];
    for (const { table, address, count } of plan) {
      const bytes = await bus.read({ unit: this.#at.unit, table, address, count, timeoutMs });
      blocks.push({ table, address, bytes });
    }
    return blocks;
  }
}

/** Without the connection point nothing can be billed; without the generator only the picture is incomplete. */
export function severityOf(role: MeterRole): "failed" | "degraded" {
  return role === "connection" ? "failed" : "degraded";
}
