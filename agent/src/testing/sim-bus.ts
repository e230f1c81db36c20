import { CodedError } from "@powershare/domain/errors";
import { encode, type Profile, type RegisterImage } from "@powershare/firmware-profiles";
import type { Bus, BusRead, MeterStatistics } from "../ports/bus.js";
import type { Clock } from "../ports/clock.js";

/** A meter that integrates a constant power, seen through its registers. */
export interface SimMeter {
  profile: Profile;
  serialNumber: number;
  /** + import, − export. */
  powerW: number;
  importWh: number;
  exportWh: number;
  /** How often it writes its energy registers; left out: whenever it is asked. */
  writesEveryMs?: number;
  fault: "none" | "silent";
}

/** Registers as they were written last. */
interface Written {
  readonly round: number;
  readonly importWh: number;
  readonly exportWh: number;
}

const wireMs = 40;

/** A line of simulated meters: answers take their time, and fail as told. */
export class SimBus implements Bus {
  readonly meters = new Map<number, SimMeter>();
  portGone = false;
  reads = 0;
  readonly #clock: Clock;
  readonly #images = new Map<number, { key: string; image: RegisterImage }>();
  readonly #written = new Map<number, Written>();
  #integratedMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#integratedMs = clock.monotonicMs();
  }

  async read({ unit, table, address, count, timeoutMs }: BusRead): Promise<Uint8Array> {
    this.reads += 1;
    if (this.portGone) throw new CodedError("bus.port-gone", "line1 is gone");
    const meter = this.meters.get(unit);
    if (meter === undefined || meter.fault === "silent") {
      await this.#wait(timeoutMs);
      throw new CodedError("bus.timeout", `line1 unit ${unit}: no answer`);
    }
    await this.#wait(wireMs);
    this.#integrate();
    const bytes = this.#image(unit, meter).read(table, address, count);
    if (bytes === undefined) throw new CodedError("bus.exception", `unit ${unit}: illegal address`);
    return bytes;
  }

  statistics(): MeterStatistics {
    return {
      answers: this.reads,
      timeouts: 0,
      crcErrors: 0,
      exceptions: 0,
      lateAnswers: 0,
      latencyMs: wireMs,
      timeoutMs: null,
      sinceAnswerMs: 0,
    };
  }

  confirmPort(): void {}

  leavePort(): boolean {
    return false;
  }

  async close(): Promise<void> {}

  /** Made anew only when a value changed. */
  #image(unit: number, meter: SimMeter): RegisterImage {
    const { importWh, exportWh } = this.#registersOf(unit, meter);
    const values = {
      serialNumber: meter.serialNumber,
      activeEnergyImportWh: Math.floor(importWh),
      activeEnergyExportWh: Math.floor(exportWh),
      activePowerW: meter.powerW,
      voltageL1V: 230.2,
    };
    const key = Object.values(values).join();
    const known = this.#images.get(unit);
    if (known?.key === key) return known.image;
    const image = encode(meter.profile, values);
    this.#images.set(unit, { key, image });
    return image;
  }

  #registersOf(unit: number, meter: SimMeter): Pick<SimMeter, "importWh" | "exportWh"> {
    if (meter.writesEveryMs === undefined) return meter;
    const round = Math.floor(this.#clock.monotonicMs() / meter.writesEveryMs);
    const known = this.#written.get(unit);
    if (known?.round === round) return known;
    const written = { round, importWh: meter.importWh, exportWh: meter.exportWh };
    this.#written.set(unit, written);
    return written;
  }

  async #wait(ms: number): Promise<void> {
    await this.#clock.sleep(ms, new AbortController().signal);
  }

  #integrate(): void {
    const hours = (this.#clock.monotonicMs() - this.#integratedMs) / 3_600_000;
    this.#integratedMs = this.#clock.monotonicMs();
    for (const meter of this.meters.values()) {
      if (meter.powerW > 0) meter.importWh += meter.powerW * hours;
      else meter.exportWh -= meter.powerW * hours;
    }
  }
}
