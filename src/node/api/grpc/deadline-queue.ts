import type { Clock } from '../../ports/clock.ts'

/** What waits for the same time as all others in its queue. */
export interface Expiring {
  /** By the monotonic clock. */
  readonly startedMs: number
  expire(): void
}

/** Ends what takes longer than a fixed time. One timer for all: they expire in the order in which they came. */
export class DeadlineQueue implements Disposable {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #waiting = new Set<Expiring>()
  #timer: Disposable | undefined

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  add(item: Expiring): void {
    this.#waiting.add(item)
    if (this.#timer === undefined) this.#arm(this.#timeoutMs)
  }

  delete(item: Expiring): void {
    this.#waiting.delete(item)
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#waiting.clear()
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => this.#sweep())
  }

  #sweep(): undefined {
    this.#timer = undefined
    const nowMs = this.#clock.monotonicMs()
    for (const item of this.#waiting) {
      const restMs = item.startedMs + this.#timeoutMs - nowMs
      if (restMs >= 1) {
        this.#arm(restMs)
        return
      }
      this.#waiting.delete(item)
      item.expire()
    }
  }
}
