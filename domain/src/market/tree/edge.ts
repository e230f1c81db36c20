import { ceil, type Fraction } from "./fraction.js";

const million = 1_000_000n;

/** A line between a node and its parent. Energy lost is rounded up. */
export class Edge {
  readonly #kept: bigint;
  readonly #fee: bigint;
  /** What may enter from the child, and what the child may receive; null for no limit. */
  readonly limitUpWh: bigint | null;
  readonly limitDownWh: bigint | null;

  constructor(
    lossPpm: number,
    feeMicroPerKwh: number,
    limitUpWh: bigint | null,
    limitDownWh: bigint | null,
  ) {
    this.limitUpWh = limitUpWh;
    this.limitDownWh = limitDownWh;
    this.#kept = million - BigInt(lossPpm);
    this.#fee = BigInt(feeMicroPerKwh);
  }

  deliveredWh(sentWh: bigint): bigint {
    return (sentWh * this.#kept) / million;
  }

  /** The least energy that delivers so much. */
  sentWh(deliveredWh: bigint): bigint {
    return ceil(deliveredWh * million, this.#kept);
  }

  /** What a seller's price at the child is at the parent. */
  up({ n, d }: Fraction): Fraction {
    return { n: (n + this.#fee * d) * million, d: d * this.#kept };
  }

  /** What a buyer's price at the child is at the parent. */
  down({ n, d }: Fraction): Fraction {
    return { n: (n - this.#fee * d) * this.#kept, d: d * million };
  }

  /** What a seller at the child receives of a price at the parent. */
  exportPrice({ n, d }: Fraction): Fraction {
    return { n: n * this.#kept - this.#fee * d * million, d: d * million };
  }

  /** What a buyer at the child pays at a price at the parent. */
  importPrice({ n, d }: Fraction): Fraction {
    return { n: n * million + this.#fee * d * this.#kept, d: d * this.#kept };
  }

  feeNano(energyWh: bigint): bigint {
    return energyWh * this.#fee;
  }
}
