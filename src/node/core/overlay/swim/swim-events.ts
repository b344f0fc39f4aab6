/** What the membership machine is told and what it asks for. Milliseconds are of a clock that never goes back. */

import type { SwimLimits } from '../../base/swim-limits.ts'
import type { NodeFacts, PeerState, SwimMessage } from './swim-messages.ts'

export type SwimEvent =
  | { readonly kind: 'start'; readonly nowMs: number }
  /** Whose time was asked for by the last `timer`; how late it comes tells the machine how busy its own process is. */
  | { readonly kind: 'tick'; readonly nowMs: number; readonly scheduledMs: number }
  /** `from` is the node of the session. Records in the message are handed in before it, as `record`. */
  | { readonly kind: 'message'; readonly nowMs: number; readonly from: Uint8Array; readonly message: SwimMessage }
  /**
   * A node's record whose signature and right to be here were verified, with the facts that stand in it. `anotherStore`: the node runs on
   * another data directory, where it counts its starts anew, so the facts take the place of those that were known, lower or not.
   */
  | {
      readonly kind: 'record'
      readonly nowMs: number
      readonly facts: NodeFacts
      readonly record: Uint8Array
      readonly anotherStore?: boolean
    }
  /** A session with the node stands. Its record, which came with its hello, was handed in. */
  | { readonly kind: 'connected'; readonly nowMs: number; readonly nodeId: Uint8Array }
  /** What the own record says has changed. */
  | { readonly kind: 'refresh'; readonly nowMs: number }
  /** The node has no place here any more; it is not pinged and counts as left. */
  | { readonly kind: 'forget'; readonly nowMs: number; readonly nodeId: Uint8Array }
  /** This node stops and says so. */
  | { readonly kind: 'leave'; readonly nowMs: number }

export type SwimEffect =
  | { readonly kind: 'send'; readonly nodeId: Uint8Array; readonly message: SwimMessage }
  | { readonly kind: 'changed'; readonly nodeId: Uint8Array; readonly state: PeerState }
  /** Wanted next, in place of every earlier one. */
  | { readonly kind: 'timer'; readonly atMs: number }

export interface SwimOptions {
  readonly nodeId: Uint8Array
  readonly bootCount: number
  /** The own record with this incarnation, signed. Incarnations begin at 0 with each boot count. */
  ownRecord(incarnation: number): Uint8Array
  integerBelow(limit: number): number
  readonly limits: SwimLimits
}
