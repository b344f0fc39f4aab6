/**
 * Whether bytes are one item of CBOR or MessagePack from their first byte to their last. Nearly every byte begins some item of both,
 * so that only a container, read to the end without a remainder, counts as a sign; and many documents of one can be read as another
 * document of the other, which then looks odd.
 *
 * Invariants: a text is UTF-8, and no map has a key twice, or it is no document.
 */

import { keysLimits } from '../keys-limits.ts'

export type BinaryFormat = 'cbor' | 'messagepack'

const claims: Readonly<Record<BinaryFormat, RegExp>> = { cbor: /\bcbor\b/, messagepack: /msgpack|messagepack/ }
/** Containers and texts that a document has at least. */
const signsMin = 2
/** What one thing that writers hardly ever write takes away. */
const oddCost = 2

/** The format that the bytes are most likely of; what their writer claims decides where they bear it. */
export function binaryFormatOf(bytes: Uint8Array, contentType: string): BinaryFormat | undefined {
  const signs = { cbor: signsOf(bytes, cborItem), messagepack: signsOf(bytes, messagePackItem) }
  for (const format of ['cbor', 'messagepack'] as const) {
    if (signs[format] !== undefined && claims[format].test(contentType)) return format
  }
  const first = bytes[0] ?? 0
  // A map, an array or a tag.
  const cbor = first >= 0x80 && first <= 0xdb ? (signs.cbor ?? 0) : 0
  const container = (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf)
  const messagepack = container ? (signs.messagepack ?? 0) : 0
  if (Math.max(cbor, messagepack) < signsMin) return undefined
  return cbor >= messagepack ? 'cbor' : 'messagepack'
}

type Item = (cursor: Cursor, depth: number) => unknown

/** What speaks for a document less what is odd about it; undefined where it is none. */
function signsOf(bytes: Uint8Array, item: Item): number | undefined {
  const cursor = new Cursor(bytes)
  try {
    item(cursor, 0)
  } catch {
    return undefined
  }
  return cursor.ended ? cursor.signs - cursor.odd * oddCost : undefined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const latin1 = new TextDecoder('latin1')

class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0
  /** Containers and texts on the way, by which a lucky hit is told from a document. */
  signs = 0
  odd = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.at === this.#view.byteLength
  }

  peek(): number {
    return this.#bytes[this.at] ?? 0
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

  bytes(count: number): void {
    this.signs += 1
    this.skip(count)
  }

  text(count: number): void {
    const from = this.at
    this.bytes(count)
    if (/[^\P{Cc}\s]/u.test(utf8.decode(this.#bytes.subarray(from, this.at)))) this.odd += 1
  }

  /** A key of a map, which is read by `item`. */
  key(known: Set<string>, item: () => void): void {
    const from = this.at
    item()
    const key = latin1.decode(this.#bytes.subarray(from, this.at))
    if (known.has(key)) throw new RangeError('a key twice')
    known.add(key)
  }
}

function deeper(depth: number): number {
  if (depth >= keysLimits.nestingMax) throw new RangeError('too deep')
  return depth + 1
}

const cborWidths = [1, 2, 4, 8] as const

/** True for the break that ends an endless container. */
function cborItem(cursor: Cursor, depth: number): boolean {
  const head = cursor.uint(1)
  const major = head >> 5
  const info = head & 31
  if (info > 27 && info < 31) throw new RangeError('reserved')
  if (info === 31) return cborEndless(cursor, major, depth)
  const width = cborWidths[info - 24]
  const size = width === undefined ? info : cursor.uint(width)
  if (major === 7) cborSimple(cursor, info, size)
  else if (width !== undefined && size < (width === 1 ? 24 : 2 ** (width * 4))) cursor.odd += 1
  if (major === 2) cursor.bytes(size)
  if (major === 3) cursor.text(size)
  if (major === 4) {
    cursor.signs += 1
    for (let left = size; left > 0; left -= 1) cborWhole(cursor, deeper(depth))
  }
  if (major === 5) {
    cursor.signs += 1
    const known = new Set<string>()
    for (let left = size; left > 0; left -= 1) cborMember(cursor, known, deeper(depth))
  }
  if (major === 6) cborWhole(cursor, deeper(depth))
  return false
}

/** Of the simple values only false, true, null and undefined have a meaning. */
function cborSimple(cursor: Cursor, info: number, value: number): void {
  if (info === 24 && value < 32) throw new RangeError('reserved')
  if (info < 20 || info === 24) cursor.odd += 1
}

function cborWhole(cursor: Cursor, depth: number): void {
  if (cborItem(cursor, depth)) throw new RangeError('a break outside of a container')
}

function cborMember(cursor: Cursor, known: Set<string>, depth: number): void {
  // Numbers, bytes and texts name members.
  if (cursor.peek() >> 5 > 3) cursor.odd += 1
  cursor.key(known, () => cborWhole(cursor, depth))
  cborWhole(cursor, depth)
}

const endMark = 0xff

function cborEndless(cursor: Cursor, major: number, depth: number): boolean {
  if (major === 7) return true
  if (major < 2 || major > 5) throw new RangeError('reserved')
  cursor.signs += 1
  const known = new Set<string>()
  while (cursor.peek() !== endMark) {
    if (major === 5) cborMember(cursor, known, deeper(depth))
    // Bytes and texts are made of parts of their own kind.
    else if (major < 4 && (cursor.peek() >> 5 !== major || (cursor.peek() & 31) === 31)) throw new RangeError('no part of it')
    else cborWhole(cursor, deeper(depth))
  }
  cursor.skip(1)
  return false
}

function messagePackItem(cursor: Cursor, depth: number): void {
  const head = cursor.uint(1)
  const width = (from: number): 1 | 2 | 4 => ([1, 2, 4] as const)[head - from] ?? 1
  if (head <= 0x7f || head >= 0xe0) return
  if (head <= 0x8f) messagePackMap(cursor, head & 15, depth)
  else if (head <= 0x9f) messagePackItems(cursor, head & 15, depth)
  else if (head <= 0xbf) cursor.text(head & 31)
  else if (head === 0xc1) throw new RangeError('never used')
  else if (head <= 0xc3) return
  else if (head <= 0xc6) cursor.bytes(cursor.uint(width(0xc4)))
  else if (head <= 0xc9) cursor.skip(cursor.uint(width(0xc7)) + 1)
  else if (head <= 0xcb) cursor.skip(head === 0xca ? 4 : 8)
  else if (head <= 0xd3) cursor.skip(1 << ((head - 0xcc) % 4))
  else if (head <= 0xd8) cursor.skip((1 << (head - 0xd4)) + 1)
  else if (head <= 0xdb) cursor.text(cursor.uint(width(0xd9)))
  else if (head <= 0xdd) messagePackItems(cursor, cursor.uint(head === 0xdc ? 2 : 4), depth)
  else messagePackMap(cursor, cursor.uint(head === 0xde ? 2 : 4), depth)
}

function messagePackItems(cursor: Cursor, count: number, depth: number): void {
  cursor.signs += 1
  for (let left = count; left > 0; left -= 1) messagePackItem(cursor, deeper(depth))
}

function messagePackMap(cursor: Cursor, count: number, depth: number): void {
  cursor.signs += 1
  const known = new Set<string>()
  for (let left = count; left > 0; left -= 1) {
    // Containers and what is neither number nor text name no member.
    const head = cursor.peek()
    if (
      (head >= 0x80 && head <= 0x9f) ||
      (head >= 0xc0 && head <= 0xc3) ||
      head === 0xca ||
      head === 0xcb ||
      (head >= 0xdc && head <= 0xdf)
    )
      cursor.odd += 1
    cursor.key(known, () => messagePackItem(cursor, deeper(depth)))
    messagePackItem(cursor, deeper(depth))
  }
}
