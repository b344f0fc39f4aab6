import type { Clock } from '../../src/node/ports/clock.ts'
import { CodedError } from '../../src/shared/coded-error.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Nothing begins before: a request id may lie a minute back. */
const epochMs = Date.UTC(2026, 0, 1)

/** Timers are no finer: what is left of a wait for want of precision would never pass. */
const finestMs = 0.001

/** What one process sees of the world's time. A process that is gone hears of nothing any more. */
export class SimClock implements Clock {
  readonly #time: VirtualTime
  readonly #skewMs: () => number
  readonly #startedMs: number
  /** Lets something happen in the process, now or when it goes on. */
  readonly #happen: (run: () => void) => void
  #gone = false

  constructor(time: VirtualTime, skewMs: () => number, happen = (run: () => void): void => run()) {
    this.#time = time
    this.#skewMs = skewMs
    this.#happen = happen
    this.#startedMs = time.nowMs
  }

  nowMs(): number {
    return epochMs + Math.floor(this.#time.nowMs) + this.#skewMs()
  }

  monotonicMs(): number {
    return this.#time.nowMs - this.#startedMs
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const cut = () => {
      timer[Symbol.dispose]()
      reject(new CodedError('cancelled', 'the sleep was cut short', { cause: signal?.reason }))
    }
    const timer = this.after(durationMs, () => {
      signal?.removeEventListener('abort', cut)
      resolve()
      return undefined
    })
    if (signal?.aborted === true) cut()
    else signal?.addEventListener('abort', cut, { once: true })
    return promise
  }

  after(durationMs: number, run: () => undefined): Disposable {
    return this.#time.after(durationMs > 0 ? Math.max(durationMs, finestMs) : 0, () => {
      this.#happen(() => {
        if (!this.#gone) run()
      })
    })
  }

  /** The process ended. */
  end(): void {
    this.#gone = true
  }
}
