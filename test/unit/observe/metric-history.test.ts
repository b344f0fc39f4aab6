import { describe, expect, test } from 'vitest'
import { LatencyHistogram } from '../../../src/node/observe/latency-histogram.ts'
import type { HistorySample } from '../../../src/node/observe/metric-history.ts'
import { MetricHistory } from '../../../src/node/observe/metric-history.ts'
import type { MetricSeriesName } from '../../../src/shared/metric-series.ts'
import { metricSeriesNames } from '../../../src/shared/metric-series.ts'
import { ManualClock } from '../../support/key-value-world.ts'

class Bed {
  readonly clock = new ManualClock()
  readonly history = new MetricHistory(this.clock)
  sample: HistorySample = { liveBytes: 1000, eventLoopP99Ms: 1 }

  constructor() {
    this.clock.advance(288_000 - (this.clock.nowMs() % 288_000)) // every ring begins a step
    this.history.range(['puts'], 900)
    this.history.start(() => this.sample)
  }

  /** Moves the time in steps of the finest ring. */
  run(seconds: number, each: (second: number) => void = () => {}): void {
    for (let second = 0; second < seconds; second += 3) {
      each(second)
      this.clock.advance(3000)
    }
  }

  values(name: MetricSeriesName, seconds: 900 | 3600 | 86_400 = 900): (number | null)[] {
    return this.history.range([name], seconds).series[0]?.values ?? []
  }

  last(name: MetricSeriesName, seconds: 900 | 3600 | 86_400 = 900): number | null | undefined {
    return this.values(name, seconds).at(-1)
  }
}

describe('a histogram', () => {
  test('tells quantiles within a twentieth, from microseconds to minutes', () => {
    for (const scale of [0.05, 1, 40, 2000]) {
      const histogram = new LatencyHistogram()
      for (let index = 1; index <= 1000; index++) histogram.observe((index / 1000) * scale)
      expect((histogram.quantile(0.5) ?? 0) / scale).toBeCloseTo(0.5, 1)
      expect(Math.abs((histogram.quantile(0.99) ?? 0) / scale / 0.99 - 1)).toBeLessThan(0.05)
    }
  })

  test('takes anything, is empty after it was cleared, and adds up', () => {
    const histogram = new LatencyHistogram()
    expect(histogram.quantile(0.5)).toBeUndefined()
    for (const value of [0, -1, 1e9, 0.000_1]) histogram.observe(value)
    expect(histogram.count).toBe(4)
    const other = new LatencyHistogram()
    other.add(histogram)
    histogram.clear()
    expect([histogram.count, other.count, histogram.quantile(0.5)]).toEqual([0, 4, undefined])
    expect(other.quantile(1)).toBeGreaterThan(100_000)
  })
})

describe('series', () => {
  test('every range has 300 points, and what is gathered shows in all of them', () => {
    const bed = new Bed()
    bed.run(288, () => {
      bed.history.changed(3, 300, 2)
      bed.history.read(6, 30, 1)
      bed.history.synced(4)
    })
    for (const seconds of [900, 3600, 86_400] as const) {
      const { series, stepMs, fromMs } = bed.history.range(metricSeriesNames, seconds)
      expect(stepMs * 300).toBe(seconds * 1000)
      expect(fromMs + 300 * stepMs).toBe(bed.clock.nowMs())
      expect(series.map(({ values }) => values.length)).toEqual(metricSeriesNames.map(() => 300))
      expect(bed.last('puts', seconds)).toBeCloseTo(1)
      expect(bed.last('in-bytes', seconds)).toBeCloseTo(100)
      expect(bed.last('gets', seconds)).toBeCloseTo(2)
      expect(bed.last('out-bytes', seconds)).toBeCloseTo(10)
      expect(Math.abs((bed.last('write-p50', seconds) ?? 0) / 2 - 1)).toBeLessThan(0.05)
      expect(Math.abs((bed.last('read-p99', seconds) ?? 0) - 1)).toBeLessThan(0.05)
      expect(Math.abs((bed.last('sync-p99', seconds) ?? 0) / 4 - 1)).toBeLessThan(0.05)
      expect(bed.last('live-bytes', seconds)).toBe(1000)
    }
  })

  test('idle: rates are 0, latencies unknown; before the start nothing is known', () => {
    const bed = new Bed()
    bed.run(9)
    expect([bed.last('puts'), bed.last('write-p99'), bed.values('puts').at(-10)]).toEqual([0, null, null])
  })

  test('the event loop’s worst goes into the longer steps', () => {
    const bed = new Bed()
    bed.run(12, (second) => {
      bed.sample = { liveBytes: second, eventLoopP99Ms: second === 3 ? 80 : 1 }
    })
    expect([bed.last('event-loop-p99'), bed.last('event-loop-p99', 3600), bed.last('live-bytes', 3600)]).toEqual([1, 80, 9])
  })

  test('a process that slept has a hole, one whose clock was set back goes on', () => {
    const bed = new Bed()
    bed.run(6)
    bed.clock.advance(30_000)
    expect(bed.values('puts').slice(-11)).toEqual([0, 0, ...Array.from({ length: 9 }, () => null)])
    bed.clock.advance(-600_000)
    bed.run(3)
    const { fromMs, stepMs } = bed.history.range(['puts'], 900)
    expect(fromMs + 300 * stepMs).toBe(bed.clock.nowMs())
    expect(bed.last('puts')).toBe(0)
  })

  test('a stopped history makes no points by itself', () => {
    const bed = new Bed()
    let asked = 0
    bed.history.start(() => ({ liveBytes: ++asked, eventLoopP99Ms: 0 }))
    bed.run(6)
    bed.history[Symbol.dispose]()
    bed.run(30)
    expect(asked).toBe(2)
  })
})

describe('what status asks', () => {
  test('latency is of the last minute, the running step included', () => {
    const bed = new Bed()
    expect(bed.history.latency()).toEqual({ read: { p50Ms: null, p99Ms: null }, write: { p50Ms: null, p99Ms: null } })
    bed.history.changed(1, 1, 50)
    expect(bed.history.latency().write.p50Ms).toBeGreaterThan(45)
    bed.run(57)
    expect(bed.history.latency().write.p50Ms).not.toBeNull()
    bed.run(9)
    expect(bed.history.latency().write).toEqual({ p50Ms: null, p99Ms: null })
  })

  test('throughput is of the last seconds', () => {
    const bed = new Bed()
    bed.run(3, () => bed.history.changed(1, 3000, 1))
    expect(bed.history.throughput()).toEqual({ inBytesPerSecond: 1000, outBytesPerSecond: 0 })
    bed.run(6)
    expect(bed.history.throughput().inBytesPerSecond).toBe(0)
  })

  test('days to full follow the line through the recorded sizes', () => {
    const bed = new Bed()
    expect(bed.history.daysToFull(1000)).toBeNull()
    const grow = (from: number) => (second: number) => {
      bed.sample = { liveBytes: 1000 + (from + second) * 10, eventLoopP99Ms: 0 }
    }
    bed.run(1200, grow(0))
    expect(bed.history.daysToFull(864_000 * 5)).toBeNull()
    bed.run(80_000, grow(1200))
    expect(bed.history.daysToFull(864_000 * 5)).toBeNull()
    bed.run(86_400 + 600 - 81_200, grow(81_200))
    expect(bed.history.daysToFull(864_000 * 5)).toBeCloseTo(5, 3)
    expect(bed.history.daysToFull(-1)).toBe(0)
    bed.run(4 * 86_400, (second) => {
      bed.sample = { liveBytes: 5000 - (second % 4), eventLoopP99Ms: 0 }
    })
    expect(bed.history.daysToFull(1e6)).toBeNull()
  })
})

test('recording costs less than a microsecond', () => {
  const bed = new Bed()
  const started = performance.now()
  for (let index = 0; index < 200_000; index++) bed.history.changed(1, 100, index % 50)
  expect(performance.now() - started).toBeLessThan(200)
})
