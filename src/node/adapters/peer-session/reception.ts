/** Connections of others from the first byte until they are a session, a joiner's request or nothing. */
import type { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HelloDesk, HelloRefusal, HelloVerdict, TransportEvents } from '../../ports/transport.ts'
import { AddressCounts } from './address-counts.ts'
import type { FrameLink } from './frame-link.ts'
import type { GreetingOutcome } from './greeting.ts'
import { Greeting } from './greeting.ts'
import { JoinServing } from './joining.ts'
import type { ComingConnection, SessionPairs } from './session-pairs.ts'

interface ReceptionOptions {
  readonly desk: HelloDesk
  readonly ownId: Uint8Array
  readonly clock: Clock
  readonly limits: Limits
  readonly events: TransportEvents
  readonly pairs: SessionPairs
  readonly dials: () => number
  readonly join: (body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>
}

type PeerOutcome = Extract<GreetingOutcome, { kind: 'peer' }>

const minuteMs = 60_000

export class Reception {
  readonly #options: ReceptionOptions
  readonly #greetings = new Set<Greeting>()
  readonly #joiners = new Set<JoinServing>()
  readonly #joins: AddressCounts

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#joins = new AddressCounts({ windowMs: minuteMs, addressesMax: options.limits.peerAddressesMax })
  }

  take(link: FrameLink, stands: (outcome: PeerOutcome, coming: ComingConnection) => void): void {
    const { desk, ownId, clock, limits, events, pairs, dials } = this.#options
    if (this.#greetings.size >= limits.peerGreetingsMax) {
      events.helloRefused({ endpoint: link.endpoint, reason: 'limit' })
      link.close()
      return
    }
    let coming: ComingConnection | undefined
    const greeting = new Greeting({
      link,
      desk,
      side: { kind: 'accepted' },
      ownId,
      clock,
      limits,
      dial: 0,
      dials,
      refuse: (verdict) => this.#reasonAgainst(verdict, link.address),
      refused: (reason) => events.helloRefused({ endpoint: link.endpoint, reason }),
      judged: (peer) => {
        coming = { peer, giveUp: (error) => greeting.end(error) }
        pairs.comes(coming)
      },
      settled: (outcome) => {
        this.#greetings.delete(greeting)
        if (outcome.kind === 'peer' && coming !== undefined) stands(outcome, coming)
        else if (coming !== undefined) pairs.failed(coming)
        if (outcome.kind === 'joiner') this.#serveJoiner(link)
      },
    })
    this.#greetings.add(greeting)
    greeting.begin()
  }

  end(error: CodedError): void {
    for (const greeting of [...this.#greetings]) greeting.end(error)
    for (const joiner of [...this.#joiners]) joiner.end()
  }

  #reasonAgainst(verdict: Exclude<HelloVerdict, { kind: 'refused' }>, address: string): HelloRefusal | undefined {
    const { limits, pairs, clock } = this.#options
    if (verdict.kind === 'peer') {
      return pairs.has(verdict.peer.nodeId) || pairs.count < limits.peerSessionsMax ? undefined : 'limit'
    }
    const isTooOften = this.#joins.add(address, clock.monotonicMs()) > limits.peerJoinsPerMinute
    return isTooOften || this.#joiners.size >= limits.peerJoinersMax ? 'limit' : undefined
  }

  #serveJoiner(link: FrameLink): void {
    const { limits, clock, join } = this.#options
    const joiner = new JoinServing({ link, limits, clock, join, ended: () => void this.#joiners.delete(joiner) })
    this.#joiners.add(joiner)
    joiner.begin()
  }
}
