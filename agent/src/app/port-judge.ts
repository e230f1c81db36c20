import type { Bus } from "../ports/bus.js";

/** So often in a row every meter of the bus must have been silent. */
const silentRounds = 3;

/**
 * Tells a bus whether its open port is the right one. Adapters without a serial number cannot be
 * told apart when they are plugged in again, but the meters behind them can: by their own serial
 * numbers, or by their silence.
 */
export class PortJudge {
  readonly #bus: Pick<Bus, "confirmPort" | "leavePort">;
  readonly #mostSilent: number;
  #silent = 0;

  constructor(bus: Pick<Bus, "confirmPort" | "leavePort">, meters: number) {
    this.#bus = bus;
    this.#mostSilent = silentRounds * meters;
  }

  /** A meter was read; `refusal` says why its reading counts for nothing, if it does. */
  heard(refusal: string | undefined): void {
    this.#silent = 0;
    if (refusal === "meter.serial-changed") this.#bus.leavePort();
    else if (refusal === undefined) this.#bus.confirmPort();
  }

  /** A meter gave no usable answer. */
  failed(code: string | undefined): void {
    if (code === "meter.serial-changed") this.#bus.leavePort();
    if (code !== "bus.timeout" && code !== "bus.crc") return;
    this.#silent += 1;
    if (this.#silent < this.#mostSilent) return;
    this.#silent = 0;
    this.#bus.leavePort();
  }
}
