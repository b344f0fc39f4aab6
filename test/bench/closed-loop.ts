import { performance } from 'node:perf_hooks'
import { percentile } from './percentiles.ts'

export interface LoopResult {
  /** Measured, and in all. */
  readonly operations: number
  readonly called: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/**
 * A fixed number of callers, each sending its next call when the last is answered, for a time. Latencies of a closed loop
 * leave out the calls that a slow server kept from being sent; compare only loops of the same width.
 */
export async function runClosedLoop(
  call: (sequence: number) => Promise<void>,
  { inFlight, durationMs, warmUpMs }: { readonly inFlight: number; readonly durationMs: number; readonly warmUpMs: number },
): Promise<LoopResult> {
  let sequence = 0
  const latencies: number[] = []
  const start = performance.now()
  const measureFrom = start + warmUpMs
  const end = measureFrom + durationMs
  const caller = async (): Promise<void> => {
    for (;;) {
      const began = performance.now()
      if (began >= end) return
      await call(sequence++)
      if (began >= measureFrom) latencies.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  const elapsedMs = performance.now() - measureFrom
  const samples = Float64Array.from(latencies)
  return {
    operations: samples.length,
    called: sequence,
    perSecond: (samples.length * 1000) / elapsedMs,
    p50Ms: percentile(samples, 0.5),
    p99Ms: percentile(samples, 0.99),
    maxMs: percentile(samples, 1),
  }
}
