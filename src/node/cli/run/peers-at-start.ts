import { assert } from '../../../shared/assert.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HelloDesk, Peer, PeerHandler, PeerStream, RequestOptions, SessionEnd, Transport } from '../../ports/transport.ts'

/** How long after the start they are tried. */
const peersTriedMs = 60_000

export interface PeersAtStartOptions {
  readonly peers: readonly string[]
  readonly clock: Pick<Clock, 'after'>
  readonly limits: Pick<Limits, 'peerEndpointsMax'>
}

/**
 * A transport that, for a while after its start, tries every node at some more endpoints behind those that are known: a network whose nodes
 * have all moved finds itself again when it is told one of them. Who is behind such an endpoint is told by its hello, as ever; later on
 * only what nodes say of themselves counts, so that no node is dialled for another for ever.
 */
export class PeersAtStart implements Transport {
  readonly #inner: Transport
  readonly #peers: readonly string[]
  readonly #clock: Pick<Clock, 'after'>
  /** Endpoints of a node that are tried before them. */
  readonly #knownMax: number
  /** What was learnt while they are tried, by the node id in hex; undefined afterwards. */
  #learnt: Map<string, { readonly nodeId: Uint8Array; readonly endpoints: readonly string[] }> | undefined = new Map()
  #timer: Disposable | undefined

  constructor(inner: Transport, { peers, clock, limits }: PeersAtStartOptions) {
    this.#inner = inner
    this.#peers = peers
    this.#clock = clock
    this.#knownMax = limits.peerEndpointsMax - peers.length
    assert(this.#knownMax >= 1, 'the endpoints that nodes name themselves have a place')
  }

  get listening(): readonly string[] {
    return this.#inner.listening
  }

  get peers(): readonly Peer[] {
    return this.#inner.peers
  }

  async start(desk: HelloDesk, handler: PeerHandler): Promise<void> {
    await this.#inner.start(desk, handler)
    this.#timer = this.#clock.after(peersTriedMs, () => this.#end())
  }

  async stop(): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.#inner.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  learn(nodeId: Uint8Array, endpoints: readonly string[]): void {
    // None: the node is dialled no more.
    if (this.#learnt === undefined || endpoints.length === 0) {
      this.#learnt?.delete(toHex(nodeId))
      this.#inner.learn(nodeId, endpoints)
      return
    }
    this.#learnt.set(toHex(nodeId), { nodeId, endpoints })
    const known = endpoints.slice(0, this.#knownMax)
    this.#inner.learn(nodeId, [...known, ...this.#peers.filter((peer) => !known.includes(peer))])
  }

  send(nodeId: Uint8Array, body: Uint8Array): boolean {
    return this.#inner.send(nodeId, body)
  }

  request(nodeId: Uint8Array, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#inner.request(nodeId, body, options)
  }

  openStream(nodeId: Uint8Array, body: Uint8Array, signal: AbortSignal): Promise<PeerStream> {
    return this.#inner.openStream(nodeId, body, signal)
  }

  askToJoin(nodeId: Uint8Array, endpoints: readonly string[], body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#inner.askToJoin(nodeId, endpoints, body, signal)
  }

  endSession(nodeId: Uint8Array, reason: SessionEnd): void {
    this.#inner.endSession(nodeId, reason)
  }

  #end(): undefined {
    const learnt = this.#learnt
    this.#learnt = undefined
    for (const { nodeId, endpoints } of learnt?.values() ?? []) this.#inner.learn(nodeId, endpoints)
  }
}
