/**
 * Requests of the other end. Each is answered exactly once, a cancelled one too, and keeps its place until whoever serves it has come to
 * an end: cancelling fast frees nothing.
 */
import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import { BodyAssembly, BodySource } from './body-pieces.ts'
import type { FrameVerdict } from './frame-verdict.ts'
import type { Outbox } from './outbox.ts'
import { PeerBudget } from './peer-budget.ts'
import { failureOf } from './peer-failure.ts'
import type { ExchangeFrame } from './peer-frame.ts'
import { frameOverheadBytes } from './peer-frame.ts'

interface Served {
  readonly weight: number
  readonly bulk: boolean
  readonly abort: AbortController
  /** Undefined once the body is whole. */
  assembly: BodyAssembly | undefined
}

export type ServeRequest = (body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

export class ServedRequests {
  readonly #limits: Limits
  readonly #outbox: Outbox
  readonly #budget: PeerBudget
  readonly #total: PeerBudget
  readonly #serve: ServeRequest
  readonly #served = new Map<number, Served>()
  readonly #replies = new Set<BodySource>()
  #lastId = 0
  #ended = false

  constructor(options: { limits: Limits; outbox: Outbox; total: PeerBudget; serve: ServeRequest }) {
    this.#limits = options.limits
    this.#outbox = options.outbox
    this.#budget = PeerBudget.ofSession(options.limits)
    this.#total = options.total
    this.#serve = options.serve
  }

  take({ id, body, size, bulk }: Extract<ExchangeFrame, { kind: 'request' }>): FrameVerdict {
    if (id <= this.#lastId || size < body.length || size > this.#limits.peerBodyBytesMax) return 'malformed'
    this.#lastId = id
    const weight = size + frameOverheadBytes
    if (!this.#budget.takesRequest(weight)) return 'flood'
    if (!this.#total.takesRequest(weight)) {
      this.#fail(id, new CodedError('queue-full', 'the node is busy with the requests of other nodes'))
      return 'taken'
    }
    this.#budget.addRequest(weight)
    this.#total.addRequest(weight)
    const assembly = size > body.length ? new BodyAssembly(size) : undefined
    const served: Served = { weight, bulk, abort: new AbortController(), assembly }
    this.#served.set(id, served)
    if (assembly === undefined) this.#begin(id, served, body)
    else if (!assembly.add(body)) return 'malformed'
    return 'taken'
  }

  takePiece(id: number, bytes: Uint8Array): FrameVerdict {
    const served = this.#served.get(id)
    if (served === undefined) return id <= this.#lastId ? 'idle' : 'malformed'
    if (served.assembly === undefined || !served.assembly.add(bytes)) return 'malformed'
    const body = served.assembly.whole()
    if (body === undefined) return 'taken'
    served.assembly = undefined
    this.#begin(id, served, body)
    return 'taken'
  }

  takeCancel(id: number): FrameVerdict {
    const served = this.#served.get(id)
    if (served === undefined) return id <= this.#lastId ? 'idle' : 'malformed'
    if (served.abort.signal.aborted) return 'idle'
    const error = new CodedError('cancelled', 'the node that asked waits no more')
    served.abort.abort(error)
    if (served.assembly !== undefined) {
      this.#forget(id, served)
      this.#fail(id, error)
    }
    return 'taken'
  }

  endAll(error: unknown): void {
    this.#ended = true
    for (const reply of [...this.#replies]) reply.drop()
    for (const [id, served] of this.#served) {
      served.abort.abort(error)
      if (served.assembly !== undefined) this.#forget(id, served)
    }
  }

  #begin(id: number, served: Served, body: Uint8Array): void {
    void this.#run(id, served, body)
  }

  async #run(id: number, served: Served, body: Uint8Array): Promise<void> {
    try {
      const reply = await this.#serve(body, served.abort.signal)
      this.#forget(id, served)
      this.#reply(id, reply, served.bulk)
    } catch (error) {
      this.#forget(id, served)
      this.#fail(id, error)
    }
  }

  #reply(id: number, body: Uint8Array, bulk: boolean): void {
    if (this.#ended) return
    const { peerBodyBytesMax, peerPieceBytes } = this.#limits
    const size = body.length
    if (size > peerBodyBytesMax) {
      this.#fail(id, new CodedError('limit-exceeded', 'the answer is larger than what travels between nodes'))
    } else if (!this.#budget.takesReply(size, this.#outbox.waitingBytes) || !this.#total.takesReply(size, 0)) {
      this.#fail(id, new CodedError('queue-full', 'too many answers wait to be taken'))
    } else if (!bulk && size <= peerPieceBytes) {
      this.#outbox.post({ kind: 'reply', id, body, size })
    } else {
      this.#replyInPieces(id, body)
    }
  }

  #replyInPieces(id: number, body: Uint8Array): void {
    const size = body.length
    const source = new BodySource(body, this.#limits.peerPieceBytes, {
      head: (first) => ({ kind: 'reply', id, body: first, size }),
      tail: (bytes) => ({ kind: 'body-piece', id, reply: true, bytes }),
      ended: () => {
        this.#replies.delete(source)
        for (const budget of [this.#budget, this.#total]) budget.freeReply(size)
      },
    })
    this.#replies.add(source)
    for (const budget of [this.#budget, this.#total]) budget.addReply(size)
    this.#outbox.bulk(source)
  }

  #fail(id: number, error: unknown): void {
    this.#outbox.post({ kind: 'failure', id, failure: failureOf(error) })
  }

  #forget(id: number, served: Served): void {
    this.#served.delete(id)
    this.#budget.freeRequest(served.weight)
    this.#total.freeRequest(served.weight)
  }
}
