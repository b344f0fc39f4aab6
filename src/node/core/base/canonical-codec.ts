/**
 * The one encoding of everything that is hashed, signed or stored: a tag that names kind and version of the record, then its fields
 * in a fixed order, each with its length in front. docs/PROTOCOL.md, Blocks, states the bytes.
 *
 * Invariants: a record has exactly one encoding, and every other byte string is refused: lengths and numbers are minimal, nothing
 * follows the last field, and the tag has to be the expected one. Decoded byte fields are views into the input, not copies.
 */

import { assert } from '../../../shared/assert.ts'
import { decodeText, encodeText } from './text.ts'

/** The encoded first field of a record. */
export interface RecordTag {
  readonly name: string
  readonly field: Uint8Array
}

const uint64Max = (1n << 64n) - 1n
const lengthMax = 0xffff_ffff

/** Names a kind of record and its version, for example `memo/manifest/1`. Made once per kind, at module level. */
export function recordTag(name: string): RecordTag {
  const text = encodeText(name)
  assert(text.length > 0 && text.length < 128, 'the name of a tag is short')
  const field = new Uint8Array(text.length + 1)
  field[0] = text.length
  field.set(text, 1)
  return { name, field }
}

/**
 * Records are small and many, and an array of its own for each costs more than filling it: they are cut from a slab, which lives as
 * long as one of them does. Larger ones get their own.
 */
const slabBytes = 16 * 1024
const slabRecordBytesMax = 1024
let slab = new Uint8Array(slabBytes)
let slabView = new DataView(slab.buffer)
let slabUsed = 0

/** Bytes of a length in front of a field. */
function lengthBytesOf(length: number): number {
  if (length < 0x80) return 1
  if (length < 0x4000) return 2
  if (length < 0x20_0000) return 3
  return length < 0x1000_0000 ? 4 : 5
}

/** Writes the fields of one record in order. */
export class CanonicalWriter {
  #buffer: Uint8Array
  #view: DataView
  #start: number
  /** Offsets in the buffer: where the next byte goes, and the end of what this writer may fill. */
  #at: number
  #end: number

  /**
   * `bytesExpected` saves growing where the caller knows about how large the record becomes; `before` is a byte that goes in front of the
   * record, for a body that says in it what follows.
   */
  constructor(tag: RecordTag, bytesExpected = 256, before?: number) {
    const headBytes = before === undefined ? 0 : 1
    const size = headBytes + Math.max(bytesExpected, tag.field.length)
    if (size <= slabRecordBytesMax) {
      if (slabUsed + size > slabBytes) {
        slab = new Uint8Array(slabBytes)
        slabView = new DataView(slab.buffer)
        slabUsed = 0
      }
      this.#buffer = slab
      this.#view = slabView
      this.#start = slabUsed
      slabUsed += size
    } else {
      this.#buffer = new Uint8Array(size)
      this.#view = new DataView(this.#buffer.buffer)
      this.#start = 0
    }
    this.#end = this.#start + size
    if (before !== undefined) this.#buffer[this.#start] = before
    this.#buffer.set(tag.field, this.#start + headBytes)
    this.#at = this.#start + headBytes + tag.field.length
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length + 5)
    this.#putLength(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
    return this
  }

  text(value: string): this {
    return this.bytes(encodeText(value))
  }

  /** A byte field that holds a record of its own, written where it stays. Exact where `bytesExpected` is, it costs no move of what was written. */
  record(tag: RecordTag, bytesExpected: number, write: (writer: this) => unknown): this {
    const slot = lengthBytesOf(bytesExpected)
    this.#reserve(slot + Math.max(bytesExpected, tag.field.length) + 5)
    const lengthAt = this.#at - this.#start
    this.#at += slot
    this.#buffer.set(tag.field, this.#at)
    this.#at += tag.field.length
    write(this)
    const end = this.#at
    const from = this.#start + lengthAt + slot
    const length = end - from
    const shift = lengthBytesOf(length) - slot
    if (shift !== 0) {
      this.#reserve(shift)
      const moved = this.#start + lengthAt + slot
      this.#buffer.copyWithin(moved + shift, moved, moved + length)
    }
    this.#at = this.#start + lengthAt
    this.#putLength(length)
    this.#at += length
    return this
  }

  /** An unsigned number of at most 64 bits: its big-endian bytes without leading zeros, so 0 is an empty field. */
  uint(value: number | bigint): this {
    if (typeof value === 'bigint') return this.#bigUint(value)
    assert(Number.isSafeInteger(value) && value >= 0, 'a uint is a whole number that is not negative')
    if (value > 0xffff_ffff) return this.#bigUint(BigInt(value))
    const size = value === 0 ? 0 : value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x100_0000 ? 3 : 4
    this.#reserve(5)
    this.#buffer[this.#at++] = size
    for (let shift = size - 1; shift >= 0; shift--) this.#buffer[this.#at++] = value >>> (shift * 8)
    return this
  }

  /** A signed number of 64 bits: always 8 bytes, big-endian, two's complement. */
  int64(value: bigint): this {
    assert(BigInt.asIntN(64, value) === value, 'an int64 is within 64 bits')
    this.#reserve(9)
    this.#buffer[this.#at] = 8
    this.#view.setBigInt64(this.#at + 1, value)
    this.#at += 9
    return this
  }

  /** A uint field with the number of items, then the fields of each item. */
  list<Item>(items: readonly Item[], write: (item: Item, writer: this) => unknown): this {
    this.uint(items.length)
    for (const item of items) write(item, this)
    return this
  }

  finish(): Uint8Array {
    this.#giveBack()
    return this.#buffer.subarray(this.#start, this.#at)
  }

  /** The record up to and with the length of its last byte field, whose bytes are hashed or written behind it by the caller. */
  finishBefore(lastFieldBytes: number): Uint8Array {
    this.#reserve(5)
    this.#putLength(lastFieldBytes)
    return this.finish()
  }

  /** After `finish`, for a record that was only hashed: its place goes to the next one, and its bytes may not be used any more. */
  giveUp(): void {
    if (this.#buffer === slab && slabUsed === this.#at) slabUsed = this.#start
  }

  #bigUint(value: bigint): this {
    assert(value >= 0n && value <= uint64Max, 'a uint is within 64 bits')
    this.#reserve(17)
    const start = this.#at
    // Written a byte late, so that the length goes where the number's leading zeros end.
    this.#view.setBigUint64(start + 1, value)
    let zeros = 0
    while (zeros < 8 && this.#buffer[start + 1 + zeros] === 0) zeros++
    if (zeros > 0) this.#buffer.copyWithin(start + 1, start + 1 + zeros, start + 9)
    this.#buffer[start] = 8 - zeros
    this.#at = start + 9 - zeros
    return this
  }

  #putLength(length: number): void {
    assert(length <= lengthMax, 'a field is below 4 GiB')
    let rest = length
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#at++] = rest
  }

  #reserve(count: number): void {
    const needed = this.#at + count
    if (needed <= this.#end) return
    const filled = this.#at - this.#start
    const larger = new Uint8Array(Math.max(filled + count, filled * 2))
    larger.set(this.#buffer.subarray(this.#start, this.#at))
    this.#buffer = larger
    this.#view = new DataView(larger.buffer)
    this.#start = 0
    this.#at = filled
    this.#end = larger.length
  }

  /** What the last record of the slab was given and did not fill goes to the next one. */
  #giveBack(): void {
    if (this.#buffer === slab && slabUsed === this.#end) slabUsed = this.#at
    this.#end = this.#at
  }
}

/** Ends the decoding of one record; never leaves `decodeCanonical`. */
class MalformedRecord extends Error {}

/** Reads the fields of one record in order. Every method ends the decoding when the bytes are not what it asks for. */
export class CanonicalReader {
  readonly #input: Uint8Array
  #offset = 0

  constructor(tag: RecordTag, input: Uint8Array) {
    this.#input = input
    const { field } = tag
    for (let index = 0; index < field.length; index++) if (input[index] !== field[index]) throw new MalformedRecord()
    this.#offset = field.length
  }

  /** A view of a byte field of `bytesMin` to `bytesMax` bytes. */
  bytes(bytesMin = 0, bytesMax = lengthMax): Uint8Array {
    const end = this.#fieldEnd(bytesMin, bytesMax)
    const start = this.#offset
    this.#offset = end
    return this.#input.subarray(start, end)
  }

  /** A view of a byte field of exactly this length. */
  fixed(length: number): Uint8Array {
    return this.bytes(length, length)
  }

  /** A byte field that holds a record of its own. */
  record<T>(decode: (bytes: Uint8Array) => T | undefined, bytesMax: number = lengthMax): T {
    const value = decode(this.bytes(0, bytesMax))
    if (value === undefined) throw new MalformedRecord()
    return value
  }

  text(bytesMax = lengthMax): string {
    const text = decodeText(this.bytes(0, bytesMax))
    if (text === undefined) throw new MalformedRecord()
    return text
  }

  /** A number of at most `max`, itself at most 2^53 - 1. */
  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const end = this.#fieldEnd(0, 7)
    const start = this.#offset
    let value = 0
    while (this.#offset < end) value = value * 256 + (this.#input[this.#offset++] ?? 0)
    if ((end > start && this.#input[start] === 0) || value > max || value > Number.MAX_SAFE_INTEGER) throw new MalformedRecord()
    return value
  }

  uint64(): bigint {
    const field = this.bytes(0, 8)
    if (field[0] === 0) throw new MalformedRecord()
    let high = 0
    let low = 0
    for (let index = 0; index < field.length; index++) {
      const byte = field[index] ?? 0
      if (field.length - index > 4) high = high * 256 + byte
      else low = low * 256 + byte
    }
    return (BigInt(high) << 32n) | BigInt(low)
  }

  int64(): bigint {
    const field = this.fixed(8)
    return new DataView(field.buffer, field.byteOffset, 8).getBigInt64(0)
  }

  /** One of the names, stored as its place in the list. */
  choice<Name extends string>(names: readonly Name[]): Name {
    const name = names[this.uint(names.length - 1)]
    if (name === undefined) throw new MalformedRecord()
    return name
  }

  list<Item>(itemsMax: number, read: (reader: this) => Item): Item[] {
    const count = this.uint(itemsMax)
    const items: Item[] = []
    for (let index = 0; index < count; index++) items.push(read(this))
    return items
  }

  /** Ends the decoding where the record breaks a rule that its fields alone do not state. */
  require(holds: boolean): void {
    if (!holds) throw new MalformedRecord()
  }

  end(): void {
    if (this.#offset !== this.#input.length) throw new MalformedRecord()
  }

  /** Where the field ends that begins here, its length read and found within the bounds. */
  #fieldEnd(bytesMin: number, bytesMax: number): number {
    const length = this.#length()
    if (length < bytesMin || length > bytesMax || length > this.#input.length - this.#offset) throw new MalformedRecord()
    return this.#offset + length
  }

  #length(): number {
    let length = 0
    for (let step = 0, scale = 1; step < 5; step++, scale *= 0x80) {
      const byte = this.#input[this.#offset++]
      if (byte === undefined || (byte === 0 && step > 0)) throw new MalformedRecord()
      length += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (length > lengthMax) throw new MalformedRecord()
        return length
      }
    }
    throw new MalformedRecord()
  }
}

/** Decodes a whole record; undefined when the bytes are not one of this kind. */
export function decodeCanonical<T>(tag: RecordTag, input: Uint8Array, read: (reader: CanonicalReader) => T): T | undefined {
  try {
    const reader = new CanonicalReader(tag, input)
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof MalformedRecord) return undefined
    throw error
  }
}

/** The place of a name in its list, as `choice` reads it. */
export function choiceIndex<Name extends string>(names: readonly Name[], name: Name): number {
  const index = names.indexOf(name)
  assert(index >= 0, 'a choice is one of its names')
  return index
}
