import type { MetricSeriesName } from '../../shared/metric-series.ts'
import { metricSeriesNames } from '../../shared/metric-series.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { observeLimits } from './observe-limits.ts'

/** What is gathered between two points. */
export class StepTotals {
  inBytes = 0
  outBytes = 0
  puts = 0
  gets = 0
  readonly write = new LatencyHistogram()
  readonly read = new LatencyHistogram()
  readonly sync = new LatencyHistogram()
  /** The worst of the steps that went into this one. */
  eventLoopP99Ms: number | undefined
  liveBytes: number | undefined

  add(other: StepTotals): void {
    this.inBytes += other.inBytes
    this.outBytes += other.outBytes
    this.puts += other.puts
    this.gets += other.gets
    this.write.add(other.write)
    this.read.add(other.read)
    this.sync.add(other.sync)
    const worst = Math.max(this.eventLoopP99Ms ?? 0, other.eventLoopP99Ms ?? 0)
    if (this.eventLoopP99Ms !== undefined || other.eventLoopP99Ms !== undefined) this.eventLoopP99Ms = worst
    this.liveBytes = other.liveBytes ?? this.liveBytes
  }

  clear(): void {
    this.inBytes = 0
    this.outBytes = 0
    this.puts = 0
    this.gets = 0
    this.write.clear()
    this.read.clear()
    this.sync.clear()
    this.eventLoopP99Ms = undefined
    this.liveBytes = undefined
  }

  /** The point that it makes after so many seconds. */
  valueOf(series: MetricSeriesName, seconds: number): number | undefined {
    switch (series) {
      case 'in-bytes':
        return this.inBytes / seconds
      case 'out-bytes':
        return this.outBytes / seconds
      case 'puts':
        return this.puts / seconds
      case 'gets':
        return this.gets / seconds
      case 'write-p50':
        return this.write.quantile(0.5)
      case 'write-p99':
        return this.write.quantile(0.99)
      case 'read-p50':
        return this.read.quantile(0.5)
      case 'read-p99':
        return this.read.quantile(0.99)
      case 'sync-p99':
        return this.sync.quantile(0.99)
      case 'event-loop-p99':
        return this.eventLoopP99Ms
      case 'live-bytes':
        return this.liveBytes
    }
  }
}

/** The points of all series at one distance, the newest ones of them. */
export class PointRing {
  readonly stepMs: number
  readonly totals = new StepTotals()
  readonly #columns: ReadonlyMap<MetricSeriesName, Float64Array>
  #next = 0
  /** Number of the step that is under way, counted from the Unix epoch. */
  #step: number
  #begunMs: number

  constructor(stepMs: number, nowMs: number, monotonicMs: number) {
    this.stepMs = stepMs
    this.#step = Math.floor(nowMs / stepMs)
    this.#begunMs = monotonicMs
    const column = () => new Float64Array(observeLimits.metricPoints).fill(Number.NaN)
    this.#columns = new Map(metricSeriesNames.map((series) => [series, column()]))
  }

  /** Unix milliseconds at which the step under way began. */
  get stepStartMs(): number {
    return this.#step * this.stepMs
  }

  /** True when the step under way is over; `close` is to be called then. */
  isOver(nowMs: number): boolean {
    return Math.floor(nowMs / this.stepMs) !== this.#step
  }

  /** Makes a point of what was gathered. Steps in which the process did not run get none; a clock that was set back costs one step. */
  close(nowMs: number, monotonicMs: number): void {
    const step = Math.floor(nowMs / this.stepMs)
    const seconds = Math.max(1, monotonicMs - this.#begunMs) / 1000
    this.#append((series) => this.totals.valueOf(series, seconds))
    const missing = Math.min(observeLimits.metricPoints, step - this.#step - 1)
    for (let index = 0; index < missing; index++) this.#append(() => undefined)
    this.totals.clear()
    this.#step = step
    this.#begunMs = monotonicMs
  }

  /** Oldest first, ending with the last step that is over. */
  values(series: MetricSeriesName): (number | null)[] {
    const column = this.#columns.get(series) ?? new Float64Array(0)
    const ordered = [...column.subarray(this.#next), ...column.subarray(0, this.#next)]
    return ordered.map((value) => (Number.isNaN(value) ? null : value))
  }

  #append(pointOf: (series: MetricSeriesName) => number | undefined): void {
    for (const [series, column] of this.#columns) column[this.#next] = pointOf(series) ?? Number.NaN
    this.#next = (this.#next + 1) % observeLimits.metricPoints
  }
}
