import type { StepProduct } from "./step-products.js";

/** Stakes: how much of the evidence so far is put on the next step's sign. No one stake suits all grids. */
const stakes = [0.1, 0.2, 0.4, 0.8, 1.6] as const;

/**
 * Evidence that products of steps are positive more than chance would have it, as a bet on the next
 * product's sign (Waudby-Smith and Ramdas 2024, Estimating means of bounded random variables by
 * betting): each stake's wealth is multiplied by 1 + tanh(stake × product). If either sign is as likely
 * as the other, whatever the sizes, the mean wealth is a non-negative martingale, so it ever exceeds N
 * with probability at most 1/N (Ville's inequality): it may be looked at as often as one likes. A step
 * at most doubles it, however large a neighbour's motor or a tap step makes it. Steps that share noise
 * count by their weight, a power of that factor.
 *
 * Wealth below 1 is forgotten, so that a fault is found as soon after years of right wiring as in a new
 * house; on mere chance, N then comes no more often than once in N steps (an e-detector; Shin, Ramdas
 * and Rinaldo 2023).
 */
export class SignEvidence {
  readonly #logs: number[] = stakes.map(() => 0);
  #log = 0;
  #steps = 0;
  #darkSteps = 0;
  #fromMs = 0;

  add({ product, weight, atMs, isDark }: StepProduct): void {
    if (this.#log === 0) this.#begin(atMs);
    this.#steps += 1;
    if (isDark) this.#darkSteps += 1;
    let wealth = 0;
    for (const [index, stake] of stakes.entries()) {
      // log(1 + tanh(x)) = log 2 - log(1 + exp(-2x)), which does not run out of digits.
      const gain = weight * (Math.LN2 - Math.log1p(Math.exp(-2 * stake * product)));
      const log = Math.min(mostLog, (this.#logs[index] ?? 0) + gain);
      this.#logs[index] = log;
      wealth += Math.exp(log);
    }
    this.#log = Math.max(0, Math.log(wealth / stakes.length));
  }

  /** Natural logarithm of the wealth; 0 where nothing speaks for it. */
  get log(): number {
    return this.#log;
  }

  /** Steps since the evidence began to rise, and when it did. */
  get steps(): number {
    return this.#steps;
  }

  /** Those of them that were made in the dark. */
  get darkSteps(): number {
    return this.#darkSteps;
  }

  get fromMs(): number {
    return this.#fromMs;
  }

  #begin(atMs: number): void {
    this.#logs.fill(0);
    this.#steps = 0;
    this.#darkSteps = 0;
    this.#fromMs = atMs;
  }
}

/** Beyond this nothing becomes surer. */
const mostLog = 100;
