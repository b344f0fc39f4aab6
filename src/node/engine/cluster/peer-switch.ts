import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { PeerMessageKind, PeerRequestKind, PeerStreamKind } from '../../core/wire/peer-body.ts'
import { bodyBytes, messageKindOf, requestKindOf, streamKindOf } from '../../core/wire/peer-body.ts'
import type { Peer, PeerHandler, PeerStream, SessionEnd } from '../../ports/transport.ts'

export type MessageHandler = (peer: Peer, body: Uint8Array) => void
export type RequestHandler = (peer: Peer, body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>
export type StreamHandler = (peer: Peer, body: Uint8Array, stream: PeerStream, signal: AbortSignal) => Promise<void>
export type JoinHandler = (body: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>

export interface SessionListener {
  connected?(peer: Peer): void
  disconnected?(peer: Peer, reason: SessionEnd): void
}

/** Hands what peers say to those who understand it. Each kind has one handler, which is there before the transport starts. */
export class PeerSwitch implements PeerHandler {
  readonly #messages = new Map<PeerMessageKind, MessageHandler>()
  readonly #requests = new Map<PeerRequestKind, RequestHandler>()
  readonly #streams = new Map<PeerStreamKind, StreamHandler>()
  readonly #listeners: SessionListener[] = []
  #join: JoinHandler | undefined

  onMessage(kind: PeerMessageKind, handler: MessageHandler): void {
    assert(!this.#messages.has(kind), 'a kind of message has one handler')
    this.#messages.set(kind, handler)
  }

  onRequest(kind: PeerRequestKind, handler: RequestHandler): void {
    assert(!this.#requests.has(kind), 'a kind of request has one handler')
    this.#requests.set(kind, handler)
  }

  onStream(kind: PeerStreamKind, handler: StreamHandler): void {
    assert(!this.#streams.has(kind), 'a kind of stream has one handler')
    this.#streams.set(kind, handler)
  }

  onJoin(handler: JoinHandler): void {
    assert(this.#join === undefined, 'joiners have one handler')
    this.#join = handler
  }

  onSession(listener: SessionListener): void {
    this.#listeners.push(listener)
  }

  connected(peer: Peer): void {
    for (const listener of this.#listeners) listener.connected?.(peer)
  }

  disconnected(peer: Peer, reason: SessionEnd): void {
    for (const listener of this.#listeners) listener.disconnected?.(peer, reason)
  }

  message(peer: Peer, body: Uint8Array): void {
    const kind = messageKindOf(body)
    // A kind that is not known here is a newer version's.
    if (kind !== undefined) this.#messages.get(kind)?.(peer, bodyBytes(body))
  }

  async request(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const kind = requestKindOf(body)
    const handler = kind && this.#requests.get(kind)
    if (handler === undefined) throw unknownKind()
    return await handler(peer, bodyBytes(body), signal)
  }

  async stream(peer: Peer, body: Uint8Array, stream: PeerStream, signal: AbortSignal): Promise<void> {
    const kind = streamKindOf(body)
    const handler = kind && this.#streams.get(kind)
    if (handler === undefined) throw unknownKind()
    await handler(peer, bodyBytes(body), stream, signal)
  }

  async join(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#join === undefined) throw new CodedError('permission-denied', 'this node admits nobody')
    return await this.#join(body, signal)
  }
}

function unknownKind(): CodedError {
  return new CodedError('invalid-argument', 'this node does not know what it is asked for')
}
