/**
 * An entry of a key-value page: what the index knows of one key. The value itself is a content block, named by its address.
 *
 * Invariants: the encoding is canonical (one byte string for one entry), carries its own format version, and holds everything but
 * the key, which is in the record's key. (key, version) names one value for ever.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes } from '../base/address.ts'
import { sessionBytes } from '../consensus/outcome.ts'

/** Which signed batch wrote an entry. */
export interface BatchName {
  /** 16 bytes that name the session of the origin node. */
  readonly session: Uint8Array
  readonly sequence: bigint
}

/** The value of a key, as a put names it. */
export interface NamedValue {
  /** The content block that holds the value, or its manifest. */
  readonly address: BlockAddress
  /** Bytes of the value. */
  readonly size: number
  /** Chunks below the manifest; 0 where the value is one block. */
  readonly chunks: number
  /** MIME type in UTF-8, at most 255 bytes; empty when unknown. */
  readonly contentType: Uint8Array
  /** HLC of the oldest birth stamp among the blocks of the value. */
  readonly birth: bigint
}

export interface Entry extends NamedValue {
  readonly version: bigint
  /** HLC of the change. */
  readonly revision: bigint
  /** Unix milliseconds after which the entry no longer counts; 0: never. */
  readonly expiryMs: number
  /** SHA-256 of the writer's public key, 32 bytes. */
  readonly writer: Uint8Array
  readonly batch: BatchName
}

const entryFormat = 1
const writerBytes = 32
const contentTypeBytesMax = 255

const versionOffset = 1
const revisionOffset = versionOffset + 8
const addressOffset = revisionOffset + 8
const sizeOffset = addressOffset + addressBytes
const chunksOffset = sizeOffset + 8
const birthOffset = chunksOffset + 4
const expiryOffset = birthOffset + 8
const writerOffset = expiryOffset + 8
const sessionOffset = writerOffset + writerBytes
const sequenceOffset = sessionOffset + sessionBytes
const contentTypeOffset = sequenceOffset + 8

/** Bytes of the entry as stored. */
export function entryBytes(value: Pick<NamedValue, 'contentType'>): number {
  return contentTypeOffset + 1 + value.contentType.length
}

export function encodeEntry(entry: Entry): Uint8Array {
  assert(entry.contentType.length <= contentTypeBytesMax, 'a content type was checked before it is stored')
  const bytes = new Uint8Array(entryBytes(entry))
  const view = new DataView(bytes.buffer)
  bytes[0] = entryFormat
  view.setBigUint64(versionOffset, entry.version)
  view.setBigUint64(revisionOffset, entry.revision)
  bytes.set(entry.address, addressOffset)
  setSafeInteger(view, sizeOffset, entry.size)
  view.setUint32(chunksOffset, entry.chunks)
  view.setBigUint64(birthOffset, entry.birth)
  setSafeInteger(view, expiryOffset, entry.expiryMs)
  bytes.set(entry.writer, writerOffset)
  bytes.set(entry.batch.session, sessionOffset)
  view.setBigUint64(sequenceOffset, entry.batch.sequence)
  bytes[contentTypeOffset] = entry.contentType.length
  bytes.set(entry.contentType, contentTypeOffset + 1)
  return bytes
}

/** The entry, whose byte fields are views of the input; undefined when the bytes are no entry of a known format. */
export function decodeEntry(bytes: Uint8Array): Entry | undefined {
  if (bytes.length <= contentTypeOffset || bytes[0] !== entryFormat) return undefined
  if (bytes.length !== contentTypeOffset + 1 + (bytes[contentTypeOffset] ?? 0)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = getSafeInteger(view, sizeOffset)
  const expiryMs = getSafeInteger(view, expiryOffset)
  if (size === undefined || expiryMs === undefined) return undefined
  return {
    version: view.getBigUint64(versionOffset),
    revision: view.getBigUint64(revisionOffset),
    address: bytes.subarray(addressOffset, sizeOffset) as BlockAddress,
    size,
    chunks: view.getUint32(chunksOffset),
    birth: view.getBigUint64(birthOffset),
    expiryMs,
    writer: bytes.subarray(writerOffset, sessionOffset),
    batch: { session: bytes.subarray(sessionOffset, sequenceOffset), sequence: view.getBigUint64(sequenceOffset) },
    contentType: bytes.subarray(contentTypeOffset + 1),
  }
}

function setSafeInteger(view: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'sizes and times are safe integers')
  view.setUint32(offset, Math.floor(value / 2 ** 32))
  view.setUint32(offset + 4, value % 2 ** 32)
}

function getSafeInteger(view: DataView, offset: number): number | undefined {
  const value = view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4)
  return Number.isSafeInteger(value) ? value : undefined
}
