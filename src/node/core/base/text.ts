/**
 * UTF-8 in pure code. Encoding takes well-formed text only (the border checks `text.isWellFormed()`); decoding is strict: overlong
 * forms, surrogates, values above U+10FFFF and cut sequences are refused, so that bytes and text stand for each other one to one.
 */

import { assert } from '../../../shared/assert.ts'

/** The UTF-8 of well-formed text. */
export function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return encodeWideText(text)
    bytes[index] = code
  }
  return bytes
}

/** Bytes of the text in UTF-8. */
export function textBytesLength(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code <= 0x7f) continue
    // A surrogate pair counts four bytes: two for each of its halves.
    length += code <= 0x7ff || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2
  }
  return length
}

/** The text, or undefined where the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | undefined {
  let text = ''
  let units: number[] = []
  for (let index = 0; index < bytes.length; ) {
    const first = bytes[index] ?? 0
    const size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4
    const code = size === 1 ? first : codePointAt(bytes, index, first, size)
    if (code === undefined) return undefined
    if (code < 0x10000) units.push(code)
    else units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff))
    if (units.length >= 4096) {
      text += String.fromCharCode(...units)
      units = []
    }
    index += size
  }
  return text + String.fromCharCode(...units)
}

/** Of the first byte, by the number of bytes behind it. */
const leadBits = [0, 0xc0, 0xe0, 0xf0] as const
/** By the size of the sequence. */
const leastOfSize = [0, 0, 0x80, 0x800, 0x10000] as const

function codePointAt(bytes: Uint8Array, index: number, first: number, size: number): number | undefined {
  if (first < 0xc2 || first > 0xf4 || index + size > bytes.length) return undefined
  let code = first & (0xff >> (size + 1))
  for (let step = 1; step < size; step++) {
    const next = bytes[index + step] ?? 0
    if ((next & 0xc0) !== 0x80) return undefined
    code = (code << 6) | (next & 0x3f)
  }
  const fits = code >= (leastOfSize[size] ?? 0) && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return fits ? code : undefined
}

function encodeWideText(text: string): Uint8Array {
  assert(text.isWellFormed(), 'only well-formed text is encoded')
  const bytes = new Uint8Array(textBytesLength(text))
  let offset = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code <= 0x7f) {
      bytes[offset++] = code
      continue
    }
    const tail = code <= 0x7ff ? 1 : code <= 0xffff ? 2 : 3
    bytes[offset++] = (leadBits[tail] ?? 0) | (code >> (6 * tail))
    for (let step = tail - 1; step >= 0; step--) bytes[offset++] = 0x80 | ((code >> (6 * step)) & 0x3f)
  }
  return bytes
}
