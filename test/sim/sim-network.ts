/**
 * What travels between the places of a simulated world, and what keeps it from arriving. In calm weather one place's messages reach another
 * in the order in which they were sent; loss, doubles and overtaking are faults, and so is whatever is cut.
 */
import type { SeededRandom } from './seeded-random.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Weather {
  readonly delayMs: readonly [low: number, high: number]
  /** In a hundred messages. */
  readonly lost: number
  readonly doubled: number
  readonly overtaking: number
  /** Messages that take `lateMs` longer. */
  readonly late: number
  readonly lateMs: number
}

export class SimNetwork {
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  /** Pairs between which nothing is taken on; what is on its way arrives: `from>to`. */
  readonly #cut = new Set<string>()
  /** When the last message of a pair arrives. */
  readonly #lastMs = new Map<string, number>()
  weather: Weather
  inFlight = 0

  constructor(time: VirtualTime, random: SeededRandom, weather: Weather) {
    this.#time = time
    this.#random = random
    this.weather = weather
  }

  send(from: string, to: string, arrive: () => void): void {
    const { lost, doubled } = this.weather
    const pair = `${from}>${to}`
    if (this.#cut.has(pair) || this.#chance(lost)) return
    this.#travel(pair, arrive)
    if (this.#chance(doubled)) this.#travel(pair, arrive)
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`)
  }

  mend(from: string, to: string): void {
    this.#cut.delete(`${from}>${to}`)
  }

  mendAll(): void {
    this.#cut.clear()
  }

  #travel(pair: string, arrive: () => void): void {
    const { nowMs } = this.#time
    const { delayMs, overtaking, late, lateMs } = this.weather
    const [low, high] = delayMs
    const aloneMs = nowMs + low + this.#fraction() * (high - low) + (this.#chance(late) ? lateMs * this.#fraction() : 0)
    const dueMs = this.#chance(overtaking) ? aloneMs : Math.max(aloneMs, this.#lastMs.get(pair) ?? 0)
    this.#lastMs.set(pair, dueMs)
    this.inFlight += 1
    this.#time.after(dueMs - nowMs, () => {
      this.inFlight -= 1
      arrive()
    })
  }

  #chance(percent: number): boolean {
    return percent > 0 && this.#random.percent(percent)
  }

  #fraction(): number {
    return this.#random.integerBelow(1024) / 1024
  }
}
