/**
 * The first byte of every body that travels between nodes says what it is; the rest is in the encoding of its kind. docs/PROTOCOL.md,
 * Between nodes, lists the kinds.
 *
 * Invariant: a kind keeps its number for ever.
 */

/** One-way; may be lost, doubled or overtaken. */
const messageNumbers = { replica: 1, liveness: 2 } as const
export type PeerMessageKind = keyof typeof messageNumbers

/** Answered, or failed. */
const requestNumbers = {
  /** A call to the primary of a block. */
  routed: 1,
  /** Are you there, and do you lead this block? */
  ping: 2,
  /** Chosen entries of a block. */
  entries: 3,
  /** Copies of immutable blocks. */
  'content-put': 4,
  'content-get': 5,
  'content-look': 6,
  'content-remove': 7,
  /** A passport for longer, in exchange for one that is good. */
  renew: 8,
} as const
export type PeerRequestKind = keyof typeof requestNumbers

const streamNumbers = {
  /** The state of a block, for a member that is too far behind for its entries. */
  snapshot: 1,
} as const
export type PeerStreamKind = keyof typeof streamNumbers

export function messageBody(kind: PeerMessageKind, bytes: Uint8Array): Uint8Array {
  return withNumber(messageNumbers[kind], bytes)
}

/** For who writes the number and what follows it in one piece. */
export function messageNumber(kind: PeerMessageKind): number {
  return messageNumbers[kind]
}

export function requestBody(kind: PeerRequestKind, bytes: Uint8Array): Uint8Array {
  return withNumber(requestNumbers[kind], bytes)
}

export function streamBody(kind: PeerStreamKind, bytes: Uint8Array): Uint8Array {
  return withNumber(streamNumbers[kind], bytes)
}

/** Undefined where a body is empty or of a kind that is not known here. */
export function messageKindOf(body: Uint8Array): PeerMessageKind | undefined {
  return kindOf(messageNumbers, body)
}

export function requestKindOf(body: Uint8Array): PeerRequestKind | undefined {
  return kindOf(requestNumbers, body)
}

export function streamKindOf(body: Uint8Array): PeerStreamKind | undefined {
  return kindOf(streamNumbers, body)
}

/** What follows the kind. */
export function bodyBytes(body: Uint8Array): Uint8Array {
  return body.subarray(1)
}

function withNumber(number: number, bytes: Uint8Array): Uint8Array {
  const body = new Uint8Array(1 + bytes.length)
  body[0] = number
  body.set(bytes, 1)
  return body
}

function kindOf<Kind extends string>(numbers: Readonly<Record<Kind, number>>, body: Uint8Array): Kind | undefined {
  for (const kind in numbers) if (numbers[kind] === body[0]) return kind
  return undefined
}
