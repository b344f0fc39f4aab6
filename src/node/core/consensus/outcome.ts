/**
 * What a caller's request id led to, kept beside the block's record (family `outcome`) for as long as limits.outcomeRetentionMs of
 * its HLC, so that a request that is sent again is answered and not applied again.
 *
 * Invariants: keys of one block sort by the HLC of issue, so the oldest are found first and forgotten together; an id issued at or
 * below the block's outcome floor is refused, so an outcome that was forgotten never makes its request applicable again.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressBytes } from '../base/address.ts'
import type { RequestId } from '../base/request-id.ts'

export const sessionBytes = 16
export const askedBytes = 32
const keyBytes = addressBytes + 8 + sessionBytes + 8

export interface Outcome {
  /** `conflict`: the request changed nothing because the block was not as it demanded. */
  readonly kind: 'done' | 'conflict'
  /** Of the block after the entry that decided it. */
  readonly generation: bigint
  readonly version: bigint
  /** Digest of what was asked, so that the id does not pass for another request, 32 bytes. */
  readonly asked: Uint8Array
}

export type RequestIdVerdict = 'fresh' | 'too-old' | 'from-the-future'

/** Whether a request of this id may be applied: `now` is the primary's HLC, the bounds are differences of HLCs. */
export function judgeRequestId(
  id: RequestId,
  facts: { readonly floor: bigint; readonly now: bigint; readonly retention: bigint; readonly skewMax: bigint },
): RequestIdVerdict {
  if (id.issued > facts.now + facts.skewMax) return 'from-the-future'
  return id.issued <= facts.floor || facts.now - id.issued > facts.retention ? 'too-old' : 'fresh'
}

/** Address, HLC of issue, session, sequence. */
export function outcomeKey(address: BlockAddress, id: RequestId): Uint8Array {
  const key = new Uint8Array(keyBytes)
  const view = new DataView(key.buffer)
  key.set(address)
  view.setBigUint64(addressBytes, id.issued)
  key.set(id.session, addressBytes + 8)
  view.setBigUint64(addressBytes + 8 + sessionBytes, id.sequence)
  return key
}

/** The HLC of issue in a key of the family; undefined where the key is malformed. */
export function issuedOfOutcomeKey(key: Uint8Array): bigint | undefined {
  if (key.length !== keyBytes) return undefined
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(addressBytes)
}
