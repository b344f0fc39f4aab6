import { expect, test } from 'vitest'
import { unpackSnappy } from '../../../src/node/adapters/level-store/index/snappy.ts'

const unpackedText = (...packed: readonly number[]) => unpackSnappy(Buffer.from(packed))?.toString('latin1')
const text = (letters: string) => [...Buffer.from(letters, 'latin1')]

test('literals of every length code', () => {
  expect(unpackedText(0)).toBe('')
  expect(unpackedText(3, 2 << 2, ...text('abc'))).toBe('abc')
  const long = 'x'.repeat(70)
  expect(unpackedText(70, 60 << 2, 69, ...text(long))).toBe(long)
  expect(unpackedText(70, 61 << 2, 69, 0, ...text(long))).toBe(long)
})

test('copies of every offset width, also onto themselves', () => {
  expect(unpackedText(10, 1 << 2, ...text('ab'), ((8 - 4) << 2) | 1, 2)).toBe('ababababab')
  expect(unpackedText(6, 2 << 2, ...text('abc'), (2 << 2) | 2, 3, 0)).toBe('abcabc')
  expect(unpackedText(6, 2 << 2, ...text('abc'), (2 << 2) | 3, 3, 0, 0, 0)).toBe('abcabc')
})

test('what is no packed block is refused', () => {
  for (const packed of [
    [],
    [3, 2 << 2, ...text('ab')],
    [2, 2 << 2, ...text('abc')],
    [4, 2 << 2, ...text('abc')],
    [6, 2 << 2, ...text('abc'), (2 << 2) | 2, 4, 0],
    [6, 2 << 2, ...text('abc'), (2 << 2) | 2, 0, 0],
    [6, 2 << 2, ...text('abc'), (2 << 2) | 2, 3],
    [0xff, 0xff, 0xff, 0xff, 0x0f, 0],
  ]) {
    expect(unpackSnappy(Buffer.from(packed)), packed.join()).toBeUndefined()
  }
})
