/** Small operations on byte arrays that run in any runtime: the pure core has no Buffer and no TextEncoder. */

import { assert } from '../../../shared/assert.ts'

export const emptyBytes: Uint8Array = new Uint8Array(0)

const hexDigits = '0123456789abcdef'
const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  return hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15)
})

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexOfByte[byte]
  return text
}

/** The bytes of an even number of hex digits, either case; undefined for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16)
  return bytes
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0
}

/** Bytewise order, a shorter prefix first: the order of keys everywhere in memo. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** The least byte string greater than every string with this prefix; undefined when there is none (all bytes are 0xff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] ?? 0
    if (last === 255) continue
    // Not `slice`, which shares the memory where a caller's array is a Buffer.
    const end = Uint8Array.from(prefix.subarray(0, length))
    end[length - 1] = last + 1
    return end
  }
  return undefined
}

/** Unsigned 64-bit big-endian: bytewise order is numeric order. */
export function uint64Bytes(value: bigint): Uint8Array {
  assert(value >= 0n && value < 1n << 64n, 'a uint64 is within 64 bits')
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let index = 0; index < prefix.length; index++) if (bytes[index] !== prefix[index]) return false
  return true
}
