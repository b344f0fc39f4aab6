/**
 * Requests of this end that have not been answered. One that its caller has given up keeps its place until the other end has answered,
 * so that both ends count alike.
 */

import { CodedError } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { RequestOptions } from '../../ports/transport.ts'
import { BodyAssembly, BodySource } from './body-pieces.ts'
import type { FrameVerdict } from './frame-verdict.ts'
import type { Outbox } from './outbox.ts'
import { PeerBudget } from './peer-budget.ts'
import { abortError, errorOf } from './peer-failure.ts'
import type { PeerFailure } from './peer-frame.ts'
import { frameOverheadBytes } from './peer-frame.ts'

interface Asked {
  /** Given as it leaves, since ids grow on their way and a bulk body may be overtaken; 0 before. */
  id: number
  readonly weight: number
  readonly settle: (outcome: { readonly body: Uint8Array } | { readonly error: unknown }) => void
  source: BodySource | undefined
  assembly: BodyAssembly | undefined
}

export class AskedRequests {
  readonly #limits: Limits
  readonly #outbox: Outbox
  readonly #budget: PeerBudget
  readonly #asked = new Map<number, Asked>()
  /** Bulk requests of which nothing has left. */
  readonly #waiting = new Set<Asked>()
  #lastId = 0

  constructor(limits: Limits, outbox: Outbox) {
    this.#limits = limits
    this.#outbox = outbox
    this.#budget = PeerBudget.ofSession(limits)
  }

  ask(body: Uint8Array, { signal, bulk = false }: RequestOptions): Promise<Uint8Array> {
    if (signal.aborted) return Promise.reject(abortError(signal))
    const weight = body.length + frameOverheadBytes
    if (!this.#budget.takesRequest(weight)) {
      return Promise.reject(new CodedError('queue-full', 'too many requests wait for the answer of one node'))
    }
    this.#budget.addRequest(weight)
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    const giveUp = () => {
      reject(abortError(signal))
      this.#cancel(asked)
    }
    const asked: Asked = {
      id: 0,
      weight,
      source: undefined,
      assembly: undefined,
      settle: (outcome) => {
        signal.removeEventListener('abort', giveUp)
        if ('body' in outcome) resolve(outcome.body)
        else reject(outcome.error)
      },
    }
    signal.addEventListener('abort', giveUp, { once: true })
    this.#post(asked, body, bulk)
    return promise
  }

  takeReply(id: number, body: Uint8Array, size: number): FrameVerdict {
    const asked = this.#asked.get(id)
    if (asked === undefined || asked.assembly !== undefined) return 'malformed'
    if (size === body.length) return this.#answered(asked, { body })
    if (size < body.length || size > this.#limits.peerBodyBytesMax) return 'malformed'
    asked.assembly = new BodyAssembly(size)
    return asked.assembly.add(body) ? 'taken' : 'malformed'
  }

  takePiece(id: number, bytes: Uint8Array): FrameVerdict {
    const asked = this.#asked.get(id)
    if (asked?.assembly === undefined || !asked.assembly.add(bytes)) return 'malformed'
    const body = asked.assembly.whole()
    return body === undefined ? 'taken' : this.#answered(asked, { body })
  }

  takeFailure(id: number, failure: PeerFailure): FrameVerdict {
    const asked = this.#asked.get(id)
    return asked === undefined ? 'malformed' : this.#answered(asked, { error: errorOf(failure) })
  }

  endAll(error: unknown): void {
    for (const asked of [...this.#waiting, ...this.#asked.values()]) this.#answered(asked, { error })
  }

  #post(asked: Asked, body: Uint8Array, bulk: boolean): void {
    const size = body.length
    const { peerPieceBytes } = this.#limits
    if (!bulk && size <= peerPieceBytes) {
      this.#outbox.post({ kind: 'request', id: this.#number(asked), body, size, bulk })
      return
    }
    this.#waiting.add(asked)
    asked.source = new BodySource(body, peerPieceBytes, {
      head: (first) => ({ kind: 'request', id: this.#number(asked), body: first, size, bulk }),
      tail: (bytes) => ({ kind: 'body-piece', id: asked.id, reply: false, bytes }),
      ended: () => undefined,
    })
    this.#outbox.bulk(asked.source)
  }

  #number(asked: Asked): number {
    this.#waiting.delete(asked)
    this.#lastId += 1
    asked.id = this.#lastId
    this.#asked.set(asked.id, asked)
    return asked.id
  }

  #cancel(asked: Asked): void {
    asked.source?.drop()
    if (asked.id === 0) this.#forget(asked)
    else if (this.#asked.has(asked.id)) this.#outbox.post({ kind: 'cancel', id: asked.id })
  }

  #answered(asked: Asked, outcome: { readonly body: Uint8Array } | { readonly error: unknown }): FrameVerdict {
    asked.source?.drop()
    this.#forget(asked)
    asked.settle(outcome)
    return 'taken'
  }

  #forget(asked: Asked): void {
    if (this.#asked.delete(asked.id) || this.#waiting.delete(asked)) this.#budget.freeRequest(asked.weight)
  }
}
