/** Pearson's correlation of weighted pairs, built up one by one. */
export interface Correlation {
  readonly add: (weight: number, x: number, y: number) => void;
  /** 0 where one of the two never changed. */
  readonly value: () => number;
  /** By how much y grows with x, by least squares; 0 where x never changed. */
  readonly slope: () => number;
}

/** By Welford's updates, which stay exact where variances are small against means. */
export function correlation(): Correlation {
  let weights = 0;
  let [meanX, meanY, xx, yy, xy] = [0, 0, 0, 0, 0];
  return {
    add: (weight, x, y) => {
      weights += weight;
      const [dx, dy] = [x - meanX, y - meanY];
      meanX += (weight / weights) * dx;
      meanY += (weight / weights) * dy;
      xx += weight * dx * (x - meanX);
      yy += weight * dy * (y - meanY);
      xy += weight * dx * (y - meanY);
    },
    slope: () => (xx > 0 ? xy / xx : 0),
    value: () => (xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0),
  };
}
