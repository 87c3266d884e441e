/** The value that a share of the sample does not exceed (nearest rank); NaN for an empty sample. */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = Float64Array.from(sample).toSorted();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
