/** A home battery on the household's own side of the connection point. */
export interface BatterySpec {
  readonly capacityWh: number;
  readonly powerW: number;
  /** Share of the charged energy that comes out again, in (0, 1]. */
  readonly efficiency: number;
  /** Energy stored at the start. */
  readonly storedWh: number;
}

/** Charges from surplus and discharges into the load; never trades with the grid by itself. */
export class Battery {
  readonly #spec: BatterySpec;
  #storedWh: number;

  constructor(spec: BatterySpec) {
    this.#spec = spec;
    this.#storedWh = Math.min(spec.storedWh, spec.capacityWh);
  }

  get storedWh(): number {
    return this.#storedWh;
  }

  /**
   * Takes what it can of a surplus, or gives what it can to a need, over one step.
   * @param surplusW production minus load; negative is a need.
   * @returns the battery's power in W: positive while charging, negative while discharging.
   */
  step(surplusW: number, hours: number): number {
    const { capacityWh, efficiency, powerW } = this.#spec;
    if (surplusW > 0) {
      const room = (capacityWh - this.#storedWh) / efficiency / hours;
      const charge = Math.min(surplusW, powerW, room);
      this.#storedWh = Math.min(capacityWh, this.#storedWh + charge * efficiency * hours);
      return charge;
    }
    const discharge = Math.min(-surplusW, powerW, this.#storedWh / hours);
    this.#storedWh = Math.max(0, this.#storedWh - discharge * hours);
    return discharge === 0 ? 0 : -discharge;
  }
}
