/**
 * How the records of a page are named.
 *
 * Invariants: within the family `entry` the keys of one page are neighbours in the bytewise order of the users' keys; within
 * `collect` the candidates are in the order in which they fall due.
 */

import type { BlockAddress } from '../base/address.ts'
import { addressBytes } from '../base/address.ts'
import { concatBytes } from '../base/bytes.ts'

/** family `entry`: page address, user key. */
export function entryKey(page: BlockAddress, key: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(addressBytes + key.length)
  bytes.set(page)
  bytes.set(key, addressBytes)
  return bytes
}

/** The user's key within the key of an entry record. */
export function userKeyOf(recordKey: Uint8Array): Uint8Array {
  return recordKey.subarray(addressBytes)
}

/** The value of a key that may have to be collected, and the key that named it. */
export interface Candidate {
  /** HLC from which on it is collected unless the key still names it. */
  readonly due: bigint
  readonly address: BlockAddress
  readonly page: BlockAddress
  readonly key: Uint8Array
}

const dueBytes = 8

/** family `collect`: due HLC, content address. */
export function candidateKey(due: bigint, address: BlockAddress): Uint8Array {
  const bytes = new Uint8Array(dueBytes + addressBytes)
  new DataView(bytes.buffer).setBigUint64(0, due)
  bytes.set(address, dueBytes)
  return bytes
}

/** What a candidate's record says: page address, user key. */
export function candidateReason(page: BlockAddress, key: Uint8Array): Uint8Array {
  return concatBytes(page, key)
}

/** Reads a record of the family `collect`; undefined when it is none. */
export function decodeCandidate(recordKey: Uint8Array, reason: Uint8Array): Candidate | undefined {
  if (recordKey.length !== dueBytes + addressBytes || reason.length < addressBytes) return undefined
  return {
    due: new DataView(recordKey.buffer, recordKey.byteOffset, dueBytes).getBigUint64(0),
    address: recordKey.subarray(dueBytes) as BlockAddress,
    page: reason.subarray(0, addressBytes) as BlockAddress,
    key: reason.subarray(addressBytes),
  }
}
