/** How far a job has come and when it may be over, by what was seen of it. */

import type { Job } from '../../ipc/contract/job-schemas.ts'

export interface JobSample {
  readonly atMs: number
  readonly bytesDone: number
  readonly itemsDone: number
}

export interface EtaRange {
  readonly lowMs: number
  readonly highMs: number
}

export interface JobProgress {
  /** Between 0 and 1; undefined while the end is not known. */
  readonly fraction: number | undefined
  readonly bytesLeft: number | undefined
  readonly itemsLeft: number | undefined
  readonly bytesPerSecond: number | undefined
  readonly itemsPerSecond: number | undefined
  readonly eta: EtaRange | undefined
  /** It runs, but nothing moved for a while. */
  readonly stalled: boolean
}

/** How long samples count as recent. */
export const recentMs = 15_000
/** Before that, a speed is chance. */
const speedAfterMs = 2_000
const stalledAfterMs = 10_000
/** No estimate is better than this share of itself. */
const leastSpread = 0.1

interface Work {
  readonly done: number
  readonly total: number | undefined
  readonly of: (sample: JobSample) => number
}

/** Bytes say most of how long something takes; where they are not known, items do. */
function workOf(job: Job): Work {
  if (job.bytesTotal !== undefined && job.bytesTotal > 0) {
    return { done: job.bytesDone, total: job.bytesTotal, of: (sample) => sample.bytesDone }
  }
  return { done: job.itemsDone, total: job.itemsTotal, of: (sample) => sample.itemsDone }
}

/** Per second over the recent samples; undefined while there are too few. */
function recentSpeed(samples: readonly JobSample[], of: (sample: JobSample) => number): number | undefined {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.atMs - first.atMs < speedAfterMs) return undefined
  return Math.max(0, of(last) - of(first)) / ((last.atMs - first.atMs) / 1000)
}

function meanSpeed(done: number, elapsedMs: number): number | undefined {
  return elapsedMs < speedAfterMs ? undefined : done / (elapsedMs / 1000)
}

/** Between the speed of the last seconds and that of the whole job, and never narrower than chance allows. */
export function etaRange(left: number, speeds: readonly (number | undefined)[]): EtaRange | undefined {
  const known = speeds.filter((speed): speed is number => speed !== undefined && speed > 0)
  if (left <= 0 || known.length === 0) return undefined
  const times = known.map((speed) => (left / speed) * 1000)
  return { lowMs: Math.min(...times) * (1 - leastSpread), highMs: Math.max(...times) * (1 + leastSpread) }
}

function leftOf(total: number | undefined, done: number): number | undefined {
  return total === undefined ? undefined : Math.max(0, total - done)
}

export function jobProgress(job: Job, samples: readonly JobSample[], nowMs: number): JobProgress {
  const work = workOf(job)
  const running = job.state === 'running'
  const fraction = fractionOf(job, work)
  const recent = recentSpeed(samples, work.of)
  const left = leftOf(work.total, work.done)
  const first = samples[0]
  const last = samples.at(-1)
  const seenMs = first === undefined || last === undefined ? 0 : last.atMs - first.atMs
  const stalled = running && seenMs >= stalledAfterMs && recent === 0
  return {
    fraction,
    bytesLeft: leftOf(job.bytesTotal, job.bytesDone),
    itemsLeft: leftOf(job.itemsTotal, job.itemsDone),
    bytesPerSecond: running ? recentSpeed(samples, (sample) => sample.bytesDone) : undefined,
    itemsPerSecond: running ? recentSpeed(samples, (sample) => sample.itemsDone) : undefined,
    eta:
      running && !stalled && left !== undefined
        ? etaRange(left, [recent, meanSpeed(work.done, nowMs - job.startedMs)])
        : undefined,
    stalled,
  }
}

function fractionOf(job: Job, { done, total }: Work): number | undefined {
  if (job.state === 'done') return 1
  if (total === undefined || total <= 0) return undefined
  return Math.min(1, done / total)
}

/** The samples with one more, without those that are no longer recent. A second look at the same moment adds nothing. */
export function withSample(samples: readonly JobSample[], sample: JobSample): readonly JobSample[] {
  if (samples.at(-1)?.atMs === sample.atMs) return samples
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= recentMs), sample]
}

export interface EtaText {
  readonly unit: 'second' | 'minute' | 'hour' | 'day'
  readonly low: number
  readonly high: number
}

const unitsMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const

/** In whole numbers of the unit that suits the longer end: 6 to 9 minutes. */
export function roundedEta({ lowMs, highMs }: EtaRange): EtaText {
  const unit =
    highMs < 90_000 ? 'second' : highMs < 90 * unitsMs.minute ? 'minute' : highMs < 48 * unitsMs.hour ? 'hour' : ('day' as const)
  const step = unit === 'second' && highMs > 10_000 ? 5 : 1
  const low = Math.floor(lowMs / unitsMs[unit] / step) * step
  const high = Math.max(1, Math.ceil(highMs / unitsMs[unit] / step) * step)
  return { unit, low, high }
}
