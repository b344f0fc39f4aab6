/**
 * Keys and values of the index. A key is one byte of family prefix and the record's key. A value is
 *
 *   crc32 (4) | format version (1) | kind (1) | sequence (6) | inline bytes or a place (24)
 *
 * The checksum covers everything behind it and then the key, so that a value never passes under another key.
 */

import { crc32 } from 'node:zlib'
import { toHex } from '../../../core/base/bytes.ts'
import { recordFamilies } from '../../../ports/record-store.ts'
import type { Place } from '../journal/frame-codec.ts'
import { readPlace, writePlace } from '../journal/frame-codec.ts'

export const valueHeaderBytes = 12
export const placeValueBytes = valueHeaderBytes + 24
const valueFormatVersion = 1
const inlineKind = 1
const placeKind = 2
/** A fact of the index about itself: markers and the live bytes of segments. */
const factKind = 3

/** The families' records with their prefixes; below lie the store's own facts, above nothing. */
export const recordRange = { gte: Buffer.from([1]), lt: Buffer.from([recordFamilies.length + 1]) }

export type IndexValue =
  | { readonly kind: 'inline'; readonly sequence: number; readonly value: Uint8Array }
  | { readonly kind: 'place'; readonly sequence: number; readonly place: Place }

/** What the counts need to know of a value, read without verifying it. */
export interface ValueFacts {
  readonly checksum: number
  readonly bytes: number
  readonly place: Place | undefined
}

const addressBytes = 32
/** Families whose keys begin with the address of a block and hold nothing of a user, and the bytes of such a key. */
const blockKeyBytes: ReadonlyMap<string, number> = new Map([
  ['content', addressBytes],
  ['block', addressBytes],
  ['accepted', addressBytes + 8],
  ['vote', addressBytes],
])

/** How findings call a record: its family, and the address of a block. Never a user's key. */
export function recordName(key: Uint8Array): string {
  const family = recordFamilies[(key[0] ?? 0) - 1] ?? 'unknown'
  const isBlock = key.length === 1 + (blockKeyBytes.get(family) ?? -1)
  return isBlock ? `${family} ${toHex(key.subarray(1, 1 + addressBytes))}` : family
}

export function indexKey(family: number, key: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 1)
  bytes[0] = family + 1
  bytes.set(key, 1)
  return bytes
}

/** Writes the value at `at`, and the key right behind it: together they are what the checksum covers. Returns the checksum. */
function sealValue(buffer: Buffer, at: number, end: number): number {
  const checksum = crc32(buffer.subarray(at + 4, end))
  buffer.writeUInt32LE(checksum, at)
  return checksum
}

function writeValueHeader(buffer: Buffer, at: number, kind: number, sequence: number): void {
  buffer[at + 4] = valueFormatVersion
  buffer[at + 5] = kind
  buffer.writeUIntLE(sequence, at + 6, 6)
}

/** Layout of one record in a write buffer: the value, then prefix and key. */
export interface EncodedRecord {
  readonly key: Buffer
  readonly value: Buffer
  readonly checksum: number
}

export function encodeInline(
  buffer: Buffer,
  at: number,
  family: number,
  key: Uint8Array,
  sequence: number,
  value: Uint8Array,
): EncodedRecord {
  writeValueHeader(buffer, at, inlineKind, sequence)
  buffer.set(value, at + valueHeaderBytes)
  return sealRecord(buffer, at, at + valueHeaderBytes + value.length, family, key)
}

export function encodePlace(
  buffer: Buffer,
  at: number,
  family: number,
  key: Uint8Array,
  sequence: number,
  place: Place,
): EncodedRecord {
  writeValueHeader(buffer, at, placeKind, sequence)
  writePlace(buffer, at + valueHeaderBytes, place)
  return sealRecord(buffer, at, at + placeValueBytes, family, key)
}

function sealRecord(buffer: Buffer, at: number, keyAt: number, family: number, key: Uint8Array): EncodedRecord {
  buffer[keyAt] = family + 1
  buffer.set(key, keyAt + 1)
  const end = keyAt + 1 + key.length
  const checksum = sealValue(buffer, at, end)
  return { key: buffer.subarray(keyAt, end), value: buffer.subarray(at, keyAt), checksum }
}

export function encodeFact(key: Buffer, sequence: number, fact: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(valueHeaderBytes + fact.length)
  writeValueHeader(bytes, 0, factKind, sequence)
  bytes.set(fact, valueHeaderBytes)
  bytes.writeUInt32LE(crc32(key, crc32(bytes.subarray(4))), 0)
  return bytes
}

export function decodeFact(key: Uint8Array, bytes: Buffer): { readonly sequence: number; readonly fact: Buffer } | undefined {
  if (!valueVerifies(key, bytes) || bytes[5] !== factKind) return undefined
  return { sequence: bytes.readUIntLE(6, 6), fact: bytes.subarray(valueHeaderBytes) }
}

/** `key` with its prefix. */
export function decodeIndexValue(key: Uint8Array, bytes: Buffer): IndexValue | undefined {
  if (!valueVerifies(key, bytes)) return undefined
  const sequence = bytes.readUIntLE(6, 6)
  if (bytes[5] === inlineKind) return { kind: 'inline', sequence, value: bytes.subarray(valueHeaderBytes) }
  if (bytes[5] !== placeKind || bytes.length !== placeValueBytes) return undefined
  return { kind: 'place', sequence, place: readPlace(bytes, valueHeaderBytes) }
}

function valueVerifies(key: Uint8Array, bytes: Buffer): boolean {
  if (bytes.length < valueHeaderBytes || bytes[4] !== valueFormatVersion) return false
  return crc32(key, crc32(bytes.subarray(4))) === bytes.readUInt32LE(0)
}

/** `keyLength` without the prefix. */
export function valueFacts(keyLength: number, bytes: Buffer): ValueFacts {
  const checksum = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0
  if (bytes.length === placeValueBytes && bytes[5] === placeKind) {
    const place = readPlace(bytes, valueHeaderBytes)
    return { checksum, bytes: keyLength + place.length, place }
  }
  return { checksum, bytes: keyLength + Math.max(0, bytes.length - valueHeaderBytes), place: undefined }
}
