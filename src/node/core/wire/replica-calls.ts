/**
 * What members ask of each other beside votes: chosen entries, and the whole state of a block in pieces. docs/PROTOCOL.md, Catching up,
 * states the bytes.
 *
 * Invariants: entries are in the order of their slots and without gaps; a snapshot is whole when its last piece names the record, and
 * what comes later in it replaces what came before.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes, isImmutable } from '../base/address.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'

const questionFormat = recordTag('memo/entries-question/1')
const pieceFormat = recordTag('memo/snapshot-piece/1')
const endFormat = recordTag('memo/snapshot-end/1')

const snapshotFamilies = ['entry', 'outcome'] as const
export type SnapshotFamily = (typeof snapshotFamilies)[number]

const recordsMax = 65_536
const keyBytesMax = 70_000
const valueBytesMax = 9 * 1024 * 1024
/** A piece or the end of a snapshot: one record of the largest size, and what goes with it. */
export const snapshotMessageBytesMax = 16 * 1024 * 1024

export interface EntriesQuestion {
  readonly address: BlockAddress
  /** The first slot that is wanted. */
  readonly since: number
}

export interface SnapshotRecord {
  readonly family: SnapshotFamily
  readonly key: Uint8Array
  /** Undefined where the record is gone since it was sent. */
  readonly value: Uint8Array | undefined
}

export function encodeEntriesQuestion({ address, since }: EntriesQuestion): Uint8Array {
  return new CanonicalWriter(questionFormat).bytes(address).uint(since).finish()
}

export function decodeEntriesQuestion(bytes: Uint8Array): EntriesQuestion | undefined {
  return decodeCanonical(questionFormat, bytes, (reader) => ({ address: readMutable(reader), since: reader.uint() }))
}

export function encodeSnapshotPiece(records: readonly SnapshotRecord[]): Uint8Array {
  let bytes = 64
  for (const { key, value } of records) bytes += 16 + key.length + (value?.length ?? 0)
  return new CanonicalWriter(pieceFormat, bytes)
    .list(records, ({ family, key, value }, item) => {
      item.uint(choiceIndex(snapshotFamilies, family)).bytes(key)
      item.uint(value === undefined ? 0 : 1)
      if (value !== undefined) item.bytes(value)
    })
    .finish()
}

/** Undefined when the bytes are no piece of a snapshot of this block. */
export function decodeSnapshotPiece(address: BlockAddress, bytes: Uint8Array): readonly SnapshotRecord[] | undefined {
  return decodeCanonical(pieceFormat, bytes, (reader) =>
    reader.list(recordsMax, (item) => {
      const family = item.choice(snapshotFamilies)
      const key = item.bytes(addressBytes, keyBytesMax)
      // A snapshot of one block writes nothing of another.
      item.require(address.every((byte, index) => key[index] === byte))
      return { family, key, value: item.uint(1) === 1 ? item.bytes(0, valueBytesMax) : undefined }
    }),
  )
}

/** The last piece: the record of the block, as of which all of it stands. */
export function encodeSnapshotEnd(record: Uint8Array): Uint8Array {
  return new CanonicalWriter(endFormat, 32 + record.length).bytes(record).finish()
}

export function decodeSnapshotEnd(bytes: Uint8Array): Uint8Array | undefined {
  return decodeCanonical(endFormat, bytes, (reader) => reader.bytes(1, valueBytesMax))
}

function readMutable(reader: CanonicalReader): BlockAddress {
  const address = addressFromBytes(reader.fixed(addressBytes))
  reader.require(address !== undefined && !isImmutable(address))
  assert(address !== undefined, 'an address was required')
  return address
}
