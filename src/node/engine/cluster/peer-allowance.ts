import { toHex } from '../../core/base/bytes.ts'
import type { Clock } from '../../ports/clock.ts'

/** How much each peer may make this node do: so much at once, and so much a second from then on. */
export class PeerAllowance {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #burst: number
  readonly #perSecond: number
  /** Of each peer with a session that used some, by its id in hex. */
  readonly #left = new Map<string, { readonly count: number; readonly atMs: number }>()

  constructor(clock: Pick<Clock, 'monotonicMs'>, burst: number, perSecond: number) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** False where nothing is left. */
  spend(peer: Uint8Array): boolean {
    const key = toHex(peer)
    const nowMs = this.#clock.monotonicMs()
    const before = this.#left.get(key) ?? { count: this.#burst, atMs: nowMs }
    const count = Math.min(this.#burst, before.count + ((nowMs - before.atMs) * this.#perSecond) / 1000)
    this.#left.set(key, { count: count >= 1 ? count - 1 : count, atMs: nowMs })
    return count >= 1
  }

  /** The session of a peer ended. */
  ended(peer: Uint8Array): void {
    this.#left.delete(toHex(peer))
  }
}
