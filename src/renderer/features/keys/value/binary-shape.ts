/**
 * Whether bytes are one item of CBOR or MessagePack from their first byte to their last. Nearly every byte begins some item of both,
 * so that only a container, read to the end without a remainder, counts as a sign.
 */

import { keysLimits } from '../keys-limits.ts'

class Cursor {
  readonly #view: DataView
  at = 0
  /** Containers and texts on the way, by which a lucky hit is told from a document. */
  weight = 0

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.at === this.#view.byteLength
  }

  uint(bytes: 1 | 2 | 4 | 8): number {
    const at = this.at
    this.skip(bytes)
    if (bytes === 1) return this.#view.getUint8(at)
    if (bytes === 2) return this.#view.getUint16(at)
    return bytes === 4 ? this.#view.getUint32(at) : Number(this.#view.getBigUint64(at))
  }

  skip(bytes: number): void {
    if (bytes > this.#view.byteLength - this.at) throw new RangeError('beyond the end')
    this.at += bytes
  }
}

export function plausibleCbor(bytes: Uint8Array, contentType: string): boolean {
  const claimed = /\bcbor\b/.test(contentType)
  const first = bytes[0] ?? 0
  // A map, an array or a tag; with a claim anything.
  if (!claimed && (first < 0x80 || first > 0xdb)) return false
  return reads(bytes, claimed, (cursor) => cborItem(cursor, 0))
}

export function plausibleMessagePack(bytes: Uint8Array, contentType: string): boolean {
  const claimed = /msgpack|messagepack/.test(contentType)
  const first = bytes[0] ?? 0
  const container = (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf)
  if (!claimed && !container) return false
  return reads(bytes, claimed, (cursor) => messagePackItem(cursor, 0))
}

function reads(bytes: Uint8Array, claimed: boolean, item: (cursor: Cursor) => void): boolean {
  const cursor = new Cursor(bytes)
  try {
    item(cursor)
  } catch {
    return false
  }
  return cursor.ended && (claimed || cursor.weight >= 2)
}

function deeper(depth: number): number {
  if (depth >= keysLimits.nestingMax) throw new RangeError('too deep')
  return depth + 1
}

function cborItem(cursor: Cursor, depth: number): boolean {
  const head = cursor.uint(1)
  const major = head >> 5
  const info = head & 31
  if (info > 27 && info < 31) throw new RangeError('reserved')
  if (info === 31) return cborEndless(cursor, major, depth)
  const size = info < 24 ? info : cursor.uint([1, 2, 4, 8][info - 24] as 1 | 2 | 4 | 8)
  if (major === 2 || major === 3) {
    cursor.skip(size)
    cursor.weight += 1
  }
  if (major === 4 || major === 5) {
    cursor.weight += 1
    for (let left = major === 5 ? size * 2 : size; left > 0; left -= 1) cborWhole(cursor, deeper(depth))
  }
  if (major === 6) cborWhole(cursor, deeper(depth))
  return false
}

function cborWhole(cursor: Cursor, depth: number): void {
  if (cborItem(cursor, depth)) throw new RangeError('a break outside of a container')
}

/** True for the break that ends an endless container. */
function cborEndless(cursor: Cursor, major: number, depth: number): boolean {
  if (major === 7) return true
  if (major < 2 || major > 5) throw new RangeError('reserved')
  cursor.weight += 1
  let ended = false
  while (!ended) ended = cborItem(cursor, deeper(depth))
  return false
}

function messagePackItem(cursor: Cursor, depth: number): void {
  const head = cursor.uint(1)
  const width = (from: number): 1 | 2 | 4 => ([1, 2, 4] as const)[head - from] ?? 1
  if (head <= 0x7f || head >= 0xe0) return
  if (head <= 0x8f) messagePackItems(cursor, (head & 15) * 2, depth)
  else if (head <= 0x9f) messagePackItems(cursor, head & 15, depth)
  else if (head <= 0xbf) text(cursor, head & 31)
  else if (head === 0xc1) throw new RangeError('never used')
  else if (head <= 0xc3) return
  else if (head <= 0xc6) text(cursor, cursor.uint(width(0xc4)))
  else if (head <= 0xc9) cursor.skip(cursor.uint(width(0xc7)) + 1)
  else if (head <= 0xcb) cursor.skip(head === 0xca ? 4 : 8)
  else if (head <= 0xd3) cursor.skip(1 << ((head - 0xcc) % 4))
  else if (head <= 0xd8) cursor.skip((1 << (head - 0xd4)) + 1)
  else if (head <= 0xdb) text(cursor, cursor.uint(width(0xd9)))
  else messagePackItems(cursor, cursor.uint(head % 2 === 0 ? 2 : 4) * (head >= 0xde ? 2 : 1), depth)
}

function messagePackItems(cursor: Cursor, count: number, depth: number): void {
  cursor.weight += 1
  for (let left = count; left > 0; left -= 1) messagePackItem(cursor, deeper(depth))
}

function text(cursor: Cursor, bytes: number): void {
  cursor.weight += 1
  cursor.skip(bytes)
}
