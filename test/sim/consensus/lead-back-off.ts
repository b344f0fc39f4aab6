/**
 * When a member that is asked to lead does so: at once, and after it was overtaken only behind a pause of 5 to 20 ms, which doubles up to a
 * second, so that a duel ends.
 */
import type { SeededRandom } from '../seeded-random.ts'
import type { VirtualTime } from '../virtual-time.ts'

const pauseMs = [5, 20] as const
const pauseMaxMs = 1000

export class LeadBackOff {
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #lead: () => void
  #notBeforeMs = 0
  #doublings = 0
  #timer: Disposable | undefined

  constructor(time: VirtualTime, random: SeededRandom, lead: () => void) {
    this.#time = time
    this.#random = random
    this.#lead = lead
  }

  wanted(): void {
    if (this.#timer !== undefined) return
    const waitMs = this.#notBeforeMs - this.#time.nowMs
    if (waitMs <= 0) this.#lead()
    else
      this.#timer = this.#time.after(waitMs, () => {
        this.#timer = undefined
        this.#lead()
      })
  }

  overtaken(): void {
    const [low, high] = pauseMs
    const drawnMs = this.#random.between(low, high) * 2 ** this.#doublings
    this.#notBeforeMs = this.#time.nowMs + Math.min(drawnMs, pauseMaxMs)
    if (drawnMs < pauseMaxMs) this.#doublings += 1
  }

  leading(): void {
    this.#doublings = 0
    this.#notBeforeMs = 0
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }
}
