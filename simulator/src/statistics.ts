/** The value below which a share of the sample lies (nearest rank); undefined for an empty sample. */
export function percentile(sample: readonly number[], share: number): number | undefined {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
