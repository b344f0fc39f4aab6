import type { Job, JobRequest } from '../../ipc/contract/job-schemas.ts'
import type { DemoKeys } from './demo-keys.ts'

interface Running {
  job: Job
  readonly request: JobRequest
  readonly pieces: Map<string, Uint8Array[]>
  exported: number
}

/** Imports, exports and removals of the demo, done piece by piece as they are asked for. */
export class DemoJobs {
  readonly #keys: DemoKeys
  readonly #changed: () => void
  readonly #jobs = new Map<string, Running>()
  #count = 0

  constructor(keys: DemoKeys, changed: () => void) {
    this.#keys = keys
    this.#changed = changed
  }

  list(): Job[] {
    return Array.from(this.#jobs.values(), ({ job }) => job)
  }

  create(request: JobRequest): Job {
    this.#count += 1
    const id = `job-${this.#count}`
    const total = request.kind === 'import' ? request.itemsTotal : this.#keys.under(request.prefix).length
    const job: Job = {
      id,
      kind: request.kind,
      prefix: request.prefix,
      ...(request.kind === 'import' && request.source !== undefined && { source: request.source }),
      state: 'running',
      startedMs: Date.now(),
      itemsDone: 0,
      ...(total !== undefined && { itemsTotal: total }),
      bytesDone: 0,
      skipped: 0,
      failed: 0,
      failures: [],
    }
    this.#jobs.set(id, { job, request, pieces: new Map(), exported: 0 })
    if (request.kind === 'delete') {
      const keys = this.#keys.under(request.prefix)
      for (const key of keys) this.#keys.delete(key)
      return this.#update(id, { state: 'done', endedMs: Date.now(), itemsDone: keys.length })
    }
    this.#changed()
    return job
  }

  feed(id: string, path: string, bytes: Uint8Array, last: boolean): Job {
    const running = this.#need(id)
    const pieces = [...(running.pieces.get(path) ?? []), bytes]
    running.pieces.set(path, pieces)
    const { itemsDone, bytesDone, skipped } = running.job
    if (!last) return this.#update(id, { bytesDone: bytesDone + bytes.length })
    running.pieces.delete(path)
    const key = running.request.prefix + path
    const skip = running.request.kind === 'import' && running.request.mode === 'skip' && this.#keys.get(key) !== undefined
    if (!skip) this.#keys.put(key, joined(pieces), '')
    return this.#update(id, { bytesDone: bytesDone + bytes.length, itemsDone: itemsDone + 1, skipped: skipped + (skip ? 1 : 0) })
  }

  take(id: string): { bytes: Uint8Array<ArrayBuffer>; done: boolean; job: Job } {
    const running = this.#need(id)
    const keys = this.#keys.under(running.request.prefix).slice(running.exported, running.exported + 200)
    running.exported += keys.length
    const lines = keys.map((key) => `${JSON.stringify({ key, value: '', contentType: '' })}\n`).join('')
    const done = running.exported >= (running.job.itemsTotal ?? 0)
    const bytes = new TextEncoder().encode(lines)
    const job = this.#update(id, {
      itemsDone: running.exported,
      bytesDone: running.job.bytesDone + bytes.length,
      ...(done && { state: 'done', endedMs: Date.now() }),
    })
    return { bytes, done, job }
  }

  end(id: string, state: 'done' | 'cancelled'): Job {
    return this.#update(id, { state, endedMs: Date.now() })
  }

  dismiss(id: string): void {
    this.#jobs.delete(id)
    this.#changed()
  }

  #need(id: string): Running {
    const running = this.#jobs.get(id)
    if (running === undefined) throw new Error(`there is no job ${id}`)
    return running
  }

  #update(id: string, change: Partial<Job>): Job {
    const running = this.#need(id)
    running.job = { ...running.job, ...change }
    this.#changed()
    return running.job
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
