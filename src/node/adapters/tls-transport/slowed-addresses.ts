import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'

interface Slowed {
  offences: number
  untilMs: number
}

/** The rest after the first offence; it doubles with each. */
const firstRestMs = 50

/** Addresses that sent what no node sends: they are not taken for a while, which grows. Bounded; the oldest goes first. */
export class SlowedAddresses {
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #slowed = new Map<string, Slowed>()

  constructor(limits: Limits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  offended(address: string): void {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#slowed.get(address)
    this.#slowed.delete(address)
    // Who behaved for as long as the longest rest begins anew.
    const isFresh = known === undefined || nowMs - known.untilMs > this.#limits.peerSlowedMs
    const offences = isFresh ? 1 : known.offences + 1
    const restMs = Math.min(this.#limits.peerSlowedMs, firstRestMs * 2 ** Math.min(offences - 1, 20))
    if (this.#slowed.size >= this.#limits.peerAddressesMax) {
      for (const oldest of this.#slowed.keys()) {
        this.#slowed.delete(oldest)
        break
      }
    }
    this.#slowed.set(address, { offences, untilMs: nowMs + restMs })
  }

  isSlowed(address: string): boolean {
    const slowed = this.#slowed.get(address)
    return slowed !== undefined && this.#clock.monotonicMs() < slowed.untilMs
  }
}
