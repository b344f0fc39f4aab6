/**
 * What two nodes that have judged each other's hello say over one link: messages, requests and streams, with an eye on a peer that is
 * silent, takes nothing or floods. Ends once, with a reason; what waits on it is `unavailable` from then on.
 */
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Peer, PeerHandler, PeerStream, RequestOptions, SessionEnd } from '../../ports/transport.ts'
import { AskedRequests } from './asked-requests.ts'
import type { FrameLink, LinkEnd, LinkReceiver } from './frame-link.ts'
import type { FrameVerdict } from './frame-verdict.ts'
import { IdleFrames } from './idle-frames.ts'
import { Outbox } from './outbox.ts'
import type { PeerBudget } from './peer-budget.ts'
import { unavailable } from './peer-failure.ts'
import type { ExchangeFrame, PeerFrame } from './peer-frame.ts'
import { PeerStreams } from './peer-streams.ts'
import { ServedRequests } from './served-requests.ts'

/** What the handler of a node does for one peer. */
export type SessionHandler = Pick<PeerHandler, 'message' | 'request' | 'stream'>

interface PeerSessionOptions {
  readonly link: FrameLink
  readonly peer: Peer
  readonly dialled: boolean
  readonly validUntilMs: number
  readonly limits: Limits
  readonly clock: Clock
  readonly handler: SessionHandler
  /** What all sessions serve together. */
  readonly served: PeerBudget
  readonly afterTurn: (run: () => void) => void
  readonly ended: (reason: SessionEnd) => void
}

export class PeerSession implements LinkReceiver {
  readonly #options: PeerSessionOptions
  readonly #outbox: Outbox
  readonly #asked: AskedRequests
  readonly #served: ServedRequests
  readonly #streams: PeerStreams
  readonly #idle: IdleFrames
  readonly #timers = new Map<'look' | 'expiry', Disposable>()
  #heardMs: number
  #takenMs: number
  #lookedMs: number
  #pings = 0
  #ended = false

  constructor(options: PeerSessionOptions) {
    const { link, limits, clock, handler, peer, served: total, dialled, afterTurn } = options
    this.#options = options
    this.#outbox = new Outbox({ limits, afterTurn, write: (frames) => link.write(frames) })
    const outbox = this.#outbox
    this.#asked = new AskedRequests(limits, outbox)
    const serve = (body: Uint8Array, signal: AbortSignal) => handler.request(peer, body, signal)
    this.#served = new ServedRequests({ limits, outbox, total, serve })
    const serveStream = (body: Uint8Array, stream: PeerStream, signal: AbortSignal) => handler.stream(peer, body, stream, signal)
    this.#streams = new PeerStreams({ limits, outbox, total, dialled, serve: serveStream })
    this.#idle = new IdleFrames(limits, clock)
    this.#heardMs = clock.monotonicMs()
    this.#takenMs = this.#heardMs
    this.#lookedMs = this.#heardMs
  }

  /** Takes the link over. */
  begin(): void {
    const { link } = this.#options
    link.receive(this)
    link.opened()
    this.#look()
    this.#watchExpiry()
  }

  send(body: Uint8Array): boolean {
    return this.#outbox.message(body)
  }

  request(body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#asked.ask(body, options)
  }

  openStream(body: Uint8Array, signal: AbortSignal): PeerStream {
    return this.#streams.open(body, signal)
  }

  end(reason: SessionEnd): void {
    if (this.#ended) return
    this.#ended = true
    for (const timer of this.#timers.values()) timer[Symbol.dispose]()
    const error = unavailable(`the session with the node ended: ${reason}`, { reason })
    this.#outbox.close()
    this.#options.link.close()
    this.#asked.endAll(error)
    this.#served.endAll(error)
    this.#streams.endAll(error)
    this.#options.ended(reason)
  }

  frame(frame: PeerFrame): void {
    if (this.#ended) return
    this.#heardMs = this.#options.clock.monotonicMs()
    const verdict = this.#idle.judge(this.#take(frame))
    if (verdict === 'taken') return
    this.#options.link.slow()
    this.end(verdict)
  }

  closed(reason: LinkEnd): void {
    this.end(reason)
  }

  drained(): void {
    this.#takenMs = this.#options.clock.monotonicMs()
    this.#outbox.drained()
  }

  #take(frame: PeerFrame): FrameVerdict {
    switch (frame.kind) {
      case 'hello':
      case 'accepted':
      case 'refused':
        return 'malformed'
      case 'message':
        for (const body of frame.bodies) if (!this.#ended) this.#options.handler.message(this.#options.peer, body)
        return frame.bodies.length > 0 ? 'taken' : 'malformed'
      default:
        return this.#takeExchange(frame)
    }
  }

  #takeExchange(frame: Exclude<ExchangeFrame, { kind: 'message' }>): FrameVerdict {
    switch (frame.kind) {
      case 'request':
        return this.#served.take(frame)
      case 'reply':
        return this.#asked.takeReply(frame.id, frame.body, frame.size)
      case 'body-piece':
        return frame.reply ? this.#asked.takePiece(frame.id, frame.bytes) : this.#served.takePiece(frame.id, frame.bytes)
      case 'failure':
        return this.#asked.takeFailure(frame.id, frame.failure)
      case 'cancel':
        return this.#served.takeCancel(frame.id)
      case 'stream-open':
        return this.#streams.takeOpen(frame.id, frame.body)
      case 'stream-piece':
        return this.#streams.take(frame.id, (stream) => stream.takePiece(frame.bytes))
      case 'stream-end':
        return this.#streams.takeEnd(frame.id, frame.closed)
      case 'stream-failure':
        return this.#streams.takeFailure(frame.id, frame.failure)
      case 'credit':
        return frame.bytes < 1 ? 'malformed' : this.#streams.take(frame.id, (stream) => stream.takeCredit(frame.bytes))
      case 'ping':
        this.#outbox.post({ kind: 'pong', count: frame.count })
        return 'idle'
      case 'pong':
        return frame.count <= this.#pings ? 'idle' : 'malformed'
    }
  }

  /** Whether the peer is heard of and takes what it is given. */
  #look(): void {
    const { limits, clock } = this.#options
    const nowMs = clock.monotonicMs()
    this.#forgiveLateness(nowMs)
    const silentMs = nowMs - this.#heardMs
    if (silentMs >= limits.peerSilenceMs) {
      this.end('silent')
      return
    }
    if (!this.#outbox.isHeld || this.#outbox.waitingBytes < limits.peerStalledBytes) this.#takenMs = nowMs
    if (nowMs - this.#takenMs >= limits.peerStalledMs) {
      this.end('stalled')
      return
    }
    if (silentMs >= limits.peerPingMs) {
      this.#pings += 1
      this.#outbox.post({ kind: 'ping', count: this.#pings })
    }
    this.#after('look', limits.peerPingMs / 2, () => this.#look())
  }

  /** While this process stood still, what the peer said lay unread: that time says nothing of the peer. */
  #forgiveLateness(nowMs: number): void {
    const lateMs = nowMs - this.#lookedMs - this.#options.limits.peerPingMs / 2
    this.#lookedMs = nowMs
    if (lateMs < this.#options.limits.peerPingMs) return
    this.#heardMs = Math.min(nowMs, this.#heardMs + lateMs)
    this.#takenMs = Math.min(nowMs, this.#takenMs + lateMs)
  }

  #watchExpiry(): void {
    const leftMs = this.#options.validUntilMs - this.#options.clock.nowMs()
    if (leftMs <= 0) this.end('expired')
    // The host's clock may be set meanwhile, so a long time is not slept in one go.
    else this.#after('expiry', Math.min(leftMs, this.#options.limits.peerExpiryLookMs), () => this.#watchExpiry())
  }

  #after(name: 'look' | 'expiry', durationMs: number, run: () => void): void {
    if (this.#ended) return
    const timer = this.#options.clock.after(durationMs, () => {
      run()
      return undefined
    })
    this.#timers.set(name, timer)
  }
}
