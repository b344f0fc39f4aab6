import { CodedError } from '../../shared/coded-error.ts'
import type { Clock } from '../ports/clock.ts'

/** A signal that aborts after a while by the node's clock, or when another one does. To be disposed of when the work is over. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal
  readonly #timer: Disposable
  readonly #parentAborted = (): void => this.#controller.abort(this.#parent.reason)

  constructor(clock: Clock, timeoutMs: number, parent: AbortSignal) {
    this.#parent = parent
    this.#timer = clock.after(timeoutMs, () => {
      this.#controller.abort(new CodedError('deadline-exceeded', `there was no answer within ${timeoutMs} ms`))
    })
    if (parent.aborted) this.#parentAborted()
    else parent.addEventListener('abort', this.#parentAborted, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
    this.#parent.removeEventListener('abort', this.#parentAborted)
  }
}
