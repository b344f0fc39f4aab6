import { expect, test } from 'vitest'
import { FramedReader, framed } from '../../../src/node/core/wire/framed-pieces.ts'

const messages = [1, 2, 70_000, 3, 255].map((length, index) => new Uint8Array(length).fill(index + 1))
const stream = new Uint8Array(Buffer.concat(messages.map(framed)))

test.each([1, 2, 3, 5, 64, 65_536, stream.length])(
  'messages come out whole however the stream is cut: every %i bytes',
  (step) => {
    const reader = new FramedReader(70_000)
    const found: Uint8Array[] = []
    for (let offset = 0; offset < stream.length; offset += step) {
      const ended = reader.take(stream.subarray(offset, offset + step))
      if (ended === undefined) throw new Error('it can be read')
      found.push(...ended)
    }
    expect(found).toEqual(messages)
    expect(reader.isBetween).toBe(true)
  },
)

test('a message that is cut off, longer than it may be, or empty is no message', () => {
  const reader = new FramedReader(255)
  expect(reader.take(framed(new Uint8Array(255)).subarray(0, 258))).toEqual([])
  expect(reader.isBetween).toBe(false)
  const begun = new FramedReader(255)
  begun.take(Uint8Array.of(0, 0))
  expect(begun.isBetween).toBe(false)
  expect(new FramedReader(254).take(framed(new Uint8Array(255)))).toBeUndefined()
  expect(new FramedReader(255).take(new Uint8Array(4))).toBeUndefined()
})
