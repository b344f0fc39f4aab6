/**
 * The first two frames of each end: its hello, and its answer to the other's. Nothing else is taken before both have judged, and large
 * frames not at all. Ends within a time.
 */
import type { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HelloDesk, HelloRefusal, HelloSide, HelloVerdict, Peer } from '../../ports/transport.ts'
import type { FrameLink, LinkReceiver } from './frame-link.ts'
import { unavailable } from './peer-failure.ts'
import type { PeerFrame } from './peer-frame.ts'

/** What decides which of two connections of one pair stays: session-pairs.ts. */
export interface GreetingFacts {
  readonly dial: number
  readonly dialsOfAccepter: number
}

export type GreetingOutcome =
  | { readonly kind: 'peer'; readonly peer: Peer; readonly validUntilMs: number; readonly facts: GreetingFacts }
  /** The other end asks to be admitted. */
  | { readonly kind: 'joiner' }
  /** The other end takes this one for somebody who asks to be admitted. */
  | { readonly kind: 'guest'; readonly peer: Peer }
  | { readonly kind: 'failed'; readonly error: CodedError }

interface GreetingOptions {
  readonly link: FrameLink
  readonly desk: HelloDesk
  readonly side: HelloSide
  readonly ownId: Uint8Array
  readonly limits: Limits
  readonly clock: Clock
  /** Number of this dial where this end dialled. */
  readonly dial: number
  /** Dials that this end has begun. */
  readonly dials: () => number
  /** Whether there is room for the other end; what is asked for only at the end that was dialled. */
  readonly refuse: (verdict: Exclude<HelloVerdict, { kind: 'refused' }>) => HelloRefusal | undefined
  /** The hello of the other end was judged badly. */
  readonly refused: (reason: HelloRefusal) => void
  /** The other end is told that it is welcome as this peer. */
  readonly judged: (peer: Peer) => void
  /** Called once, synchronously with what led to it. */
  readonly settled: (outcome: GreetingOutcome) => void
}

export class Greeting implements LinkReceiver {
  readonly #options: GreetingOptions
  #timer: Disposable | undefined
  #verdict: Exclude<HelloVerdict, { kind: 'refused' }> | undefined
  #peerDial = 0
  #ownDials = 0
  #settled = false

  constructor(options: GreetingOptions) {
    this.#options = options
  }

  begin(): void {
    const { link, desk, limits, clock, dial } = this.#options
    this.#timer = clock.after(limits.peerHelloTimeoutMs, () => {
      this.#fail('the greeting took too long')
      return undefined
    })
    // First, since the other hello may be here already and is answered at once.
    link.write([{ kind: 'hello', hello: desk.ownHello(link.ownChannel), dial }])
    link.receive(this)
  }

  end(error: CodedError): void {
    this.#options.link.close()
    this.#settle({ kind: 'failed', error })
  }

  frame(frame: PeerFrame): void {
    if (this.#settled) return
    if (frame.kind === 'hello' && this.#verdict === undefined) this.#judge(frame.hello, frame.dial)
    else if (frame.kind === 'accepted' && this.#verdict !== undefined) this.#conclude(this.#verdict, frame.joiner, frame.dials)
    else if (frame.kind === 'refused') this.#fail(`the node refused this one: ${frame.reason}`, frame.reason)
    else {
      this.#options.link.slow()
      this.#fail('the node greeted with something else')
    }
  }

  closed(): void {
    this.#fail('the connection ended within the greeting')
  }

  drained(): void {
    // Two small frames never wait.
  }

  #judge(hello: Uint8Array, dial: number): void {
    const { link, desk, side } = this.#options
    const verdict = desk.judge(hello, link.peerChannel, side)
    if (verdict.kind === 'refused') {
      this.#refuse(verdict.reason)
      return
    }
    const reason = this.#reasonAgainst(verdict)
    if (reason !== undefined) {
      this.#refuse(reason)
      return
    }
    this.#verdict = verdict
    this.#peerDial = dial
    this.#ownDials = this.#options.dials()
    link.write([{ kind: 'accepted', joiner: verdict.kind === 'joiner', dials: this.#ownDials }])
    if (verdict.kind === 'peer') this.#options.judged(verdict.peer)
  }

  /** What no desk has to know: who was dialled at all, and whether there is room. */
  #reasonAgainst(verdict: Exclude<HelloVerdict, { kind: 'refused' }>): HelloRefusal | undefined {
    const { side, ownId, refuse } = this.#options
    if (verdict.kind === 'peer' && equalBytes(verdict.peer.nodeId, ownId)) return 'self'
    if (side.kind === 'accepted') return refuse(verdict)
    return verdict.kind === 'peer' && equalBytes(verdict.peer.nodeId, side.nodeId) ? undefined : 'not-who-was-dialled'
  }

  #conclude(verdict: Exclude<HelloVerdict, { kind: 'refused' }>, asJoiner: boolean, peerDials: number): void {
    const { side, dial } = this.#options
    if (verdict.kind === 'joiner') {
      if (asJoiner) this.#fail('both ends ask to be admitted')
      else this.#settle({ kind: 'joiner' })
    } else if (asJoiner) {
      if (side.kind === 'dialled') this.#settle({ kind: 'guest', peer: verdict.peer })
      else this.#fail('the node asks nobody to be admitted')
    } else {
      const facts =
        side.kind === 'dialled' ? { dial, dialsOfAccepter: peerDials } : { dial: this.#peerDial, dialsOfAccepter: this.#ownDials }
      this.#settle({ kind: 'peer', peer: verdict.peer, validUntilMs: verdict.validUntilMs, facts })
    }
  }

  #refuse(reason: HelloRefusal): void {
    this.#options.link.write([{ kind: 'refused', reason }])
    this.#options.refused(reason)
    this.#fail(`the hello of the node was refused: ${reason}`, reason)
  }

  #fail(message: string, reason?: HelloRefusal): void {
    this.end(unavailable(message, reason === undefined ? {} : { reason }))
  }

  #settle(outcome: GreetingOutcome): void {
    if (this.#settled) return
    this.#settled = true
    this.#timer?.[Symbol.dispose]()
    this.#options.settled(outcome)
  }
}
