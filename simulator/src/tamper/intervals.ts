/** A share with its 95 % interval. */
export interface Share {
  readonly hits: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** Wilson's score interval (1927) at 95 %. */
export function wilson(hits: number, of: number): Share {
  if (of === 0) return { hits, of, low: 0, high: 1 };
  const z2 = 1.959964 ** 2;
  const share = hits / of;
  const middle = (share + z2 / (2 * of)) / (1 + z2 / of);
  const half = Math.sqrt(z2 * ((share * (1 - share)) / of + z2 / (4 * of * of))) / (1 + z2 / of);
  return { hits, of, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * Upper 95 % bound of a Poisson mean of which `events` were counted: with none it is 3.0, the rule of
 * three.
 */
export function poissonUpperBound(events: number): number {
  let [low, high] = [events, events + 10 + 5 * Math.sqrt(events)];
  for (let step = 0; step < 60; step += 1) {
    const mean = (low + high) / 2;
    if (poissonAtMost(events, mean) > 0.05) low = mean;
    else high = mean;
  }
  return high;
}

function poissonAtMost(events: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let count = 1; count <= events; count += 1) {
    term *= mean / count;
    sum += term;
  }
  return sum;
}
