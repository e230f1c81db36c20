import type { Steps } from "./book.js";

/** Energy by distinct limit, best first: buys falling, sells rising. */
export interface Curve {
  readonly limit: Float64Array;
  readonly energyWh: Float64Array;
}

export function aggregate(steps: Steps): Curve {
  const rising = distinct(Float64Array.from(steps.limit).sort());
  const energyWh = new Float64Array(rising.length);
  steps.limit.forEach((limit, step) => {
    const level = lowerBound(rising, limit);
    energyWh[level] = (energyWh[level] ?? 0) + (steps.energyWh[step] ?? 0);
  });
  return steps.side === "sell"
    ? { limit: rising, energyWh }
    : { limit: rising.reverse(), energyWh: energyWh.reverse() };
}

/** Sorted values without repetitions, in place. */
function distinct(sorted: Float64Array): Float64Array {
  let kept = 0;
  for (const value of sorted) {
    if (kept === 0 || value !== sorted[kept - 1]) {
      sorted[kept] = value;
      kept += 1;
    }
  }
  return sorted.subarray(0, kept);
}

/** Position of `value` in rising values that hold it. */
function lowerBound(rising: Float64Array, value: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
