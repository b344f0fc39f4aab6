import { compareBytes, equalBytes } from '../../core/base/bytes.ts'
import type { Peer } from '../../ports/transport.ts'
import type { GreetingFacts } from './greeting.ts'

/** A connection of a pair as both of its ends see it. */
export interface PairConnection extends GreetingFacts {
  /** The other end, by the hello on this connection. */
  readonly peer: Peer
  readonly dialled: boolean
}

/**
 * Which of two connections of one pair stays. Both ends come to the same result, whichever they saw first:
 * - a later start of the peer goes before an earlier one, and another data directory before the one that was known;
 * - of two that one end dialled, the later;
 * - of two that were dialled from both ends, the one of the lower node id, unless the other was dialled after its dialler had judged the
 *   first one well: then that end has lost the first.
 */
export function isReplaced(held: PairConnection, next: PairConnection, ownId: Uint8Array): boolean {
  if (!isSameStart(held.peer, next.peer)) {
    return !equalBytes(held.peer.storeId, next.peer.storeId) || next.peer.bootCount > held.peer.bootCount
  }
  if (held.dialled === next.dialled) return next.dial > held.dial
  const ownIsLower = compareBytes(ownId, next.peer.nodeId) < 0
  const nextIsOfLower = next.dialled === ownIsLower
  const [ofLower, ofHigher] = nextIsOfLower ? [next, held] : [held, next]
  const lowerStays = ofHigher.dial <= ofLower.dialsOfAccepter
  return lowerStays === nextIsOfLower
}

/** Whether both hellos come from one run of one process. */
export function isSameStart(left: Peer, right: Peer): boolean {
  return left.bootCount === right.bootCount && equalBytes(left.storeId, right.storeId)
}
