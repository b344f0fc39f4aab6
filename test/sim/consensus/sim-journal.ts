/** Writes of one member become durable in the order in which they were asked for. A crash loses those that were not. */
import type { SeededRandom } from '../seeded-random.ts'
import type { VirtualTime } from '../virtual-time.ts'

export interface JournalWrite {
  /** Fails on a full disk; what needs no room finds it in the reserve. */
  readonly needsRoom: boolean
  /** It builds on the one of this kind before it, and fails with it. */
  readonly isChained: boolean
  /** Happens when the write is durable, also where nobody lives to hear of it. */
  readonly commit: () => void
  readonly told: (durable: boolean) => void
}

export class SimJournal {
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  #waiting: { readonly write: JournalWrite; doomed: boolean }[] = []
  #lastMs = 0
  #life = 0
  writeMs: readonly [low: number, high: number]
  isFull = false

  constructor(time: VirtualTime, random: SeededRandom, writeMs: readonly [low: number, high: number]) {
    this.#time = time
    this.#random = random
    this.writeMs = writeMs
  }

  get waiting(): number {
    return this.#waiting.length
  }

  write(write: JournalWrite): void {
    const [low, high] = this.writeMs
    const { nowMs } = this.#time
    this.#lastMs = Math.max(this.#lastMs, nowMs + low + ((high - low) * this.#random.integerBelow(1024)) / 1024)
    this.#waiting.push({ write, doomed: false })
    const life = this.#life
    this.#time.after(this.#lastMs - nowMs, () => {
      if (life === this.#life) this.#next()
    })
  }

  /** `kept` writes of those that wait are durable all the same. */
  crash(kept: number): void {
    for (const { write, doomed } of this.#waiting.slice(0, kept)) {
      const durable = !(doomed || (this.isFull && write.needsRoom))
      if (durable) write.commit()
      else if (write.isChained) break
    }
    this.#waiting = []
    this.#life += 1
    this.#lastMs = 0
  }

  #next(): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    const { write } = next
    const durable = !(next.doomed || (this.isFull && write.needsRoom))
    if (durable) write.commit()
    // What builds on it was asked for before anybody knew.
    else if (write.isChained) for (const behind of this.#waiting) behind.doomed ||= behind.write.isChained
    write.told(durable)
  }
}
