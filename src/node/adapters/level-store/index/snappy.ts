/**
 * Unpacks a block that LevelDB compressed with Snappy: the plain length as a varint, then literals and copies of what came before.
 * Undefined where the bytes are not such a block.
 */

import { ByteCursor } from './byte-cursor.ts'

/** Far above any block that the store writes: a length from damaged bytes must not ask for all memory. */
const plainBytesMax = 64 * 1024 * 1024

export function unpackSnappy(packed: Buffer): Buffer | undefined {
  const cursor = new ByteCursor(packed)
  const length = cursor.varint()
  if (cursor.failed || length > plainBytesMax) return undefined
  const plain = Buffer.alloc(length)
  let at = 0
  while (!cursor.atEnd) {
    const tag = cursor.take(1)[0] ?? 0
    const kind = tag & 3
    if (kind === 0) {
      const literal = cursor.take(literalLength(cursor, tag >>> 2))
      if (cursor.failed || at + literal.length > length) return undefined
      literal.copy(plain, at)
      at += literal.length
      continue
    }
    const copied = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    const back = kind === 1 ? (tag >>> 5) * 256 + littleEndian(cursor, 1) : littleEndian(cursor, kind === 2 ? 2 : 4)
    if (cursor.failed || back === 0 || back > at || at + copied > length) return undefined
    // Byte by byte: source and target overlap where a short piece is repeated.
    for (let index = 0; index < copied; index++, at++) plain[at] = plain[at - back] ?? 0
  }
  return cursor.failed || at !== length ? undefined : plain
}

function literalLength(cursor: ByteCursor, code: number): number {
  return (code < 60 ? code : littleEndian(cursor, code - 59)) + 1
}

function littleEndian(cursor: ByteCursor, count: number): number {
  const bytes = cursor.take(count)
  return bytes.length === count ? bytes.readUIntLE(0, count) : 0
}
