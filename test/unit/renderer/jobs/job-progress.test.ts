import { describe, expect, it } from 'vitest'
import type { Job } from '../../../../src/ipc/contract/job-schemas.ts'
import { etaText } from '../../../../src/renderer/jobs/eta-text.ts'
import { etaRange, jobProgress, recentMs, roundedEta, withSample } from '../../../../src/renderer/jobs/job-progress.ts'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'

const t = createTexts().getFixedT('en', 'activity')

function job(change: Partial<Job> = {}): Job {
  return {
    id: 'j1',
    kind: 'import',
    prefix: 'orders/',
    state: 'running',
    startedMs: 0,
    itemsDone: 0,
    bytesDone: 0,
    skipped: 0,
    failed: 0,
    failures: [],
    ...change,
  }
}

const sample = (atMs: number, bytesDone: number, itemsDone = 0) => ({ atMs, bytesDone, itemsDone })

describe('etaRange', () => {
  it('spans the speeds, with a margin for chance', () => {
    const eta = etaRange(600, [1, 2])
    expect(eta?.lowMs).toBeCloseTo(270_000)
    expect(eta?.highMs).toBeCloseTo(660_000)
  })

  it('knows nothing without a speed, or with nothing left', () => {
    expect(etaRange(600, [undefined, 0])).toBeUndefined()
    expect(etaRange(0, [5])).toBeUndefined()
  })
})

describe('roundedEta and its text', () => {
  it.each([
    [{ lowMs: 6.2 * 60_000, highMs: 8.4 * 60_000 }, '6-9 min left'],
    [{ lowMs: 4_200, highMs: 8_100 }, '4-9 sec left'],
    [{ lowMs: 31_000, highMs: 44_000 }, '30-45 sec left'],
    [{ lowMs: 100, highMs: 900 }, 'under 1 sec left'],
    [{ lowMs: 3 * 3_600_000, highMs: 3 * 3_600_000 }, 'about 3 hr left'],
    [{ lowMs: 2.1 * 86_400_000, highMs: 2.6 * 86_400_000 }, '2-3 days left'],
  ])('%o is %s', (eta, text) => {
    expect(etaText(eta, t)).toBe(text)
  })

  it('never promises less than a whole unit', () => {
    expect(roundedEta({ lowMs: 0, highMs: 1 })).toEqual({ unit: 'second', low: 0, high: 1 })
  })
})

describe('jobProgress', () => {
  it('reckons by bytes where their total is known', () => {
    const samples = [sample(50_000, 400), sample(60_000, 600)]
    const progress = jobProgress(job({ bytesDone: 600, bytesTotal: 1000, itemsDone: 1, itemsTotal: 100 }), samples, 60_000)
    expect(progress.fraction).toBe(0.6)
    expect(progress.bytesLeft).toBe(400)
    expect(progress.bytesPerSecond).toBe(20)
    // 20 per second lately, 10 per second from the start: 20 to 40 seconds, and the margin.
    expect(progress.eta?.lowMs).toBeCloseTo(18_000)
    expect(progress.eta?.highMs).toBeCloseTo(44_000)
  })

  it('reckons by items otherwise, and has no fraction without any total', () => {
    expect(jobProgress(job({ itemsDone: 25, itemsTotal: 100 }), [], 60_000).fraction).toBe(0.25)
    expect(jobProgress(job({ itemsDone: 25 }), [], 60_000).fraction).toBeUndefined()
  })

  it('estimates nothing in the first moments', () => {
    const samples = [sample(0, 0), sample(900, 500)]
    expect(jobProgress(job({ bytesDone: 500, bytesTotal: 1000 }), samples, 900).eta).toBeUndefined()
  })

  it('says that nothing moves instead of how long it would take', () => {
    const samples = [sample(50_000, 600), sample(61_000, 600)]
    const progress = jobProgress(job({ bytesDone: 600, bytesTotal: 1000 }), samples, 61_000)
    expect(progress.stalled).toBe(true)
    expect(progress.eta).toBeUndefined()
  })

  it('has neither speed nor end once it is over', () => {
    const progress = jobProgress(job({ state: 'done', itemsDone: 3 }), [sample(0, 0), sample(9_000, 90)], 9_000)
    expect(progress).toMatchObject({ fraction: 1, eta: undefined, bytesPerSecond: undefined, stalled: false })
  })
})

describe('withSample', () => {
  it('forgets what is no longer recent and takes a moment only once', () => {
    const old = [sample(0, 1), sample(recentMs, 2)]
    expect(withSample(old, sample(recentMs + 1, 3)).map(({ atMs }) => atMs)).toEqual([recentMs, recentMs + 1])
    expect(withSample(old, sample(recentMs, 9))).toBe(old)
  })
})
