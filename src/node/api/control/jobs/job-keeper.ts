import type { Job, JobRequest } from '../../../../ipc/contract/job-schemas.ts'
import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import { CodedError } from '../../../../shared/coded-error.ts'
import { toHex } from '../../../core/base/bytes.ts'
import type { KeyValueService } from '../../../engine/kv/key-value-service.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Random } from '../../../ports/random.ts'
import { controlLimits } from '../control-limits.ts'
import { runDeleteJob } from './delete-job.ts'
import type { TakenPiece } from './export-job.ts'
import { ExportJob } from './export-job.ts'
import type { FedPiece } from './import-job.ts'
import { ImportJob } from './import-job.ts'
import type { JobFacts } from './job-record.ts'
import { JobRecord } from './job-record.ts'

export interface JobKeeperParts {
  /** The same service that gRPC serves. */
  readonly keyValues: KeyValueService
  readonly clock: Clock
  readonly random: Random
  readonly isReadOnly: () => boolean
  /** A job came, moved on, ended or went. */
  readonly changed: () => void
}

interface KeptJob {
  readonly record: JobRecord
  readonly importing?: ImportJob
  readonly exporting?: ExportJob
  /** Work that goes on by itself. */
  readonly work?: Promise<void>
  /** Ends a job that nobody feeds or empties. */
  idle?: Disposable
}

/** The jobs of a node's screens: what runs, and what is remembered of those that ended. They end with the node. */
export class JobKeeper implements AsyncDisposable {
  readonly #parts: JobKeeperParts
  readonly #jobs = new Map<string, KeptJob>()

  constructor(parts: JobKeeperParts) {
    this.#parts = parts
  }

  /** Newest first. */
  list(): Job[] {
    return [...this.#jobs.values()].reverse().map(({ record }) => record.snapshot())
  }

  /** Throws CodedError `invalid-argument` or `queue-full`. */
  create(request: JobRequest): Job {
    switch (request.kind) {
      case 'import': {
        const { kind, prefix, source, itemsTotal, bytesTotal } = request
        const record = this.#newRecord({ kind, prefix, source, itemsTotal, bytesTotal })
        return this.#keep({ record, importing: new ImportJob(record, request, this.#parts) })
      }
      case 'export': {
        const record = this.#newRecord({ kind: 'export', prefix: request.prefix })
        return this.#keep({ record, exporting: new ExportJob(record, this.#parts.keyValues) })
      }
      case 'delete': {
        const record = this.#newRecord({ kind: 'delete', prefix: request.prefix })
        return this.#keep({ record, work: runDeleteJob(record, this.#parts) })
      }
    }
  }

  /** Resolves when there is room for the next piece. A job that has ended takes nothing, which its answer says. */
  async feed(id: string, piece: FedPiece, signal: AbortSignal): Promise<Job> {
    return await this.#with(id, 'importing', (job) => untilAborted(job.feed(piece), signal))
  }

  async finish(id: string, signal: AbortSignal): Promise<Job> {
    return await this.#with(id, 'importing', (job) => untilAborted(job.finish(), signal))
  }

  async take(id: string, signal: AbortSignal): Promise<TakenPiece & { readonly job: Job }> {
    let piece: TakenPiece | undefined
    const job = await this.#with(id, 'exporting', async (exporting) => {
      piece = await exporting.take(signal)
    })
    return { bytes: new Uint8Array(0), done: true, ...piece, job }
  }

  cancel(id: string): Job {
    const { record } = this.#find(id)
    record.end('cancelled')
    return record.snapshot()
  }

  /** Forgets a job; one that runs is cancelled. One that is not known is forgotten already. */
  dismiss(id: string): void {
    const job = this.#jobs.get(id)
    if (job === undefined) return
    job.record.end('cancelled')
    this.#jobs.delete(id)
    this.#parts.changed()
  }

  async stop(): Promise<void> {
    const jobs = [...this.#jobs.values()]
    for (const { record } of jobs) record.end('cancelled', 'the node stopped')
    await Promise.all(jobs.map(({ work }) => work))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #with<Kind extends 'importing' | 'exporting'>(
    id: string,
    kind: Kind,
    action: (job: NonNullable<KeptJob[Kind]>) => Promise<void>,
  ): Promise<Job> {
    const kept = this.#find(id)
    const job = kept[kind]
    if (job === undefined)
      throw new CodedError('invalid-argument', `job ${id} is no ${kind === 'importing' ? 'import' : 'export'}`)
    kept.idle?.[Symbol.dispose]()
    try {
      await action(job)
    } finally {
      this.#armIdle(kept)
    }
    return kept.record.snapshot()
  }

  #newRecord(facts: Omit<JobFacts, 'id'>): JobRecord {
    if (!facts.prefix.isWellFormed()) throw new CodedError('invalid-argument', 'the prefix is not well-formed text')
    const running = [...this.#jobs.values()].filter(({ record }) => record.running)
    const { jobsRunningMax } = controlLimits
    if (running.length >= jobsRunningMax)
      throw new CodedError('queue-full', `${jobsRunningMax} jobs are running, wait for one of them or cancel it`)
    const { clock, random, changed } = this.#parts
    return new JobRecord({ ...facts, id: toHex(random.bytes(8)) }, { nowMs: () => clock.nowMs(), changed })
  }

  #keep(job: KeptJob): Job {
    if (this.#jobs.size >= wireLimits.jobsMax) this.#forgetOldest()
    this.#jobs.set(job.record.id, job)
    if (job.work === undefined) this.#armIdle(job)
    job.record.signal.addEventListener('abort', () => job.idle?.[Symbol.dispose](), { once: true })
    this.#parts.changed()
    return job.record.snapshot()
  }

  #forgetOldest(): void {
    for (const [id, { record }] of this.#jobs) {
      if (record.running) continue
      this.#jobs.delete(id)
      return
    }
  }

  #armIdle(job: KeptJob): void {
    job.idle?.[Symbol.dispose]()
    if (!job.record.running) return
    const { jobIdleMs } = controlLimits
    const what = job.importing === undefined ? 'nobody took a piece of it' : 'nothing was fed'
    job.idle = this.#parts.clock.after(jobIdleMs, () => {
      job.record.end('failed', `${what} for ${jobIdleMs / 60_000} minutes`)
    })
  }

  #find(id: string): KeptJob {
    const job = this.#jobs.get(id)
    if (job === undefined) throw new CodedError('invalid-argument', `there is no job ${id}`)
    return job
  }
}

/** Waits no longer than the caller does; the work goes on. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
