/**
 * The hybrid logical clock: 63 bits, 47 of Unix milliseconds above a counter of 16. Milliseconds come in with every call.
 *
 * Invariants: each stamp is above every stamp that this clock gave or observed, whatever the host's clock does; a counter that
 * overflows runs into the milliseconds. No stamp is above the reservation, which the engine keeps durable: after a restart the clock
 * begins above the last reservation, so it never gives a stamp twice.
 */

import { assert } from '../../../shared/assert.ts'

export const hlcMax = (1n << 63n) - 1n
const counterBits = 16n
const msMax = 2 ** 47 - 1

/** The first stamp of a millisecond. */
export function hlcFromMs(nowMs: number): bigint {
  const whole = Math.floor(nowMs)
  return BigInt(whole > 0 ? Math.min(whole, msMax) : 0) << counterBits
}

/** Unix milliseconds of a stamp. */
export function hlcToMs(stamp: bigint): number {
  return Number(stamp >> counterBits)
}

export function isHlc(stamp: bigint): boolean {
  return stamp >= 0n && stamp <= hlcMax
}

export class HybridClock {
  #last: bigint
  #reserved: bigint

  /** `reservation` is the last one that was kept durable, 0 at a first start: every stamp up to it may have been given. */
  constructor(reservation: bigint) {
    assert(isHlc(reservation), 'a reservation is a stamp')
    this.#last = reservation
    this.#reserved = reservation
  }

  /** The highest stamp given or observed. */
  get last(): bigint {
    return this.#last
  }

  /** Stamps up to this one may be given. */
  get reserved(): bigint {
    return this.#reserved
  }

  /** The next stamp, or undefined while it would be above the reservation: then one is made durable first. */
  next(nowMs: number): bigint | undefined {
    const stamp = this.#candidate(nowMs)
    if (stamp > this.#reserved) return undefined
    this.#last = stamp
    return stamp
  }

  /**
   * The reservation to make durable so that stamps last for `aheadMs` from now; undefined while more than half of that is left.
   * Once durable it is handed to `reserve`.
   */
  reservationDue(nowMs: number, aheadMs: number): bigint | undefined {
    const candidate = this.#candidate(nowMs)
    if (this.#reserved - candidate > hlcFromMs(aheadMs / 2)) return undefined
    return smaller(candidate + hlcFromMs(aheadMs), hlcMax)
  }

  /** Takes a reservation that is durable. A lower one than before changes nothing. */
  reserve(reservation: bigint): void {
    assert(isHlc(reservation), 'a reservation is a stamp')
    if (reservation > this.#reserved) this.#reserved = reservation
  }

  /**
   * Raises the clock to a stamp from elsewhere, so that later ones are above it. False, and nothing is changed, when the stamp is more
   * than `skewMaxMs` ahead of this clock's milliseconds, or no stamp at all.
   */
  observe(stamp: bigint, nowMs: number, skewMaxMs: number): boolean {
    if (!isHlc(stamp) || stamp > hlcFromMs(nowMs + skewMaxMs + 1)) return false
    if (stamp > this.#last) this.#last = stamp
    return true
  }

  #candidate(nowMs: number): bigint {
    const fromHost = hlcFromMs(nowMs)
    const stamp = fromHost > this.#last ? fromHost : this.#last + 1n
    assert(stamp <= hlcMax, 'the clock has stamps left')
    return stamp
  }
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
