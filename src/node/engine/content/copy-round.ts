import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { Member } from '../../core/consensus/group.ts'
import { Deadline } from '../deadline.ts'
import type { ContentParts } from './content-parts.ts'

type RoundParts = Pick<ContentParts, 'clock' | 'limits' | 'placement' | 'request'>

/**
 * One change on its way to several members at once. A member that is not reached is told again until the time is over, enough others
 * have the change, or the placement has changed meanwhile.
 */
export class CopyRound {
  readonly #parts: RoundParts
  readonly #deadline: Deadline
  readonly #epoch: number
  readonly #calls: Promise<void>[] = []
  readonly #failures: unknown[] = []
  #open = 0
  #isAnswered = false
  #settled = (): void => undefined

  constructor(parts: RoundParts, stopped: AbortSignal) {
    this.#parts = parts
    this.#epoch = parts.placement.epoch
    this.#deadline = new Deadline(parts.clock, parts.limits.contentTimeoutMs, stopped)
  }

  /** Members whose answer is not known yet. */
  get open(): number {
    return this.#open
  }

  /** The groups are others than when it began. */
  get isOutdated(): boolean {
    return this.#parts.placement.epoch !== this.#epoch
  }

  /** Carries out one member's part; a failure is kept. */
  start(part: () => Promise<void>): void {
    this.#open++
    this.#calls.push(this.#run(part))
  }

  async ask(member: Member, body: Uint8Array): Promise<Uint8Array> {
    const { clock, limits, request } = this.#parts
    const { signal } = this.#deadline
    for (let restMs = limits.contentRetryMs; ; restMs = Math.min(restMs * 2, limits.contentRetryMaxMs)) {
      try {
        return await request(member.nodeId, body, { signal })
      } catch (error) {
        if (signal.aborted || this.#isAnswered || this.isOutdated || !isCoded(error, 'unavailable')) throw error
      }
      await clock.sleep(restMs, signal)
    }
  }

  /** For what nobody waits for and may be left out. */
  async askOnce(member: Member, body: Uint8Array): Promise<Uint8Array> {
    return await this.#parts.request(member.nodeId, body, { signal: this.#deadline.signal, bulk: true })
  }

  /** Whether enough members did their part; looks again after each of them. */
  enough(holds: () => boolean): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#settled = () => {
      if (holds()) resolve(true)
      else if (this.#open === 0) resolve(false)
    }
    this.#settled()
    return promise.finally(() => {
      this.#isAnswered = true
    })
  }

  /** Resolves when nothing of it is on its way any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#calls)
    this.#deadline[Symbol.dispose]()
  }

  /** What the caller is told where too few did their part. */
  failure(): CodedError {
    const full = this.#failures.find((error) => isCoded(error, 'storage-full'))
    if (full instanceof CodedError)
      return new CodedError('storage-full', 'too many nodes that would hold this block are full; nothing was changed', {
        cause: full,
      })
    const other = this.#failures.find((error) => error instanceof CodedError && !passing.has(error.code))
    if (other instanceof CodedError) return other
    return new CodedError('unavailable', 'too few of the nodes that would hold this block answer; nothing was changed', {
      cause: this.#failures[0],
    })
  }

  async #run(part: () => Promise<void>): Promise<void> {
    try {
      await part()
    } catch (error) {
      this.#failures.push(error)
    }
    this.#open--
    this.#settled()
  }
}

const passing = new Set(['unavailable', 'deadline-exceeded', 'cancelled', 'not-running'])
