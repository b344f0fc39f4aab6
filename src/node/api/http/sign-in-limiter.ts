import { isIPv6 } from 'node:net'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'

interface Window {
  readonly endsMs: number
  failures: number
}

/**
 * Counts the sign-ins that fail, by the network that they come from, in windows of a fixed length. Failures beyond the limit are told
 * to wait and leave no line in the log; a right token is none of them. Networks are bounded: where there are too many, the one counted
 * first is forgotten.
 */
export class SignInLimiter {
  readonly #limits: Limits
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #windows = new Map<string, Window>()

  constructor(limits: Limits, clock: Pick<Clock, 'monotonicMs'>) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Milliseconds for which failures of the address are too many; undefined: they are not. */
  waitMs(address: string): number | undefined {
    const window = this.#windows.get(networkOf(address))
    if (window === undefined || window.failures < this.#limits.consoleSignInFailuresMax) return undefined
    const leftMs = window.endsMs - this.#clock.monotonicMs()
    return leftMs > 0 ? leftMs : undefined
  }

  failed(address: string): void {
    const nowMs = this.#clock.monotonicMs()
    const network = networkOf(address)
    const window = this.#windows.get(network)
    if (window !== undefined && window.endsMs > nowMs) {
      window.failures++
      return
    }
    this.#windows.delete(network)
    if (this.#windows.size >= this.#limits.consoleSignInAddressesMax) this.#forgetFirst()
    this.#windows.set(network, { endsMs: nowMs + this.#limits.consoleSignInWindowMs, failures: 1 })
  }

  #forgetFirst(): void {
    const [first] = this.#windows.keys()
    if (first !== undefined) this.#windows.delete(first)
  }
}

/** Whoever has one address of IPv6 usually has all of its /64. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::')
  const left = head.split(':').filter((group) => group !== '')
  const right = tail === undefined ? [] : tail.split(':').filter((group) => group !== '')
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
