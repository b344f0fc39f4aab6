/**
 * What a slot of a signed block's log may hold. Rights, signatures, clocks and limits were checked by the primary that admitted the
 * request; applying an entry asks about none of them again, since it may be chosen already.
 */

import type { BlockAddress } from '../base/address.ts'
import type { RequestId } from '../base/request-id.ts'

/** What entries of all kinds carry. */
export interface EntryFacts {
  readonly address: BlockAddress
  /** HLC at which the primary made the entry: what the horizon is measured from. */
  readonly issued: bigint
  /** Present where the caller or its node brought one: its outcome is then kept. */
  readonly requestId: RequestId | undefined
  /** Digest of what was asked, present with the request id. */
  readonly asked: Uint8Array | undefined
  /**
   * HLC up to which outcomes are forgotten beforehand, so that the block's number of them stays bounded; 0: none. It names no number
   * of them: one that was adopted from another primary may have forgotten some of these already.
   */
  readonly forgetUpTo: bigint
}

/** Decides generation and first version. */
export interface BirthEntry extends EntryFacts {
  readonly kind: 'birth'
  readonly generation: bigint
  /** Empty where it is known that it does not fit: only the outcome is kept. */
  readonly signed: Uint8Array
}

/** The next whole version, signed by its writer. */
export interface VersionEntry extends EntryFacts {
  readonly kind: 'version'
  readonly generation: bigint
  readonly version: bigint
  /** Empty as for a birth. */
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
