/** Dials of this end: one endpoint after the other, each until the node behind it has been greeted. */
import type { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HelloDesk, TransportEvents } from '../../ports/transport.ts'
import type { FrameLink, LinkSource } from './frame-link.ts'
import type { GreetingOutcome } from './greeting.ts'
import { Greeting } from './greeting.ts'
import { askOver } from './joining.ts'
import { abortError, unavailable } from './peer-failure.ts'
import type { ComingConnection, SessionPairs } from './session-pairs.ts'

interface DiallingOptions {
  readonly desk: HelloDesk
  readonly ownId: Uint8Array
  readonly clock: Clock
  readonly limits: Limits
  readonly events: TransportEvents
  readonly pairs: SessionPairs
  readonly links: LinkSource
}

type PeerOutcome = Extract<GreetingOutcome, { kind: 'peer' }>
type Stands = (link: FrameLink, outcome: PeerOutcome, coming: ComingConnection) => void

export class Dialling {
  readonly #options: DiallingOptions
  readonly #stop = new AbortController()
  /** Dials begun, over all nodes. */
  #count = 0

  constructor(options: DiallingOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  /** Whether a connection to the node was greeted well, whichever stays in the end. Does not reject. */
  async reach(nodeId: Uint8Array, endpoints: readonly string[], signal: AbortSignal, stands: Stands): Promise<boolean> {
    for (const endpoint of endpoints) {
      try {
        await this.#greet(nodeId, endpoint, signal, stands)
        return true
      } catch (error) {
        if (this.#isOver(signal)) return false
        this.#options.events.dialFailed({ nodeId, endpoint, error })
      }
    }
    return false
  }

  async askToJoin(nodeId: Uint8Array, endpoints: readonly string[], body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { clock, limits, events } = this.#options
    let last: unknown = unavailable('no endpoint of the node is known')
    for (const endpoint of endpoints) {
      let link: FrameLink
      try {
        link = await this.#greetAsGuest(nodeId, endpoint, signal)
      } catch (error) {
        if (signal.aborted) throw abortError(signal)
        events.dialFailed({ nodeId, endpoint, error })
        last = error
        continue
      }
      return await askOver(link, body, { signal: AbortSignal.any([signal, this.#stop.signal]), clock, limits })
    }
    throw last
  }

  end(error: CodedError): void {
    this.#stop.abort(error)
  }

  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#stop.signal.aborted
  }

  async #greet(nodeId: Uint8Array, endpoint: string, signal: AbortSignal, stands: Stands): Promise<void> {
    const { pairs } = this.#options
    let coming: ComingConnection | undefined
    const outcome = await this.#connect(nodeId, endpoint, signal, {
      judged: (judged) => {
        coming = judged
        pairs.comes(judged)
      },
      settled: (link, settled) => {
        if (coming === undefined) return
        if (settled.kind === 'peer') stands(link, settled, coming)
        else pairs.failed(coming)
      },
    })
    if (outcome.kind !== 'guest') return
    outcome.link.close()
    throw unavailable('the node takes this one for somebody who asks to be admitted')
  }

  async #greetAsGuest(nodeId: Uint8Array, endpoint: string, signal: AbortSignal): Promise<FrameLink> {
    const outcome = await this.#connect(nodeId, endpoint, signal, {
      judged: () => undefined,
      settled: (link, settled) => {
        if (settled.kind === 'peer') link.close()
      },
    })
    if (outcome.kind === 'guest') return outcome.link
    throw unavailable('the node takes this one for a member of its network')
  }

  async #connect(
    nodeId: Uint8Array,
    endpoint: string,
    outer: AbortSignal,
    tell: {
      readonly judged: (coming: ComingConnection) => void
      readonly settled: (link: FrameLink, outcome: GreetingOutcome) => void
    },
  ): Promise<{ readonly kind: 'peer' | 'guest'; readonly link: FrameLink }> {
    const { desk, ownId, clock, limits, events, links } = this.#options
    const signal = AbortSignal.any([outer, this.#stop.signal])
    this.#count += 1
    const dial = this.#count
    const link = await this.#dial(endpoint, signal, links)
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly kind: 'peer' | 'guest'; readonly link: FrameLink }>()
    const abort = () => greeting.end(abortError(signal))
    const greeting: Greeting = new Greeting({
      link,
      desk,
      side: { kind: 'dialled', nodeId },
      ownId,
      clock,
      limits,
      dial,
      dials: () => this.#count,
      refuse: () => undefined,
      refused: (reason) => events.helloRefused({ endpoint, reason }),
      judged: (peer) => tell.judged({ peer, giveUp: (error) => greeting.end(error) }),
      settled: (outcome) => {
        signal.removeEventListener('abort', abort)
        tell.settled(link, outcome)
        if (outcome.kind === 'failed') reject(outcome.error)
        else if (outcome.kind === 'joiner') reject(unavailable('the node asks to be admitted itself'))
        else resolve({ kind: outcome.kind, link })
      },
    })
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    else greeting.begin()
    return await promise
  }

  async #dial(endpoint: string, signal: AbortSignal, links: LinkSource): Promise<FrameLink> {
    const { clock, limits } = this.#options
    const late = new AbortController()
    const timer = clock.after(limits.peerDialTimeoutMs, () => {
      late.abort(unavailable('the node did not take the connection in time'))
      return undefined
    })
    try {
      return await links.dial(endpoint, AbortSignal.any([signal, late.signal]))
    } finally {
      timer[Symbol.dispose]()
    }
  }
}
