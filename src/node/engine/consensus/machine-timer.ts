import type { Clock } from '../../ports/clock.ts'

/** The one timer of a machine, which says after each step when the next tick is due. */
export class MachineTimer {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #tick: () => void
  #set: { readonly atMs: number; readonly timer: Disposable } | undefined

  constructor(clock: Clock, signal: AbortSignal, tick: () => void) {
    this.#clock = clock
    this.#signal = signal
    this.#tick = tick
  }

  /** `atMs` by the monotonic clock; undefined: nothing is waited for. */
  set(atMs: number | undefined): void {
    if (atMs === this.#set?.atMs) return
    this.#set?.timer[Symbol.dispose]()
    this.#set = undefined
    if (atMs === undefined || this.#signal.aborted) return
    const timer = this.#clock.after(Math.max(0, atMs - this.#clock.monotonicMs()), () => {
      this.#set = undefined
      this.#tick()
    })
    this.#set = { atMs, timer }
  }
}
