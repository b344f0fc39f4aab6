/**
 * The way to one node while no session stands: what waits for it, the dial, and the rest after dials that failed. Dials begin when there
 * is something to say.
 */
import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import { PeerBudget } from './peer-budget.ts'
import { abortError, unavailable } from './peer-failure.ts'
import { frameOverheadBytes } from './peer-frame.ts'
import type { PeerSession } from './peer-session.ts'

interface RouteOptions {
  readonly limits: Limits
  readonly clock: Clock
  readonly random: Random
  /** Tries the endpoints; false where none was reached. Does not reject. */
  readonly dial: (endpoints: readonly string[], signal: AbortSignal) => Promise<boolean>
  /** Whether a session is about to stand by a connection that this end need not dial. */
  readonly isComing: () => boolean
  readonly dropped: (bytes: number) => void
}

interface Waiting {
  readonly reached: (session: PeerSession) => void
  readonly failed: (error: CodedError) => void
}

export class Route {
  readonly #options: RouteOptions
  readonly #bodies: Uint8Array[] = []
  #bodyBytes = 0
  readonly #waiting = new Set<Waiting>()
  readonly #budget: PeerBudget
  #endpoints: readonly string[] = []
  #dialling: AbortController | undefined
  #failures = 0
  #restsUntilMs = 0

  constructor(options: RouteOptions) {
    this.#options = options
    this.#budget = PeerBudget.ofSession(options.limits)
  }

  get isEmpty(): boolean {
    return this.#endpoints.length === 0 && this.#bodies.length === 0 && this.#waiting.size === 0 && this.#dialling === undefined
  }

  learn(endpoints: readonly string[]): void {
    const isNew = endpoints.some((endpoint) => !this.#endpoints.includes(endpoint))
    this.#endpoints = endpoints
    if (endpoints.length === 0) this.end(unavailable('no endpoint of the node is known'))
    if (isNew) this.#rested()
  }

  /** False where it is not kept until the node is reached. */
  send(body: Uint8Array): boolean {
    const weight = body.length + frameOverheadBytes
    if (this.#bodyBytes + weight > this.#options.limits.peerQueueBytesMax || !this.#setOut()) return false
    this.#bodies.push(body)
    this.#bodyBytes += weight
    return true
  }

  /** For something of so many bytes, which its caller holds meanwhile. */
  reach(bytes: number, signal: AbortSignal): Promise<PeerSession> {
    if (signal.aborted) return Promise.reject(abortError(signal))
    if (!this.#setOut()) return Promise.reject(unavailable('the node is not reached'))
    const weight = bytes + frameOverheadBytes
    if (!this.#budget.takesRequest(weight)) {
      return Promise.reject(new CodedError('queue-full', 'too many requests wait for a node to be reached'))
    }
    const { promise, resolve, reject } = Promise.withResolvers<PeerSession>()
    const settle = () => {
      this.#waiting.delete(waiting)
      this.#budget.freeRequest(weight)
      signal.removeEventListener('abort', abort)
    }
    const abort = () => {
      settle()
      reject(abortError(signal))
    }
    const waiting: Waiting = {
      reached: (session) => {
        settle()
        resolve(session)
      },
      failed: (error) => {
        settle()
        reject(error)
      },
    }
    this.#waiting.add(waiting)
    this.#budget.addRequest(weight)
    signal.addEventListener('abort', abort, { once: true })
    return promise
  }

  reached(session: PeerSession): void {
    this.#rested()
    this.#bodyBytes = 0
    for (const body of this.#bodies.splice(0)) if (!session.send(body)) this.#options.dropped(body.length)
    for (const waiting of [...this.#waiting]) waiting.reached(session)
  }

  /** What waits is told that the node is not reached. */
  fail(error: CodedError): void {
    this.#bodyBytes = 0
    for (const body of this.#bodies.splice(0)) this.#options.dropped(body.length)
    for (const waiting of [...this.#waiting]) waiting.failed(error)
  }

  end(error: CodedError): void {
    const dialling = this.#dialling
    this.#dialling = undefined
    dialling?.abort(error)
    this.fail(error)
  }

  /** Whether there is hope to reach the node: dials it unless that is not needed, or was in vain a moment ago. */
  #setOut(): boolean {
    if (this.#dialling !== undefined || this.#options.isComing()) return true
    if (this.#endpoints.length === 0 || this.#options.clock.monotonicMs() < this.#restsUntilMs) return false
    const dialling = new AbortController()
    this.#dialling = dialling
    void this.#dial(this.#endpoints, dialling)
    return true
  }

  async #dial(endpoints: readonly string[], dialling: AbortController): Promise<void> {
    const isReached = await this.#options.dial(endpoints, dialling.signal)
    // One that was ended may have been followed by another.
    if (this.#dialling !== dialling) return
    this.#dialling = undefined
    if (isReached || this.#options.isComing()) return
    this.#rest()
    this.fail(unavailable('no endpoint of the node was reached'))
  }

  #rest(): void {
    const { limits, clock, random } = this.#options
    const restMs = Math.min(limits.peerDialRestMaxMs, limits.peerDialRestMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    // Half of it by chance, so that nodes that lost each other do not meet again and again.
    this.#restsUntilMs = clock.monotonicMs() + restMs / 2 + random.integerBelow(Math.ceil(restMs / 2) + 1)
  }

  #rested(): void {
    this.#failures = 0
    this.#restsUntilMs = 0
  }
}
