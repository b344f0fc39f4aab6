/**
 * Which session stands between this node and each other one. A handler is told of a pair, not of its connections: while the same run of
 * the peer goes on over another connection, nothing is told.
 */
import type { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes, toHex } from '../../core/base/bytes.ts'
import type { Peer, SessionEnd } from '../../ports/transport.ts'
import { unavailable } from './peer-failure.ts'
import type { PeerSession } from './peer-session.ts'
import type { PairConnection } from './session-choice.ts'
import { isReplaced, isSameStart } from './session-choice.ts'

/** A connection whose other end was judged well, and has not answered. */
export interface ComingConnection {
  readonly peer: Peer
  readonly giveUp: (error: CodedError) => void
}

interface StandingSession {
  readonly connection: PairConnection
  readonly session: PeerSession
}

interface Pair {
  held: StandingSession | undefined
  readonly coming: Set<ComingConnection>
  /** Whom the handler takes for connected. */
  told: Peer | undefined
}

interface PairsOptions {
  readonly ownId: Uint8Array
  readonly connected: (peer: Peer) => void
  readonly disconnected: (peer: Peer, reason: SessionEnd) => void
  /** What came was the last that was waited for, and it did not come to be. */
  readonly cameToNothing: (nodeId: Uint8Array) => void
}

export class SessionPairs {
  readonly #options: PairsOptions
  readonly #pairs = new Map<string, Pair>()

  constructor(options: PairsOptions) {
    this.#options = options
  }

  /** The session that stands with a node. */
  with(nodeId: Uint8Array): PeerSession | undefined {
    return this.#pairs.get(toHex(nodeId))?.held?.session
  }

  isComing(nodeId: Uint8Array): boolean {
    return (this.#pairs.get(toHex(nodeId))?.coming.size ?? 0) > 0
  }

  get peers(): readonly Peer[] {
    return [...this.#pairs.values()].flatMap(({ held }) => (held === undefined ? [] : [held.connection.peer]))
  }

  /** Nodes with which something stands or comes. */
  get count(): number {
    return this.#pairs.size
  }

  has(nodeId: Uint8Array): boolean {
    return this.#pairs.has(toHex(nodeId))
  }

  comes(coming: ComingConnection): void {
    this.#pairOf(coming.peer.nodeId).coming.add(coming)
  }

  failed(coming: ComingConnection): void {
    const { nodeId } = coming.peer
    const pair = this.#pairOf(nodeId)
    pair.coming.delete(coming)
    if (pair.held === undefined) {
      this.#tellGone(pair, 'lost')
      if (pair.coming.size === 0) this.#options.cameToNothing(nodeId)
    }
    this.#forgetEmpty(nodeId, pair)
  }

  /** False where the session that stands with the node stays, and the connection is not wanted. */
  stands(
    coming: ComingConnection,
    connection: PairConnection,
    makeSession: () => PeerSession,
    begin: (session: PeerSession) => void,
  ): boolean {
    const { nodeId } = connection.peer
    const pair = this.#pairOf(nodeId)
    pair.coming.delete(coming)
    const before = pair.held
    if (before !== undefined && !isReplaced(before.connection, connection, this.#options.ownId)) return false
    const session = makeSession()
    pair.held = { connection, session }
    before?.session.end('replaced')
    const { told } = pair
    pair.told = connection.peer
    if (told === undefined || !isSamePeer(told, connection.peer)) {
      if (told !== undefined) this.#options.disconnected(told, 'replaced')
      this.#options.connected(connection.peer)
    }
    begin(session)
    return true
  }

  ended(nodeId: Uint8Array, session: PeerSession, reason: SessionEnd): void {
    const pair = this.#pairs.get(toHex(nodeId))
    if (pair?.held?.session !== session) return
    pair.held = undefined
    this.#tellGone(pair, reason)
    this.#forgetEmpty(nodeId, pair)
  }

  end(nodeId: Uint8Array, reason: SessionEnd): void {
    const pair = this.#pairs.get(toHex(nodeId))
    if (pair === undefined) return
    this.#giveUp(pair, reason)
    pair.held?.session.end(reason)
  }

  endAll(reason: SessionEnd): void {
    for (const pair of [...this.#pairs.values()]) {
      this.#giveUp(pair, reason)
      pair.held?.session.end(reason)
    }
  }

  #giveUp(pair: Pair, reason: SessionEnd): void {
    const error = unavailable(`the session with the node ended: ${reason}`, { reason })
    for (const { giveUp } of [...pair.coming]) giveUp(error)
  }

  /** A connection that was lost while another one with the same run of the peer comes is no loss of the pair. */
  #tellGone(pair: Pair, reason: SessionEnd): void {
    const { told } = pair
    if (told === undefined) return
    if (reason === 'lost' && [...pair.coming].some(({ peer }) => isSameStart(peer, told))) return
    pair.told = undefined
    this.#options.disconnected(told, reason)
  }

  #pairOf(nodeId: Uint8Array): Pair {
    const name = toHex(nodeId)
    const known = this.#pairs.get(name)
    if (known !== undefined) return known
    const pair: Pair = { held: undefined, coming: new Set(), told: undefined }
    this.#pairs.set(name, pair)
    return pair
  }

  #forgetEmpty(nodeId: Uint8Array, pair: Pair): void {
    if (pair.held === undefined && pair.coming.size === 0 && pair.told === undefined) this.#pairs.delete(toHex(nodeId))
  }
}

/** Also with the same rights: a handler goes by those that it was told. */
function isSamePeer(left: Peer, right: Peer): boolean {
  const names = ['read', 'write', 'store', 'invite', 'administer'] as const
  return (
    isSameStart(left, right) &&
    equalBytes(left.nodeId, right.nodeId) &&
    names.every((name) => left.rights[name] === right.rights[name])
  )
}
