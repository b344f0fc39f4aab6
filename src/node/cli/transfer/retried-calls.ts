import { setTimeout as sleep } from 'node:timers/promises'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'

export interface RetryLimits {
  /** How long a call is tried again while the node does not answer or is too busy, counted from its first failure. */
  readonly awayMaxMs: number
  /** The same before anything was answered: a wrong address is more likely then than a node that starts again. */
  readonly unreachedMaxMs: number
  readonly pauseFirstMs: number
  readonly pauseMaxMs: number
}

export const defaultRetryLimits: RetryLimits = { awayMaxMs: 60_000, unreachedMaxMs: 3000, pauseFirstMs: 100, pauseMaxMs: 2000 }

/** The node did not answer, so that nobody knows what it did. */
const unsureCodes: ReadonlySet<ErrorCode> = new Set(['outcome-unknown', 'deadline-exceeded', 'cancelled'])
/** The node answered that it cannot at this moment. */
const busyCodes: ReadonlySet<ErrorCode> = new Set(['queue-full', 'contended'])

export interface Attempt {
  /** An earlier attempt may have been carried out. */
  readonly unsure: boolean
}

/**
 * Makes calls that may be made again, until the node answers: it may be started again, its network may come back. Every call has
 * the same patience, so that calls side by side give up together.
 */
export class RetriedCalls {
  readonly #limits: RetryLimits
  readonly #signal: AbortSignal
  readonly #waiting: (error: CodedError, forMs: number) => void
  #reached = false
  #told = false

  /** `waiting` is called once whenever the node goes away. */
  constructor(limits: RetryLimits, signal: AbortSignal, waiting: (error: CodedError, forMs: number) => void) {
    this.#limits = limits
    this.#signal = signal
    this.#waiting = waiting
  }

  /** Throws CodedError `not-running` when the node stays away, the reason of the signal, and whatever trying again does not help. */
  async make<Result>(action: (attempt: Attempt) => Promise<Result>): Promise<Result> {
    const { pauseFirstMs, pauseMaxMs } = this.#limits
    let failingSinceMs: number | undefined
    let unsure = false
    for (let pauseMs = pauseFirstMs; ; pauseMs = Math.min(pauseMs * 2, pauseMaxMs)) {
      try {
        const result = await action({ unsure })
        this.#reached = true
        this.#told = false
        return result
      } catch (error) {
        this.#signal.throwIfAborted()
        if (!(error instanceof CodedError) || !isPassing(error)) throw error
        unsure ||= unsureCodes.has(error.code)
        failingSinceMs ??= performance.now()
        this.#giveUpOrTell(error, failingSinceMs)
        await this.#pause(pauseMs)
      }
    }
  }

  #giveUpOrTell(error: CodedError, failingSinceMs: number): void {
    if (busyCodes.has(error.code)) this.#reached = true
    const limitMs = this.#reached ? this.#limits.awayMaxMs : this.#limits.unreachedMaxMs
    if (performance.now() - failingSinceMs >= limitMs) {
      if (busyCodes.has(error.code) || !this.#reached) throw error
      throw new CodedError('not-running', `the node stayed away for ${limitMs / 1000} s: ${error.message}`, { cause: error })
    }
    if (this.#told || busyCodes.has(error.code)) return
    this.#told = true
    this.#waiting(error, limitMs)
  }

  /** By chance a little shorter, so that calls that failed together do not all come back together. */
  async #pause(durationMs: number): Promise<void> {
    try {
      await sleep(durationMs / 2 + Math.random() * (durationMs / 2), undefined, { signal: this.#signal })
    } catch {
      throw this.#signal.reason
    }
  }
}

function isPassing({ code }: CodedError): boolean {
  return code === 'not-running' || unsureCodes.has(code) || busyCodes.has(code)
}
