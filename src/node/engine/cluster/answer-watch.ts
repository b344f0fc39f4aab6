import { CodedError } from '../../../shared/coded-error.ts'
import type { Clock } from '../../ports/clock.ts'

export interface AnswerWatchParts {
  readonly clock: Clock
  readonly lookMs: number
  readonly mayAnswer: () => boolean
}

/**
 * A signal that aborts when a node that might answer is known to be gone, or when another one does: a session takes longer to find out.
 * One that was gone from the beginning is waited for all the same, since nobody better is there to be asked.
 */
export class AnswerWatch implements Disposable {
  readonly #parts: AnswerWatchParts
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal
  readonly #parentAborted = (): void => this.#controller.abort(this.#parent.reason)
  #timer: Disposable | undefined
  #isGone = false

  constructor(parts: AnswerWatchParts, parent: AbortSignal) {
    this.#parts = parts
    this.#parent = parent
    if (parent.aborted) this.#parentAborted()
    else parent.addEventListener('abort', this.#parentAborted, { once: true })
    if (parts.mayAnswer()) this.#lookLater()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The signal was aborted because of the node. */
  get isGone(): boolean {
    return this.#isGone
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#parent.removeEventListener('abort', this.#parentAborted)
  }

  #lookLater(): void {
    this.#timer = this.#parts.clock.after(this.#parts.lookMs, () => {
      if (this.#parts.mayAnswer()) this.#lookLater()
      else this.#give()
    })
  }

  #give(): void {
    if (this.#controller.signal.aborted) return
    this.#isGone = true
    this.#controller.abort(new CodedError('unavailable', 'the node that was asked is gone'))
  }
}
