import { assert } from '../../../shared/assert.ts'
import type { Random } from '../../ports/random.ts'

const poolBytes = 4096
/** What one request to the host may ask for. */
const requestBytesMax = 65_536

/**
 * The host's generator for secrets. Small requests are served from a pool that is filled in one go, because a request to the host
 * costs as much for 32 bytes as for 4096. Bytes given out are wiped from the pool.
 */
export class SystemRandom implements Random {
  readonly #pool = new Uint8Array(poolBytes)
  #used = poolBytes

  bytes(count: number): Uint8Array {
    assert(Number.isSafeInteger(count) && count >= 0, 'a count of bytes is a whole number')
    if (count > poolBytes / 4) return freshBytes(count)
    if (count > poolBytes - this.#used) {
      crypto.getRandomValues(this.#pool)
      this.#used = 0
    }
    const start = this.#used
    this.#used += count
    const bytes = this.#pool.slice(start, this.#used)
    this.#pool.fill(0, start, this.#used)
    return bytes
  }

  integerBelow(limit: number): number {
    assert(Number.isSafeInteger(limit) && limit >= 1, 'a limit is a whole number above zero')
    const span = 2 ** 53
    const fair = span - (span % limit)
    for (;;) {
      const draw = this.#draw53()
      // What lies above the last whole multiple would favour small results.
      if (draw < fair) return draw % limit
    }
  }

  #draw53(): number {
    const bytes = this.bytes(7)
    let value = (bytes[0] ?? 0) & 0x1f
    for (let index = 1; index < 7; index++) value = value * 256 + (bytes[index] ?? 0)
    return value
  }
}

function freshBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count)
  for (let start = 0; start < count; start += requestBytesMax) {
    crypto.getRandomValues(bytes.subarray(start, Math.min(count, start + requestBytesMax)))
  }
  return bytes
}
