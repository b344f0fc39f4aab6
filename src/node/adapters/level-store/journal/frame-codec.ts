/**
 * One frame is one atomic batch:
 *
 *   header (48) | operations, padded with zeros to 8 | payloads, one after the other | zeros to a multiple of 8
 *
 * The header's checksums cover header and operations and are seeded with the store's salt and the segment's number. An operation
 * that brings a payload names the payload's length and CRC-32, so a payload is summed once, for the frame and for the index.
 * Everything is little-endian. Layout in bytes: docs/DATA.md.
 */

import { crc32 } from 'node:zlib'
import type { RecordWrite } from '../../../ports/record-store.ts'

import { recordFamilies } from '../../../ports/record-store.ts'
import { readUint53, writeUint53 } from './segment-format.ts'

export const frameHeaderBytes = 48
const frameFormatVersion = 1
const frameMagic = 0x6d72664d
const operationHeaderBytes = 8
const placeBytes = 24

/** `batch`: what a caller committed. `move`: payloads copied to the head of the journal by reclaim. */
export type FrameKind = 'batch' | 'move'
const kindCodes: Readonly<Record<FrameKind, number>> = { batch: 1, move: 2 }

/** Where a payload lies. */
export interface Place {
  readonly segment: number
  readonly offset: number
  readonly length: number
  readonly checksum: number
}

/** A payload's new place; it counts only while the record still lies at `from`. */
export interface MoveWrite {
  readonly kind: 'move'
  readonly family: RecordWrite['family']
  readonly key: Uint8Array
  readonly from: Place
  readonly value: Uint8Array
}

export type FrameWrite = RecordWrite | MoveWrite

const inlinePut = 1
const payloadPut = 2
const removal = 3
const payloadMove = 4

export type FrameOperation =
  | { readonly kind: 'inline'; readonly family: number; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'payload'; readonly family: number; readonly key: Uint8Array; readonly place: Place }
  | { readonly kind: 'delete'; readonly family: number; readonly key: Uint8Array }
  | { readonly kind: 'move'; readonly family: number; readonly key: Uint8Array; readonly from: Place; readonly place: Place }

export interface FrameHeader {
  readonly kind: FrameKind
  readonly operationsLength: number
  readonly payloadsLength: number
  readonly operationCount: number
  readonly sequence: number
  readonly syncedThrough: number
}

export interface FrameSize {
  readonly operationsLength: number
  readonly payloadsLength: number
  readonly frameLength: number
}

const familyCodes = new Map(recordFamilies.map((family, index) => [family, index]))

export function familyCode(family: RecordWrite['family']): number {
  return familyCodes.get(family) ?? 0
}

export function alignFrame(length: number): number {
  return (length + 7) & ~7
}

export function frameLengthOf(header: FrameSize | FrameHeader): number {
  return frameHeaderBytes + header.operationsLength + alignFrame(header.payloadsLength)
}

export function frameSize(writes: readonly FrameWrite[], inlinePayloadBytesMax: number): FrameSize {
  let operations = 0
  let payloads = 0
  for (const write of writes) {
    operations += operationHeaderBytes + write.key.length
    if (write.kind === 'move') {
      operations += 4 + placeBytes
      payloads += write.value.length
    } else if (write.kind === 'put') {
      if (write.value.length > inlinePayloadBytesMax) {
        operations += 4
        payloads += write.value.length
      } else operations += write.value.length
    }
  }
  const operationsLength = alignFrame(operations)
  return {
    operationsLength,
    payloadsLength: payloads,
    frameLength: frameHeaderBytes + operationsLength + alignFrame(payloads),
  }
}

export interface FrameContext {
  readonly seed: number
  readonly segment: number
  /** Where the frame starts in its segment. */
  readonly offset: number
  readonly sequence: number
  readonly syncedThrough: number
  readonly inlinePayloadBytesMax: number
}

/**
 * Writes header and operations at `start` of the buffer. The payloads stay where they are; `onPayload` is told of each in order
 * and of the place it takes.
 */
export function encodeFrame(
  buffer: Buffer,
  start: number,
  kind: FrameKind,
  writes: readonly FrameWrite[],
  size: FrameSize,
  context: FrameContext,
  onPayload: (payload: Uint8Array, place: Place) => void,
): void {
  const operationsStart = start + frameHeaderBytes
  let payloadOffset = context.offset + frameHeaderBytes + size.operationsLength
  let at = operationsStart
  for (const write of writes) {
    const isPayload = write.kind === 'move' || (write.kind === 'put' && write.value.length > context.inlinePayloadBytesMax)
    buffer[at] = write.kind === 'delete' ? removal : write.kind === 'move' ? payloadMove : isPayload ? payloadPut : inlinePut
    buffer[at + 1] = familyCode(write.family)
    buffer.writeUInt16LE(write.key.length, at + 2)
    buffer.writeUInt32LE(write.kind === 'delete' ? 0 : write.value.length, at + 4)
    buffer.set(write.key, at + operationHeaderBytes)
    at += operationHeaderBytes + write.key.length
    if (write.kind === 'delete') continue
    if (!isPayload) {
      buffer.set(write.value, at)
      at += write.value.length
      continue
    }
    const checksum = crc32(write.value)
    buffer.writeUInt32LE(checksum, at)
    at += 4
    if (write.kind === 'move') {
      writePlace(buffer, at, write.from)
      at += placeBytes
    }
    onPayload(write.value, { segment: context.segment, offset: payloadOffset, length: write.value.length, checksum })
    payloadOffset += write.value.length
  }
  buffer.fill(0, at, operationsStart + size.operationsLength)
  writeHeader(buffer, start, kind, writes.length, size, context)
}

function writeHeader(
  buffer: Buffer,
  start: number,
  kind: FrameKind,
  operationCount: number,
  size: FrameSize,
  { seed, sequence, syncedThrough }: FrameContext,
): void {
  buffer.writeUInt32LE(frameMagic, start)
  buffer[start + 4] = frameFormatVersion
  buffer[start + 5] = kindCodes[kind]
  buffer.writeUInt16LE(0, start + 6)
  buffer.writeUInt32LE(size.operationsLength, start + 8)
  buffer.writeUInt32LE(size.payloadsLength, start + 12)
  buffer.writeUInt32LE(operationCount, start + 16)
  buffer.writeUInt32LE(0, start + 20)
  writeUint53(buffer, sequence, start + 24)
  writeUint53(buffer, syncedThrough, start + 32)
  const headerSum = crc32(buffer.subarray(start, start + 40), seed)
  buffer.writeUInt32LE(headerSum, start + 40)
  const operations = buffer.subarray(start + frameHeaderBytes, start + frameHeaderBytes + size.operationsLength)
  buffer.writeUInt32LE(crc32(operations, headerSum), start + 44)
}

/** The header at `start`, or undefined when it does not verify. The operations and payloads are still to be checked. */
export function decodeFrameHeader(bytes: Buffer, start: number, seed: number): FrameHeader | undefined {
  if (start + frameHeaderBytes > bytes.length || bytes.readUInt32LE(start) !== frameMagic) return undefined
  if (crc32(bytes.subarray(start, start + 40), seed) !== bytes.readUInt32LE(start + 40)) return undefined
  if (bytes[start + 4] !== frameFormatVersion) return undefined
  const kind = bytes[start + 5] === 1 ? 'batch' : bytes[start + 5] === 2 ? 'move' : undefined
  const sequence = readUint53(bytes, start + 24)
  const syncedThrough = readUint53(bytes, start + 32)
  if (kind === undefined || sequence === undefined || syncedThrough === undefined) return undefined
  return {
    kind,
    operationsLength: bytes.readUInt32LE(start + 8),
    payloadsLength: bytes.readUInt32LE(start + 12),
    operationCount: bytes.readUInt32LE(start + 16),
    sequence,
    syncedThrough,
  }
}

/** Whether the operations that follow the header at `start` are the ones it was written with. */
export function operationsVerify(bytes: Buffer, start: number, { operationsLength }: FrameHeader): boolean {
  const from = start + frameHeaderBytes
  if (from + operationsLength > bytes.length) return false
  return crc32(bytes.subarray(from, from + operationsLength), bytes.readUInt32LE(start + 40)) === bytes.readUInt32LE(start + 44)
}

/**
 * The operations of a verified frame. Keys and inline values are views into `bytes`. Undefined when they do not add up, which
 * only a frame written by a faulty program can show.
 */
export function decodeOperations(
  bytes: Buffer,
  start: number,
  header: FrameHeader,
  at: { readonly segment: number; readonly offset: number },
): readonly FrameOperation[] | undefined {
  const operations: FrameOperation[] = []
  const end = start + frameHeaderBytes + header.operationsLength
  let payloadOffset = at.offset + frameHeaderBytes + header.operationsLength
  let cursor = start + frameHeaderBytes
  for (let index = 0; index < header.operationCount; index++) {
    if (cursor + operationHeaderBytes > end) return undefined
    const code = bytes[cursor]
    const family = bytes[cursor + 1] ?? 0
    const keyLength = bytes.readUInt16LE(cursor + 2)
    const valueLength = bytes.readUInt32LE(cursor + 4)
    const extra = code === inlinePut ? valueLength : code === payloadPut ? 4 : code === payloadMove ? 4 + placeBytes : 0
    const key = bytes.subarray(cursor + operationHeaderBytes, cursor + operationHeaderBytes + keyLength)
    cursor += operationHeaderBytes + keyLength
    if (cursor + extra > end || family >= recordFamilies.length) return undefined
    if (code === inlinePut) operations.push({ kind: 'inline', family, key, value: bytes.subarray(cursor, cursor + valueLength) })
    else if (code === removal) operations.push({ kind: 'delete', family, key })
    else if (code === payloadPut || code === payloadMove) {
      const place = { segment: at.segment, offset: payloadOffset, length: valueLength, checksum: bytes.readUInt32LE(cursor) }
      payloadOffset += valueLength
      if (code === payloadPut) operations.push({ kind: 'payload', family, key, place })
      else operations.push({ kind: 'move', family, key, from: readPlace(bytes, cursor + 4), place })
    } else return undefined
    cursor += extra
  }
  const payloadsEnd = at.offset + frameHeaderBytes + header.operationsLength + header.payloadsLength
  return alignFrame(cursor - start) === end - start && payloadOffset === payloadsEnd ? operations : undefined
}

export function writePlace(bytes: Buffer, at: number, place: Place): void {
  writeUint53(bytes, place.segment, at)
  writeUint53(bytes, place.offset, at + 8)
  bytes.writeUInt32LE(place.length, at + 16)
  bytes.writeUInt32LE(place.checksum, at + 20)
}

export function readPlace(bytes: Buffer, at: number): Place {
  return {
    segment: readUint53(bytes, at) ?? 0,
    offset: readUint53(bytes, at + 8) ?? 0,
    length: bytes.readUInt32LE(at + 16),
    checksum: bytes.readUInt32LE(at + 20),
  }
}

export function samePlace(left: Place, right: Place): boolean {
  return left.segment === right.segment && left.offset === right.offset && left.length === right.length
}
