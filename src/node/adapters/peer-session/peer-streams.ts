/**
 * The streams of one session. Ids of the end that dialled are odd, those of the other even. The end that serves a stream says last that
 * it is over, once its handler has come to an end; until then the stream keeps its place at both ends.
 */
import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { PeerStream } from '../../ports/transport.ts'
import { CreditStream } from './credit-stream.ts'
import type { FrameVerdict } from './frame-verdict.ts'
import type { Outbox } from './outbox.ts'
import { PeerBudget } from './peer-budget.ts'
import { abortError, errorOf, failureOf } from './peer-failure.ts'
import type { ExchangeFrame, PeerFailure } from './peer-frame.ts'

export type ServeStream = (body: Uint8Array, stream: PeerStream, signal: AbortSignal) => Promise<void>

interface OpenStream {
  readonly stream: CreditStream
  /** Own streams: lets go of the caller's signal. Served ones: tells the handler. */
  readonly over: (error: unknown) => void
}

export class PeerStreams {
  readonly #limits: Limits
  readonly #outbox: Outbox
  readonly #own: PeerBudget
  readonly #foreign: PeerBudget
  readonly #total: PeerBudget
  readonly #serve: ServeStream
  readonly #open = new Map<number, OpenStream>()
  #nextOwnId: number
  #lastForeignId = 0
  #ended = false

  constructor(options: { limits: Limits; outbox: Outbox; total: PeerBudget; dialled: boolean; serve: ServeStream }) {
    this.#limits = options.limits
    this.#outbox = options.outbox
    this.#own = PeerBudget.ofSession(options.limits)
    this.#foreign = PeerBudget.ofSession(options.limits)
    this.#total = options.total
    this.#serve = options.serve
    this.#nextOwnId = options.dialled ? 1 : 2
  }

  open(body: Uint8Array, signal: AbortSignal): PeerStream {
    if (signal.aborted) throw abortError(signal)
    if (!this.#own.takesStream()) throw new CodedError('queue-full', 'too many streams to one node are open')
    this.#own.addStream()
    const id = this.#nextOwnId
    this.#nextOwnId += 2
    const fail = (error: unknown) => {
      stream.fail(error)
      signal.removeEventListener('abort', abort)
      this.#outbox.post({ kind: 'stream-failure', id, failure: failureOf(error) })
    }
    const abort = () => fail(abortError(signal))
    const stream = this.#makeStream(id, true, fail)
    signal.addEventListener('abort', abort, { once: true })
    this.#open.set(id, { stream, over: () => signal.removeEventListener('abort', abort) })
    this.#outbox.post({ kind: 'stream-open', id, body })
    return stream
  }

  takeOpen(id: number, body: Uint8Array): FrameVerdict {
    if (this.#isOwn(id) || id <= this.#lastForeignId) return 'malformed'
    this.#lastForeignId = id
    if (!this.#foreign.takesStream()) return 'flood'
    if (!this.#total.takesStream()) {
      const busy = new CodedError('queue-full', 'the node is busy with the streams of other nodes')
      this.#outbox.post({ kind: 'stream-failure', id, failure: failureOf(busy) })
      return 'taken'
    }
    this.#foreign.addStream()
    this.#total.addStream()
    const abort = new AbortController()
    const stream = this.#makeStream(id, false, () => undefined)
    this.#open.set(id, { stream, over: (error) => abort.abort(error) })
    void this.#run(id, body, stream, abort.signal)
    return 'taken'
  }

  take(id: number, give: (stream: CreditStream) => FrameVerdict): FrameVerdict {
    const open = this.#open.get(id)
    return open === undefined ? this.#unknown(id) : give(open.stream)
  }

  takeEnd(id: number, closed: boolean): FrameVerdict {
    const open = this.#open.get(id)
    if (open === undefined) return this.#unknown(id)
    if (closed && !this.#isOwn(id)) return 'malformed'
    const verdict = open.stream.takeEnd(closed)
    if (closed) this.#closeOwn(id, open)
    return verdict
  }

  takeFailure(id: number, failure: PeerFailure): FrameVerdict {
    const open = this.#open.get(id)
    if (open === undefined) return this.#unknown(id)
    if (!this.#isOwn(id) && open.stream.isFailed) return 'idle'
    const error = errorOf(failure)
    open.stream.fail(error)
    if (this.#isOwn(id)) this.#closeOwn(id, open)
    else open.over(error)
    return 'taken'
  }

  endAll(error: unknown): void {
    this.#ended = true
    for (const { stream, over } of this.#open.values()) {
      stream.fail(error)
      over(error)
    }
    this.#open.clear()
  }

  async #run(id: number, body: Uint8Array, stream: CreditStream, signal: AbortSignal): Promise<void> {
    let last: ExchangeFrame
    try {
      await this.#serve(body, stream, signal)
      last = { kind: 'stream-end', id, closed: true }
      stream.fail(new CodedError('cancelled', 'the stream has ended'))
    } catch (error) {
      last = { kind: 'stream-failure', id, failure: failureOf(error) }
      stream.fail(error)
    }
    this.#total.freeStream()
    if (this.#ended) return
    this.#foreign.freeStream()
    this.#open.delete(id)
    this.#outbox.post(last)
  }

  #makeStream(id: number, endsWithReader: boolean, abandoned: (error: CodedError) => void): CreditStream {
    return new CreditStream({
      id,
      windowBytes: this.#limits.peerStreamWindowBytes,
      pieceBytes: this.#limits.peerPieceBytes,
      endsWithReader,
      post: (frame) => this.#outbox.post(frame),
      ready: (ready) => this.#outbox.bulk(ready),
      abandoned,
    })
  }

  #closeOwn(id: number, { over }: OpenStream): void {
    this.#open.delete(id)
    this.#own.freeStream()
    over(undefined)
  }

  #isOwn(id: number): boolean {
    return id % 2 === this.#nextOwnId % 2
  }

  /** Frames may cross the end of their stream. */
  #unknown(id: number): FrameVerdict {
    const known = this.#isOwn(id) ? id < this.#nextOwnId : id <= this.#lastForeignId
    return known ? 'idle' : 'malformed'
  }
}
