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
    this.#lastId += 1
    const id = this.#lastId
    const giveUp = () => {
      reject(abortError(signal))
      this.#cancel(id)
    }
    const asked: Asked = {
      weight,
      source: undefined,
      assembly: undefined,
      settle: (outcome) => {
        signal.removeEventListener('abort', giveUp)
        if ('body' in outcome) resolve(outcome.body)
        else reject(outcome.error)
      },
    }
    this.#asked.set(id, asked)
    signal.addEventListener('abort', giveUp, { once: true })
    this.#post(id, asked, body, bulk)
    return promise
  }

  takeReply(id: number, body: Uint8Array, size: number): FrameVerdict {
    const asked = this.#asked.get(id)
    if (asked === undefined || asked.assembly !== undefined) return 'malformed'
    if (size === body.length) return this.#answered(id, asked, { body })
    if (size < body.length || size > this.#limits.peerBodyBytesMax) return 'malformed'
    asked.assembly = new BodyAssembly(size)
    return asked.assembly.add(body) ? 'taken' : 'malformed'
  }

  takePiece(id: number, bytes: Uint8Array): FrameVerdict {
    const asked = this.#asked.get(id)
    if (asked?.assembly === undefined || !asked.assembly.add(bytes)) return 'malformed'
    const body = asked.assembly.whole()
    return body === undefined ? 'taken' : this.#answered(id, asked, { body })
  }

  takeFailure(id: number, failure: PeerFailure): FrameVerdict {
    const asked = this.#asked.get(id)
    return asked === undefined ? 'malformed' : this.#answered(id, asked, { error: errorOf(failure) })
  }

  endAll(error: unknown): void {
    for (const [id, asked] of this.#asked) this.#answered(id, asked, { error })
  }

  #post(id: number, asked: Asked, body: Uint8Array, bulk: boolean): void {
    const size = body.length
    const { peerPieceBytes } = this.#limits
    if (!bulk && size <= peerPieceBytes) {
      this.#outbox.post({ kind: 'request', id, body, size, bulk })
      return
    }
    asked.source = new BodySource(body, peerPieceBytes, {
      head: (first) => ({ kind: 'request', id, body: first, size, bulk }),
      tail: (bytes) => ({ kind: 'body-piece', id, reply: false, bytes }),
      ended: () => undefined,
    })
    this.#outbox.bulk(asked.source)
  }

  #cancel(id: number): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    asked.source?.drop()
    if (asked.source === undefined || asked.source.begun) this.#outbox.post({ kind: 'cancel', id })
    else this.#forget(id, asked)
  }

  #answered(id: number, asked: Asked, outcome: { readonly body: Uint8Array } | { readonly error: unknown }): FrameVerdict {
    asked.source?.drop()
    this.#forget(id, asked)
    asked.settle(outcome)
    return 'taken'
  }

  #forget(id: number, asked: Asked): void {
    this.#asked.delete(id)
    this.#budget.freeRequest(asked.weight)
  }
}
