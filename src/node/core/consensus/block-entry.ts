/**
 * What a slot of a signed block's log may hold. Rights, signatures, clocks and limits were checked by the primary that admitted the
 * request; applying an entry asks about none of them again, since it may be chosen already.
 */

import type { BlockAddress } from '../base/address.ts'
import type { RequestId } from '../base/request-id.ts'
import type { Ballot } from './ballot.ts'
import type { Group } from './group.ts'

/** What entries of all kinds carry. */
export interface EntryFacts {
  readonly address: BlockAddress
  /** HLC at which the primary made the entry: what the horizon is measured from. */
  readonly issued: bigint
  /** The ballot under which it was chosen. */
  readonly ballot: Ballot
  /** Present where the caller brought one: its outcome is then kept. */
  readonly requestId: RequestId | undefined
  /** Digest of what was asked, present with the request id. */
  readonly asked: Uint8Array | undefined
  /** Outcomes that this entry forgets beforehand, so that the block's number of them stays bounded. */
  readonly forget: ForgottenOutcomes | undefined
}

export interface ForgottenOutcomes {
  /** Every outcome issued at or below this HLC is gone. */
  readonly floor: bigint
  readonly count: number
}

/** Slot 0: decides generation, group and first version. */
export interface BirthEntry extends EntryFacts {
  readonly kind: 'birth'
  readonly generation: bigint
  readonly group: Group
  readonly signed: Uint8Array
}

/** The next whole version, signed by its writer. */
export interface VersionEntry extends EntryFacts {
  readonly kind: 'version'
  readonly generation: bigint
  readonly version: bigint
  readonly signed: Uint8Array
}

/** Ends the life of one generation at one version. */
export interface RemovalEntry extends EntryFacts {
  readonly kind: 'removal'
  readonly generation: bigint
  /** The last version, which the proof names. */
  readonly version: bigint
  readonly proof: Uint8Array
}

export type BlockEntry = BirthEntry | VersionEntry | RemovalEntry
