import { createHash } from "node:crypto";

/**
 * Numbers that look random and depend on nothing but the seed and their index, so that a
 * simulated house is the same however often it is looked at.
 */
export class SeededRandom {
  readonly #key: number;
  #index = 0;

  constructor(seed: string) {
    this.#key = createHash("sha256").update(seed).digest().readUInt32LE(0);
  }

  /** The next number of the sequence, in [0, 1). */
  next(): number {
    const value = this.at(this.#index);
    this.#index += 1;
    return value;
  }

  /** The number at `index` (an integer), in [0, 1): murmur3's 32-bit finaliser over key and index. */
  at(index: number): number {
    let h = this.#key ^ Math.imul(index | 0, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
  }

  /** The next number, in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }
}
