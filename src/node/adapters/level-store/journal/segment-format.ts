/**
 * Names and headers of segment files. The header takes the first 4096 bytes, all of them under its checksum, and is written
 * together with the segment's first frames: a header that verifies proves that everything before `firstSequence` was synced.
 */

import { crc32 } from 'node:zlib'

export const segmentHeaderBytes = 4096
const segmentFormatVersion = 1
const unfinishedSuffix = '.new'
const magic = Buffer.from('memoseg\n', 'latin1')

export interface SegmentHeader {
  readonly segment: number
  readonly firstSequence: number
  /** Bytes of the whole file: a shorter one was cut. */
  readonly size: number
}

export function segmentName(segment: number): string {
  return `${segment.toString(16).padStart(16, '0')}.seg`
}

/** The name of a segment that is being made. */
export function unfinishedName(segment: number): string {
  return segmentName(segment) + unfinishedSuffix
}

export function segmentOfUnfinishedName(name: string): number | undefined {
  return name.endsWith(unfinishedSuffix) ? segmentOfName(name.slice(0, -unfinishedSuffix.length)) : undefined
}

export function segmentOfName(name: string): number | undefined {
  return /^[0-9a-f]{16}\.seg$/.test(name) ? Number.parseInt(name.slice(0, 16), 16) : undefined
}

/** Seed of every checksum in a segment, so that bytes of another segment or another store never pass. */
export function segmentSeed(salt: Uint8Array, segment: number): number {
  const bytes = Buffer.alloc(8)
  writeUint53(bytes, segment, 0)
  return crc32(bytes, crc32(salt))
}

export function encodeSegmentHeader(salt: Uint8Array, { segment, firstSequence, size }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  magic.copy(bytes, 0)
  bytes.writeUInt32LE(segmentFormatVersion, 8)
  writeUint53(bytes, segment, 16)
  writeUint53(bytes, firstSequence, 24)
  bytes.set(salt, 32)
  writeUint53(bytes, size, 40)
  bytes.writeUInt32LE(crc32(bytes.subarray(16), segmentSeed(salt, segment)), 12)
  return bytes
}

export function decodeSegmentHeader(salt: Uint8Array, segment: number, bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || magic.compare(bytes, 0, 8) !== 0) return undefined
  if (bytes.readUInt32LE(8) !== segmentFormatVersion || readUint53(bytes, 16) !== segment) return undefined
  if (crc32(bytes.subarray(16, segmentHeaderBytes), segmentSeed(salt, segment)) !== bytes.readUInt32LE(12)) return undefined
  const firstSequence = readUint53(bytes, 24)
  const size = readUint53(bytes, 40)
  return firstSequence === undefined || size === undefined ? undefined : { segment, firstSequence, size }
}

/** The salt that a header names, for a store whose identity file was lost. */
export function saltOfHeader(segment: number, bytes: Buffer): Uint8Array | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined
  const salt = new Uint8Array(bytes.subarray(32, 40))
  return decodeSegmentHeader(salt, segment, bytes) === undefined ? undefined : salt
}

/** Little-endian, 8 bytes. */
export function writeUint53(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt32LE(value >>> 0, offset)
  bytes.writeUInt32LE(Math.floor(value / 4_294_967_296), offset + 4)
}

/** Undefined when the number is beyond 53 bits: such a number was never written. */
export function readUint53(bytes: Buffer, offset: number): number | undefined {
  const value = bytes.readUInt32LE(offset + 4) * 4_294_967_296 + bytes.readUInt32LE(offset)
  return Number.isSafeInteger(value) ? value : undefined
}
