import { type RtuServer, type RtuServerCounts, serveRtu } from "@powershare/modbus";
import { type FaultPlan, faultScript, noFaults } from "./bus-faults.js";
import type { HouseholdSpec } from "./cast.js";
import { House } from "./house.js";
import { registerBank } from "./meter.js";
import { SerialLine } from "./serial-line.js";

export interface MeterLineOptions {
  readonly household: Pick<HouseholdSpec, "house" | "meters">;
  /** Path under which the agent opens the line. */
  readonly path: string;
  readonly logFile: string;
}

const baudRate = 9600;

/** The meters of one household on their serial line, and the house whose energy they count. */
export class MeterLine {
  readonly house: House;
  readonly #options: MeterLineOptions;
  #line: SerialLine | undefined;
  #server: RtuServer | undefined;
  #past: RtuServerCounts = { requests: 0, gapViolations: 0 };
  #faults = faultScript(noFaults);

  static async open(options: MeterLineOptions): Promise<MeterLine> {
    const meters = new MeterLine(options);
    const { path, logFile } = options;
    meters.#line = await SerialLine.open({
      path,
      logFile,
      attach: (stream) => {
        meters.#detach();
        meters.#server = serveRtu(stream, {
          baudRate,
          units: meters.#units(),
          faults: (request) => meters.#faults(request),
        });
      },
    });
    return meters;
  }

  private constructor(options: MeterLineOptions) {
    this.#options = options;
    this.house = new House(options.household.house, Date.now());
  }

  /** From now on; `noFaults` ends them. */
  setFaults(plan: FaultPlan): void {
    this.#faults = faultScript(plan);
  }

  /** The port vanishes. */
  async unplug(): Promise<void> {
    await this.#line?.unplug();
    this.#detach();
  }

  /** The port returns under the same path. */
  async plugIn(): Promise<void> {
    await this.#line?.plugIn();
  }

  /** Requests seen since the start, and those that came before the line had been silent long enough. */
  counts(): RtuServerCounts {
    const now = this.#server?.counts();
    return {
      requests: this.#past.requests + (now?.requests ?? 0),
      gapViolations: this.#past.gapViolations + (now?.gapViolations ?? 0),
    };
  }

  async close(): Promise<void> {
    this.#detach();
    await this.#line?.close();
  }

  #units() {
    return new Map(
      this.#options.household.meters.map((meter) => [
        meter.unit,
        registerBank(meter, () => {
          this.house.advance(Date.now());
          return this.house.measure(meter.role);
        }),
      ]),
    );
  }

  #detach(): void {
    this.#past = this.counts();
    this.#server?.close();
    this.#server = undefined;
  }
}
