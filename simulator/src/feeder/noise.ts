import type { SeededRandom } from "../random.js";

/** Standard normal (Box and Muller). */
export function normal(random: SeededRandom): number {
  const u = 1 - random.next();
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * random.next());
}

/** Waiting time of a Poisson process, in the unit of its mean. */
export function exponential(random: SeededRandom, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

export const secondsPerDay = 86_400;
