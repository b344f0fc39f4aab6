/**
 * What nodes say to each other: one session per pair of nodes, over which messages, requests and streams travel. A session exists only
 * after both sides have judged the other's hello. Implementations: `tls-transport` and `memory-transport`.
 */

/** A node at the other end of a session, as its hello proved it. */
export interface Peer {
  /** 32 bytes: SHA-256 of the node's public key, last byte 0. */
  readonly nodeId: Uint8Array
  /** 16 bytes: the data directory that it runs on. */
  readonly storeId: Uint8Array
  readonly bootCount: number
  readonly rights: PeerRights
}

export interface PeerRights {
  readonly read: boolean
  readonly write: boolean
  readonly store: boolean
  readonly invite: boolean
  readonly administer: boolean
}

/** Whom this end dialled, or that it was dialled. */
export type HelloSide = { readonly kind: 'dialled'; readonly nodeId: Uint8Array } | { readonly kind: 'accepted' }

/** How the hello of the other end was judged. */
export type HelloVerdict =
  /** `validUntilMs`: Unix milliseconds at which what the session rests on ends. */
  | { readonly kind: 'peer'; readonly peer: Peer; readonly validUntilMs: number }
  /** A node that asks to be admitted: it may make one request, and nothing else. */
  | { readonly kind: 'joiner' }
  | { readonly kind: 'refused'; readonly reason: HelloRefusal }

/** Closed, since it labels a metric. */
export const helloRefusals = [
  'malformed',
  'foreign-network',
  'version',
  'binding',
  'not-who-was-dialled',
  'self',
  'passport',
  'expired',
  'revoked',
  'clock',
  'limit',
  'left-behind',
] as const
export type HelloRefusal = (typeof helloRefusals)[number]

/**
 * Makes and judges hellos. A channel is named by 32 bytes that both ends see and no relay can forge: of TLS, the SHA-256 of the SPKI of
 * the certificate which that end presented on this connection.
 */
export interface HelloDesk {
  /** What this end says over a channel on which it presented this certificate. */
  ownHello(ownChannel: Uint8Array): Uint8Array
  judge(hello: Uint8Array, peerChannel: Uint8Array, side: HelloSide): HelloVerdict
}

/** Called synchronously by the transport, never before the peer's hello was judged well. None but `request` and `stream` may throw. */
export interface PeerHandler {
  connected(peer: Peer): void
  disconnected(peer: Peer, reason: SessionEnd): void
  message(peer: Peer, body: Uint8Array): void
  /** The answer's body. A CodedError travels to the asker with its code and message; any other throw as `internal`. */
  request(peer: Peer, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** A stream that the peer opened; it ends when this resolves, and fails at both ends when it rejects. */
  stream(peer: Peer, body: Uint8Array, stream: PeerStream, signal: AbortSignal): Promise<void>
  /** The one request of a joiner. */
  join(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

/** Closed, since it labels a metric. */
export const sessionEnds = [
  'stopped',
  'replaced',
  'lost',
  'silent',
  'malformed',
  'flood',
  'stalled',
  'expired',
  'revoked',
] as const
export type SessionEnd = (typeof sessionEnds)[number]

/** Pieces in both directions under credit: a writer waits while the reader has not taken what it sent. */
export interface PeerStream {
  /** Resolves when the piece may leave. Rejects with CodedError `unavailable` when the session ends, or what the other end failed with. */
  write(piece: Uint8Array): Promise<void>
  /** Nothing more is written from this end. */
  end(): void
  /** What the other end writes, cut anywhere, until it ends. May be iterated once. */
  readonly pieces: AsyncIterable<Uint8Array>
}

export interface RequestOptions {
  readonly signal: AbortSignal
  /** Bodies that yield to everything else. */
  readonly bulk?: boolean
}

export interface Transport extends AsyncDisposable {
  /** `host:port` on which other nodes reach this one, as far as it listens. Known after `start`. */
  readonly listening: readonly string[]
  /** Listens, and serves the handler from then on. Throws CodedError `port-in-use`. */
  start(desk: HelloDesk, handler: PeerHandler): Promise<void>
  /** Ends every session and what waits on it. Idempotent. */
  stop(): Promise<void>
  /** Where a node is dialled, the most likely endpoint first; replaces what was known. No endpoint: it is not dialled any more. */
  learn(nodeId: Uint8Array, endpoints: readonly string[]): void
  /**
   * Leaves with everything else that was sent to the node in this turn. What cannot be sent is dropped: whoever sends has a timer. False
   * where it was dropped at once, because too much waits or no endpoint is known.
   */
  send(nodeId: Uint8Array, body: Uint8Array): boolean
  /**
   * Rejects with `unavailable` (not reached, or the session ended, whose detail `reason` is then a SessionEnd: whether it was carried out is
   * unknown), or what the peer failed with.
   */
  request(nodeId: Uint8Array, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  openStream(nodeId: Uint8Array, body: Uint8Array, signal: AbortSignal): Promise<PeerStream>
  /** Asks a node that is known only by an endpoint and its id to be admitted. */
  askToJoin(nodeId: Uint8Array, endpoints: readonly string[], body: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
  /** Ends the session with a node whose right to it has ended. */
  endSession(nodeId: Uint8Array, reason: SessionEnd): void
  /** Sessions that stand. */
  readonly peers: readonly Peer[]
}

/** Told of what happens between nodes; feeds logs and metrics. All are called synchronously and must not throw. */
export interface TransportEvents {
  sessionBegan(facts: { readonly nodeId: Uint8Array; readonly endpoint: string; readonly dialled: boolean }): void
  sessionEnded(facts: { readonly nodeId: Uint8Array; readonly reason: SessionEnd }): void
  helloRefused(facts: { readonly endpoint: string; readonly reason: HelloRefusal }): void
  dialFailed(facts: { readonly nodeId: Uint8Array; readonly endpoint: string; readonly error: unknown }): void
  messageDropped(facts: { readonly nodeId: Uint8Array; readonly bytes: number }): void
}
