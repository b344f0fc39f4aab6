const stepsMs = [500, 1000, 2000, 5000, 10_000, 15_000]

/** The longest wait while somebody looks at the window. */
export const seenBackOffMaxMs = 5000

/** Time until the next attempt after `failures` failed ones, spread so that many screens do not come back at once. */
export function backOffMs(failures: number, random: () => number = Math.random, mostMs = Number.POSITIVE_INFINITY): number {
  const base = stepsMs[Math.min(failures, stepsMs.length - 1)] ?? 15_000
  return Math.min(mostMs, Math.round(base * (0.8 + random() * 0.4)))
}
