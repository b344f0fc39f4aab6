/** The p-th percentile (0 to 1) of samples in any order, by nearest rank; NaN of nothing. */
export function percentile(samples: Float64Array, p: number): number {
  if (samples.length === 0) return Number.NaN
  const sorted = samples.slice().sort()
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return percentile(Float64Array.from(values), 0.5)
}
