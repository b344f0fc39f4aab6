/**
 * What a member keeps of one mutable block: the state that everything voted for has led to, and what it promised. One record of the
 * family `block`, by address. The entries of a map page and the outcomes of request ids are records of their own beside it.
 *
 * Invariants:
 * - slot 0 is the birth, so a record exists from committed index 0 on; index and version are separate numbers;
 * - the version of a signed block grows by exactly one per applied version; a map block's counts its applied entries;
 * - the generation never changes while the block lives; a later birth has a higher one;
 * - a removed block keeps its record as its tombstone for the horizon;
 * - `outcomeFloor` never falls: an id issued at or below it is refused as too old, never applied.
 */

import type { BlockAddress } from '../base/address.ts'
import type { Ballot } from './ballot.ts'
import type { Group } from './group.ts'

export interface BlockRecord {
  readonly address: BlockAddress
  /** HLC of the birth. */
  readonly generation: bigint
  readonly group: Group
  /** The highest ballot promised; its leading part is the block's recovery number. */
  readonly promised: Ballot
  /** Slot of the last applied entry. */
  readonly committedIndex: bigint
  /** What users see: 0 at the birth. */
  readonly version: bigint
  /** HLC up to which outcomes were forgotten. */
  readonly outcomeFloor: bigint
  /** Outcomes kept for this block, all of them issued above the floor. */
  readonly outcomeCount: number
  readonly state: BlockState
}

export type BlockState = SignedState | MapState | RemovedState

/** An owner or named block: the whole version as its writer signed it, in the encoding of core/block. */
export interface SignedState {
  readonly kind: 'signed'
  readonly signed: Uint8Array
}

export interface MapState {
  readonly kind: 'map'
  readonly head: MapHead
}

/** The tombstone. `proof` is the signed removal proof in the encoding of core/block. */
export interface RemovedState {
  readonly kind: 'removed'
  readonly proof: Uint8Array
  /** HLC of the removal: the horizon counts from it. */
  readonly removed: bigint
}

/** The root of a network, or a page of a key-value store. */
export type MapPageKind = 'root' | 'key-value'

/** What a page knows about itself; its entries are records of the family `entry`. */
export interface MapHead {
  readonly page: MapPageKind
  /** Entries of the page, and the bytes of their keys and values as stored. */
  readonly recordCount: number
  readonly recordBytes: number
  /** HLC of the newest entry: every later one is above it. */
  readonly revisionFloor: bigint
  /** The highest version that a removed key had: a key born anew starts above it. */
  readonly versionFloor: bigint
  /** The sessions of origin nodes whose batches were applied, by session; limits.originSessionsMax at most. */
  readonly origins: readonly OriginProgress[]
  /** HLC at or below which a batch of a session that is not listed is a replay. Never falls. */
  readonly originFloor: bigint
  /** The last applied batch as its origin signed it, in the encoding of core/block; empty before the first. */
  readonly lastBatch: Uint8Array
}

/** How far the batches of one session are applied: one with this sequence number or a lower one is a replay. */
export interface OriginProgress {
  /** 16 bytes. */
  readonly session: Uint8Array
  readonly sequence: bigint
  /** HLC of that batch. */
  readonly issued: bigint
}
