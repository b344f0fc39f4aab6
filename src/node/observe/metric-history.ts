import type { MetricSeriesName } from '../../shared/metric-series.ts'
import type { Clock } from '../ports/clock.ts'
import type { ActivityRecorder } from './activity-recorder.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { PointRing, StepTotals } from './metric-steps.ts'
import { observeLimits } from './observe-limits.ts'

/** Seconds that a range covers: each has its own ring, and a step of a 300th of it. */
export const historyRangesSeconds = [900, 3600, 86_400] as const
export type HistoryRangeSeconds = (typeof historyRangesSeconds)[number]

/** What is asked for once in a step. */
export interface HistorySample {
  readonly liveBytes: number | undefined
  readonly eventLoopP99Ms: number | undefined
}

export interface HistoryRange {
  readonly fromMs: number
  readonly stepMs: number
  readonly series: { readonly name: MetricSeriesName; readonly values: (number | null)[] }[]
}

export interface Quantiles {
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

interface RecentStep {
  readonly read: LatencyHistogram
  readonly write: LatencyHistogram
  /** On the monotonic clock; what ended long ago is not recent. */
  endedMs: number
}

const stepsMs = historyRangesSeconds.map((seconds) => (seconds * 1000) / observeLimits.metricPoints)
const baseStepMs = Math.min(...stepsMs)
const dayMs = 24 * 60 * 60_000
/** A day may have gaps; with more of them than that it tells of chance and not of a trend. */
const trendPointsMin = 150
/** What would take longer does not grow for people. */
const daysMax = 3650

/** What a node did in the last day, in memory only: 300 points of each series for each range, about 120 KB in all. */
export class MetricHistory implements ActivityRecorder, Disposable {
  readonly #clock: Clock
  #sample: () => HistorySample = () => ({ liveBytes: undefined, eventLoopP99Ms: undefined })
  readonly #base = new StepTotals()
  readonly #rings: readonly PointRing[]
  readonly #recent: readonly RecentStep[]
  #recentNext = 0
  #previous = { inBytes: 0, outBytes: 0, elapsedMs: 0 }
  #baseBegunMs: number
  #timer: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#rings = stepsMs.map((stepMs) => new PointRing(stepMs, clock.nowMs(), clock.monotonicMs()))
    this.#baseBegunMs = clock.monotonicMs()
    const recent = () => ({ read: new LatencyHistogram(), write: new LatencyHistogram(), endedMs: Number.NEGATIVE_INFINITY })
    this.#recent = Array.from({ length: observeLimits.recentMs / baseStepMs }, recent)
  }

  /** From then on it makes points by itself, and asks for what only the node knows. */
  start(sample: () => HistorySample): void {
    this.#sample = sample
    this.#timer ??= this.#arm()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  changed(puts: number, bytes: number, durationMs: number): void {
    this.#base.puts += puts
    this.#base.inBytes += bytes
    this.#base.write.observe(durationMs)
  }

  read(gets: number, bytes: number, durationMs: number): void {
    this.#base.gets += gets
    this.#base.outBytes += bytes
    this.#base.read.observe(durationMs)
  }

  synced(durationMs: number): void {
    this.#base.sync.observe(durationMs)
  }

  range(names: readonly MetricSeriesName[], seconds: HistoryRangeSeconds): HistoryRange {
    this.#roll()
    const ring = this.#ringOf(seconds)
    const fromMs = ring.stepStartMs - observeLimits.metricPoints * ring.stepMs
    return { fromMs, stepMs: ring.stepMs, series: [...new Set(names)].map((name) => ({ name, values: ring.values(name) })) }
  }

  /** Over the last minute. */
  latency(): { readonly read: Quantiles; readonly write: Quantiles } {
    return { read: this.#recentQuantiles('read'), write: this.#recentQuantiles('write') }
  }

  /** Over the last seconds. */
  throughput(): { readonly inBytesPerSecond: number; readonly outBytesPerSecond: number } {
    this.#roll()
    const { inBytes, outBytes, elapsedMs } = this.#previous
    const seconds = Math.max(1, elapsedMs + this.#clock.monotonicMs() - this.#baseBegunMs) / 1000
    return {
      inBytesPerSecond: (inBytes + this.#base.inBytes) / seconds,
      outBytesPerSecond: (outBytes + this.#base.outBytes) / seconds,
    }
  }

  /**
   * Days until so many more bytes are taken, by the straight line through the sizes of a whole day; null before a day is over and while
   * nothing grows.
   */
  daysToFull(roomBytes: number): number | null {
    this.#roll()
    const ring = this.#ringOf(86_400)
    const points = ring.values('live-bytes')
    // The step in which the node began is not a whole one.
    const whole = points.slice(0, 2).some((point) => point !== null)
    if (!whole || points.filter((point) => point !== null).length < trendPointsMin) return null
    const bytesPerDay = (slopeOf(points) / ring.stepMs) * dayMs
    const days = bytesPerDay > 0 ? Math.max(0, roomBytes) / bytesPerDay : Number.POSITIVE_INFINITY
    return days <= daysMax ? days : null
  }

  #arm(): Disposable {
    const untilNextMs = baseStepMs - (this.#clock.nowMs() % baseStepMs)
    return this.#clock.after(untilNextMs, () => {
      this.#roll()
      this.#timer = this.#arm()
    })
  }

  /** Makes points of the steps that are over. */
  #roll(): void {
    const nowMs = this.#clock.nowMs()
    const [base] = this.#rings
    if (base === undefined || !base.isOver(nowMs)) return
    const monotonicMs = this.#clock.monotonicMs()
    const { liveBytes, eventLoopP99Ms } = this.#sample()
    this.#base.liveBytes = liveBytes
    this.#base.eventLoopP99Ms = eventLoopP99Ms
    for (const ring of this.#rings) {
      ring.totals.add(this.#base)
      if (ring.isOver(nowMs)) ring.close(nowMs, monotonicMs)
    }
    this.#keepRecent(monotonicMs)
    this.#base.clear()
    this.#baseBegunMs = monotonicMs
  }

  #keepRecent(monotonicMs: number): void {
    const { inBytes, outBytes, read, write } = this.#base
    this.#previous = { inBytes, outBytes, elapsedMs: monotonicMs - this.#baseBegunMs }
    const slot = this.#recent[this.#recentNext]
    this.#recentNext = (this.#recentNext + 1) % this.#recent.length
    if (slot === undefined) return
    slot.endedMs = monotonicMs
    slot.read.clear()
    slot.read.add(read)
    slot.write.clear()
    slot.write.add(write)
  }

  #recentQuantiles(kind: 'read' | 'write'): Quantiles {
    this.#roll()
    const sinceMs = this.#clock.monotonicMs() - observeLimits.recentMs
    const all = new LatencyHistogram()
    all.add(this.#base[kind])
    for (const step of this.#recent) if (step.endedMs > sinceMs) all.add(step[kind])
    return { p50Ms: all.quantile(0.5) ?? null, p99Ms: all.quantile(0.99) ?? null }
  }

  #ringOf(seconds: HistoryRangeSeconds): PointRing {
    const ring = this.#rings[historyRangesSeconds.indexOf(seconds)]
    if (ring === undefined) throw new RangeError(`there is no history of ${seconds} seconds`)
    return ring
  }
}

/** Growth per step of the straight line that is nearest to the points. */
function slopeOf(points: readonly (number | null)[]): number {
  const known = points.flatMap((value, index) => (value === null ? [] : [{ index, value }]))
  const meanIndex = known.reduce((sum, { index }) => sum + index, 0) / known.length
  const meanValue = known.reduce((sum, { value }) => sum + value, 0) / known.length
  const rise = known.reduce((sum, { index, value }) => sum + (index - meanIndex) * (value - meanValue), 0)
  const run = known.reduce((sum, { index }) => sum + (index - meanIndex) ** 2, 0)
  return run === 0 ? 0 : rise / run
}
