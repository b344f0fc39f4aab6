import type { Job, JobKind } from '../../../../ipc/contract/job-schemas.ts'
import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import { CodedError } from '../../../../shared/coded-error.ts'
import { controlLimits } from '../control-limits.ts'

export interface JobFacts {
  readonly id: string
  readonly kind: JobKind
  readonly prefix: string
  readonly source?: string | undefined
  readonly itemsTotal?: number | undefined
  readonly bytesTotal?: number | undefined
}

interface ItemFailure {
  readonly item: string
  readonly reason: string
  readonly byDamage: boolean
}

export interface JobEnvironment {
  readonly nowMs: () => number
  /** Something of the job is different. */
  readonly changed: () => void
}

/** What a job did so far, its end included, and the signal that ends its work. */
export class JobRecord {
  readonly id: string
  readonly kind: JobKind
  readonly prefix: string
  readonly #facts: JobFacts
  readonly #environment: JobEnvironment
  readonly #controller = new AbortController()
  readonly #startedMs: number
  #state: Job['state'] = 'running'
  #endedMs: number | undefined
  #itemsDone = 0
  #bytesDone = 0
  #skipped = 0
  #failed = 0
  readonly #failures: ItemFailure[] = []
  #metDamage = false
  #error: string | undefined
  #listIncomplete = false

  constructor(facts: JobFacts, environment: JobEnvironment) {
    this.id = facts.id
    this.kind = facts.kind
    this.prefix = facts.prefix
    this.#facts = facts
    this.#environment = environment
    this.#startedMs = environment.nowMs()
  }

  /** Aborted at the end of the job. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get running(): boolean {
    return this.#state === 'running'
  }

  itemDone(): void {
    this.#itemsDone += 1
    this.#environment.changed()
  }

  itemSkipped(): void {
    this.#skipped += 1
    this.itemDone()
  }

  itemFailed(item: string, reason: string): void {
    this.#fail({ item, reason, byDamage: false })
  }

  /** The store could not read it. Of a damaged index that says nothing of the value, which another start may find whole. */
  itemDamaged(item: string, reason: string): void {
    this.#metDamage = true
    this.#fail({ item, reason, byDamage: true })
  }

  #fail({ item, reason, byDamage }: ItemFailure): void {
    this.#failed += 1
    if (this.#failures.length < wireLimits.jobFailuresMax)
      this.#failures.push({ item: shortened(item), reason: shortened(reason), byDamage })
    this.itemDone()
  }

  get metDamage(): boolean {
    return this.#metDamage
  }

  /** The node's index is damaged, so that keys below the prefix may be missing from what is listed. */
  listIncomplete(): void {
    this.#listIncomplete = true
  }

  bytesMoved(bytes: number): void {
    this.#bytesDone += bytes
    this.#environment.changed()
  }

  /** The first end holds. */
  end(state: 'done' | 'failed' | 'cancelled', error?: string): void {
    if (!this.running) return
    const isShort = state === 'done' && this.#listIncomplete
    this.#state = isShort ? 'failed' : state
    if (isShort) this.#error = listIncompleteText
    this.#endedMs = this.#environment.nowMs()
    if (error !== undefined) this.#error = shortened(error)
    this.#controller.abort(new CodedError('cancelled', 'the job has ended'))
    this.#environment.changed()
  }

  snapshot(): Job {
    const { source, itemsTotal, bytesTotal } = this.#facts
    return {
      id: this.id,
      kind: this.kind,
      prefix: this.prefix,
      ...(source !== undefined && { source }),
      state: this.#state,
      startedMs: this.#startedMs,
      ...(this.#endedMs !== undefined && { endedMs: this.#endedMs }),
      itemsDone: this.#itemsDone,
      ...(itemsTotal !== undefined && { itemsTotal }),
      bytesDone: this.#bytesDone,
      ...(bytesTotal !== undefined && { bytesTotal }),
      skipped: this.#skipped,
      failed: this.#failed,
      failures: this.#failures.map(({ item, reason, byDamage }) => ({
        item,
        reason: byDamage && this.#listIncomplete ? notNow : reason,
      })),
      ...(this.#error !== undefined && { error: this.#error }),
    }
  }
}

const listIncompleteText =
  'the index of the node is damaged: what it lists was carried out, but keys may be missing from that, and what cannot be read now may be whole; the overview says whether a restart brings it back'
const notNow = 'it cannot be read now, while the index is damaged'

function shortened(text: string): string {
  const { jobTextMax } = controlLimits
  return text.length <= jobTextMax ? text : `${text.slice(0, jobTextMax - 1).toWellFormed()}…`
}
