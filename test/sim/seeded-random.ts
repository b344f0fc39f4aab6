/** Everything that is left to chance in a simulated world, from one number. Not for secrets. */
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Random } from '../../src/node/ports/random.ts'
import { assert } from '../../src/shared/assert.ts'

export class SeededRandom implements Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count)
    for (let from = 0; from < count; from += 4) {
      const draw = this.#generator.next()
      for (let index = from; index < Math.min(from + 4, count); index++) bytes[index] = draw >> ((index - from) * 8)
    }
    return bytes
  }

  integerBelow(limit: number): number {
    return uniformInt(this.#generator, 0, limit - 1)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.integerBelow(high - low + 1)
  }

  /** True so many times in a hundred. */
  percent(chance: number): boolean {
    return this.integerBelow(100) < chance
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integerBelow(items.length)]
    assert(item !== undefined, 'there is something to pick from')
    return item
  }

  /** A generator of its own: how much is drawn from it changes nothing elsewhere. */
  fork(): SeededRandom {
    return new SeededRandom(this.#generator.next())
  }
}
