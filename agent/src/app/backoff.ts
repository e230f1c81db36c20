/** Number in [0, 1). */
export type Random = () => number;

/** Waiting times that double from `firstMs` to `maxMs`, each with half of it random so that homes do not march in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #failures = 0;

  constructor(firstMs: number, maxMs: number, random: Random) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const ms = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.ceil((ms / 2) * (1 + this.#random()));
  }

  reset(): void {
    this.#failures = 0;
  }
}
