import { describe, expect, test } from 'vitest'
import { fromHex } from '../../../src/node/core/base/bytes.ts'
import type { CanonicalReader } from '../../../src/node/core/base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../../../src/node/core/base/canonical-codec.ts'

const tag = recordTag('t')
const tagHex = '0174'

function hex(writer: CanonicalWriter): string {
  return Buffer.from(writer.finish()).toString('hex')
}

function decode<T>(fieldsHex: string, read: (reader: CanonicalReader) => T): T | undefined {
  return decodeCanonical(tag, fromHex(tagHex + fieldsHex) ?? new Uint8Array(0), read)
}

describe('the writer', () => {
  test('puts a length before every field', () => {
    expect(hex(new CanonicalWriter(tag).bytes(Uint8Array.of(1, 2)).text('é'))).toBe(`${tagHex}02010202c3a9`)
  })

  test.each([
    [0, '00'],
    [1, '0101'],
    [255, '01ff'],
    [256, '020100'],
    [2 ** 32, '050100000000'],
    [2n ** 64n - 1n, '08ffffffffffffffff'],
    [0n, '00'],
  ])('writes the uint %s without leading zeros', (value, expected) => {
    expect(hex(new CanonicalWriter(tag).uint(value))).toBe(tagHex + expected)
  })

  test('writes an int64 in 8 bytes', () => {
    expect(hex(new CanonicalWriter(tag).int64(-1n))).toBe(`${tagHex}08ffffffffffffffff`)
  })

  test('writes a list as its count and its items', () => {
    expect(hex(new CanonicalWriter(tag).list([7, 8], (item, writer) => writer.uint(item)))).toBe(`${tagHex}010201070108`)
  })

  test('uses two bytes for lengths from 128 on', () => {
    expect(hex(new CanonicalWriter(tag).bytes(new Uint8Array(128))).slice(0, 8)).toBe(`${tagHex}8001`)
  })

  test('leaves the bytes of a last field to the caller', () => {
    const whole = new CanonicalWriter(tag).uint(3).bytes(new Uint8Array(300)).finish()
    const before = new CanonicalWriter(tag).uint(3).finishBefore(300)
    expect(Uint8Array.from([...before, ...new Uint8Array(300)])).toEqual(whole)
  })

  test.each([0, 1, 100, 127, 128, 200, 16_383, 16_384, 40_000, 2_097_152])(
    'writes a record of %i bytes where it stays as if it had been written apart, whatever was expected',
    (length) => {
      const inner = recordTag('inner')
      const value = new Uint8Array(length).fill(7)
      const apart = new CanonicalWriter(inner).bytes(value).uint(5).finish()
      const whole = new CanonicalWriter(tag).uint(1).bytes(apart).uint(2).finish()
      for (const expected of [0, length, apart.length, 130, 16_390, 3_000_000]) {
        const writer = new CanonicalWriter(tag).uint(1)
        writer.record(inner, expected, (fields) => fields.bytes(value).uint(5)).uint(2)
        expect(Buffer.compare(writer.finish(), whole)).toBe(0)
      }
    },
  )

  test('puts a byte before the record where it is asked to', () => {
    const record = new CanonicalWriter(tag).bytes(new Uint8Array(2000)).uint(3).finish()
    const writer = new CanonicalWriter(tag, 10, 9).bytes(new Uint8Array(2000)).uint(3)
    expect(writer.finish()).toEqual(Uint8Array.from([9, ...record]))
  })

  test.each([-1, 1.5, Number.NaN, 2 ** 53, -1n, 2n ** 64n])('takes %s for no uint', (value) => {
    expect(() => new CanonicalWriter(tag).uint(value)).toThrow('uint')
  })
})

describe('the reader refuses', () => {
  test('another tag', () => {
    expect(decodeCanonical(recordTag('u'), Uint8Array.of(1, 0x74), () => true)).toBeUndefined()
    expect(decodeCanonical(tag, new Uint8Array(0), () => true)).toBeUndefined()
  })

  test('bytes behind the last field, and a field that is cut off', () => {
    expect(decode('010500', (reader) => reader.uint())).toBeUndefined()
    expect(decode('0205', (reader) => reader.bytes())).toBeUndefined()
    expect(decode('', (reader) => reader.bytes())).toBeUndefined()
    expect(decode('0105', (reader) => reader.uint())).toBe(5)
  })

  test('numbers and lengths that are not minimal', () => {
    expect(decode('020005', (reader) => reader.uint())).toBeUndefined()
    expect(decode('0100', (reader) => reader.uint())).toBeUndefined()
    expect(decode('0100', (reader) => reader.uint64())).toBeUndefined()
    expect(decode('810005', (reader) => reader.bytes())).toBeUndefined()
    expect(decode('8000', (reader) => reader.bytes())).toBeUndefined()
    expect(decode('ffffffff7f', (reader) => reader.bytes())).toBeUndefined()
    expect(decode('ffffffffff01', (reader) => reader.bytes())).toBeUndefined()
  })

  test('numbers outside of their bounds', () => {
    expect(decode('0105', (reader) => reader.uint(4))).toBeUndefined()
    expect(decode('0720000000000000', (reader) => reader.uint())).toBeUndefined()
    expect(decode('071fffffffffffff', (reader) => reader.uint())).toBe(Number.MAX_SAFE_INTEGER)
    expect(decode('09010000000000000000', (reader) => reader.uint64())).toBeUndefined()
    expect(decode('070000000000000f', (reader) => reader.int64())).toBeUndefined()
    expect(decode('0102', (reader) => reader.choice(['a', 'b']))).toBeUndefined()
    expect(decode('0101', (reader) => reader.choice(['a', 'b']))).toBe('b')
  })

  test('byte fields of other lengths, bad text, and lists that are too long', () => {
    expect(decode('021122', (reader) => reader.fixed(3))).toBeUndefined()
    expect(decode('021122', (reader) => reader.bytes(0, 1))).toBeUndefined()
    expect(decode('02c080', (reader) => reader.text())).toBeUndefined()
    expect(decode('010200000000', (reader) => reader.list(1, (item) => item.bytes()))).toBeUndefined()
    expect(decode('01020000', (reader) => reader.list(2, (item) => item.bytes().length))).toEqual([0, 0])
  })

  test('a count far above the bytes that follow, without reserving memory for it', () => {
    expect(decode('04ffffffff', (reader) => reader.list(2 ** 32, (item) => item.bytes()))).toBeUndefined()
  })
})

test('a fault of the code is not taken for a malformed record', () => {
  const fault = () => {
    throw new RangeError('a fault')
  }
  expect(() => decode('', fault)).toThrow('a fault')
})
