import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import { decodeText, encodeText, textBytesLength } from '../../../src/node/core/base/text.ts'

const tag = recordTag('test/record/1')
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })

test('every field comes back', () => {
  const fields = fc.record({
    bytes: fc.uint8Array({ maxLength: 400 }),
    text: fc.string({ unit: 'grapheme' }),
    small: fc.nat(),
    safe: fc.maxSafeNat(),
    large: uint64,
    signed: int64,
    list: fc.array(fc.tuple(uint64, fc.uint8Array())),
  })
  fc.assert(
    fc.property(fields, (record) => {
      const encoded = new CanonicalWriter(tag, 1)
        .bytes(record.bytes)
        .text(record.text)
        .uint(record.small)
        .uint(record.safe)
        .uint(record.large)
        .int64(record.signed)
        .list(record.list, ([number, bytes], writer) => writer.uint(number).bytes(bytes))
        .finish()
      const decoded = decodeCanonical(tag, encoded, (reader) => ({
        bytes: reader.bytes(),
        text: reader.text(),
        small: reader.uint(),
        safe: reader.uint(),
        large: reader.uint64(),
        signed: reader.int64(),
        list: reader.list(100, (item): [bigint, Uint8Array] => [item.uint64(), item.bytes()]),
      }))
      expect(decoded).toEqual(record)
    }),
  )
})

test('a number has one encoding, whether it is a number or a bigint', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 255, 256, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER)),
      (number) => {
        const encoded = new CanonicalWriter(tag).uint(number).finish()
        expect(new CanonicalWriter(tag).uint(BigInt(number)).finish()).toEqual(encoded)
      },
    ),
  )
})

test('arbitrary bytes either do not decode or are exactly what encodes again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (tail) => {
      const input = Uint8Array.from([...tag.field, ...tail])
      const decoded = decodeCanonical(tag, input, (reader) => ({ a: reader.bytes(), b: reader.uint64(), c: reader.text() }))
      if (decoded === undefined) return
      expect(new CanonicalWriter(tag).bytes(decoded.a).uint(decoded.b).text(decoded.c).finish()).toEqual(input)
    }),
    { numRuns: 5000 },
  )
})

describe('text', () => {
  test('is encoded as the platform encodes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const platform = new TextEncoder().encode(text)
        expect(encodeText(text)).toEqual(platform)
        expect(textBytesLength(text)).toBe(platform.length)
      }),
    )
  })

  test('is decoded exactly where the platform is willing to', () => {
    const platform = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const decodeOnPlatform = (bytes: Uint8Array) => {
      try {
        return platform.decode(bytes)
      } catch {
        return undefined
      }
    }
    // Mostly bytes from where the rules of UTF-8 change.
    const edges = fc.constantFrom(
      0,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc1,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
    )
    const bytes = fc.array(fc.oneof(edges, fc.nat({ max: 255 })), { maxLength: 8 }).map((array) => Uint8Array.from(array))
    fc.assert(
      fc.property(bytes, (input) => {
        expect(decodeText(input)).toBe(decodeOnPlatform(input))
      }),
      { numRuns: 20_000 },
    )
  })
})
