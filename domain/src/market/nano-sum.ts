import { amountNano } from "../money/index.js";

/**
 * Exact sum of Wh × micro-coin/kWh. Adds doubles while they are exact, bigints beyond: a slot of
 * 100,000 orders rarely leaves the former, and they are many times faster.
 */
export class NanoSum {
  #exact = 0n;
  #double = 0;

  /** Safe integers; a negative energy subtracts. */
  add(energyWh: number, priceMicroPerKwh: number): this {
    const sum = this.#double + energyWh * priceMicroPerKwh;
    if (Number.isSafeInteger(energyWh * priceMicroPerKwh) && Number.isSafeInteger(sum)) {
      this.#double = sum;
    } else {
      this.#exact += amountNano(energyWh, priceMicroPerKwh);
    }
    return this;
  }

  /** A new sum of both. */
  plus(other: NanoSum): NanoSum {
    const sum = new NanoSum();
    sum.#exact = this.value + other.value;
    return sum;
  }

  get value(): bigint {
    return this.#exact + BigInt(this.#double);
  }

  toString(): string {
    return this.#exact === 0n ? String(this.#double) : String(this.value);
  }
}
