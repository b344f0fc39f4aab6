/**
 * What the index says about itself: how far it follows the journal, and the families' counts and fingerprints. It is written as
 * a numbered marker in every batch, so that a batch which LevelDB lost shows as a missing number.
 *
 * A marker leaves the last families out as long as they are empty, but never one of the first format: so whoever knows only those reads
 * every index that holds nothing else.
 */

import { recordFamilies } from '../../../ports/record-store.ts'
import { readUint53, writeUint53 } from '../journal/segment-format.ts'
import { firstFormatFamilies } from '../store-format.ts'
import { decodeFact, encodeFact } from './record-codec.ts'

/** A place between two frames of the journal, and the sequence number of the frame before it. */
export interface JournalPosition {
  readonly segment: number
  readonly offset: number
  readonly sequence: number
}

export interface FamilyCount {
  records: number
  /** Bytes of keys and values. */
  bytes: number
  /** Sum of the checksums of the family's index values, modulo 2^48. */
  fingerprint: number
}

export interface IndexState {
  readonly marker: number
  readonly start: JournalPosition
  readonly end: JournalPosition
  /** Batches up to this one lie in LevelDB's tables: no damaged log can lose them. */
  readonly tabledMarker: number
  readonly families: readonly Readonly<FamilyCount>[]
}

const fingerprintModulus = 2 ** 48
const metaPrefix = 0
const markerTag = 0x6d
const liveTag = 0x6c
const positionBytes = 24
const countBytes = 24
const countsOffset = 2 * positionBytes + 8

export function addFingerprint(sum: number, checksum: number): number {
  return (sum + checksum) % fingerprintModulus
}

export function subtractFingerprint(sum: number, checksum: number): number {
  return (sum - checksum + fingerprintModulus) % fingerprintModulus
}

export function emptyCounts(): FamilyCount[] {
  return recordFamilies.map(() => ({ records: 0, bytes: 0, fingerprint: 0 }))
}

export function markerKey(marker: number): Buffer {
  return factKey(markerTag, marker)
}

/** Key of the live payload bytes of a segment. */
export function liveKey(segment: number): Buffer {
  return factKey(liveTag, segment)
}

export const markerKeyRange = { gte: factKey(markerTag, 0), lt: Buffer.from([metaPrefix, markerTag + 1]) }
export const liveKeyRange = { gte: factKey(liveTag, 0), lt: Buffer.from([metaPrefix, liveTag + 1]) }

function factKey(tag: number, number: number): Buffer {
  const key = Buffer.alloc(10)
  key[0] = metaPrefix
  key[1] = tag
  key.writeUIntBE(Math.floor(number / 2 ** 32), 2, 4)
  key.writeUInt32BE(number >>> 0, 6)
  return key
}

export function factNumber(key: Buffer): number {
  return key.readUInt32BE(2) * 2 ** 32 + key.readUInt32BE(6)
}

/** How many families a marker has to count. */
function countedFamilies(families: readonly Readonly<FamilyCount>[]): number {
  const last = families.findLastIndex(({ records, bytes, fingerprint }) => records !== 0 || bytes !== 0 || fingerprint !== 0)
  return Math.max(last + 1, firstFormatFamilies)
}

export function encodeMarker(state: IndexState): Buffer {
  const families = state.families.slice(0, countedFamilies(state.families))
  const fact = Buffer.alloc(countsOffset + families.length * countBytes)
  writePosition(fact, 0, state.start)
  writePosition(fact, positionBytes, state.end)
  writeUint53(fact, state.tabledMarker, 2 * positionBytes)
  let at = countsOffset
  for (const { records, bytes, fingerprint } of families) {
    writeUint53(fact, records, at)
    writeUint53(fact, bytes, at + 8)
    writeUint53(fact, fingerprint, at + 16)
    at += countBytes
  }
  return encodeFact(markerKey(state.marker), state.end.sequence, fact)
}

/** Undefined when the marker does not verify. */
export function decodeMarker(key: Buffer, value: Buffer): IndexState | undefined {
  const decoded = decodeFact(key, value)
  if (decoded === undefined) return undefined
  const { fact } = decoded
  const counted = (fact.length - countsOffset) / countBytes
  if (!Number.isInteger(counted) || counted < firstFormatFamilies || counted > recordFamilies.length) return undefined
  const families = emptyCounts().map((empty, index) => {
    if (index >= counted) return empty
    const at = countsOffset + index * countBytes
    return { records: uint53(fact, at), bytes: uint53(fact, at + 8), fingerprint: uint53(fact, at + 16) }
  })
  return {
    marker: factNumber(key),
    start: readPosition(fact, 0),
    end: readPosition(fact, positionBytes),
    tabledMarker: uint53(fact, 2 * positionBytes),
    families,
  }
}

export function encodeLiveBytes(segment: number, sequence: number, bytes: number): Buffer {
  const fact = Buffer.alloc(8)
  writeUint53(fact, bytes, 0)
  return encodeFact(liveKey(segment), sequence, fact)
}

export function decodeLiveBytes(key: Buffer, value: Buffer): number | undefined {
  const decoded = decodeFact(key, value)
  return decoded === undefined || decoded.fact.length !== 8 ? undefined : readUint53(decoded.fact, 0)
}

function writePosition(bytes: Buffer, at: number, position: JournalPosition): void {
  writeUint53(bytes, position.segment, at)
  writeUint53(bytes, position.offset, at + 8)
  writeUint53(bytes, position.sequence, at + 16)
}

function readPosition(bytes: Buffer, at: number): JournalPosition {
  return { segment: uint53(bytes, at), offset: uint53(bytes, at + 8), sequence: uint53(bytes, at + 16) }
}

function uint53(bytes: Buffer, at: number): number {
  return readUint53(bytes, at) ?? 0
}
