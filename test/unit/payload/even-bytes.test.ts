import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { areEven } from '../../../src/node/engine/payload/even-bytes.ts'

/** As even as chance makes them, and the same each time. */
function chance(length: number, seed: number): Buffer {
  const parts = Array.from({ length: Math.ceil(length / 64) }, (_, part) =>
    createHash('sha512').update(`${seed}/${part}`).digest(),
  )
  return Buffer.concat(parts).subarray(0, length)
}

test.each([1024, 1025, 4096, 100_000])('%i bytes of chance are even', (length) => {
  for (let seed = 0; seed < 200; seed++) expect(areEven(chance(length, seed))).toBe(true)
})

test('what is packed is even', () => {
  const text = Array.from({ length: 20_000 }, (_, line) => `${line * 7919} ${line % 13 === 0 ? 'thirteen' : 'other'}\n`).join('')
  expect(areEven(zstdCompressSync(text))).toBe(true)
})

test.each([
  ['base64', Buffer.from(chance(4096, 1).toString('base64'))],
  ['hex', Buffer.from(chance(4096, 2).toString('hex'))],
  ['JSON', Buffer.from(JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, name: `name ${id}`, on: true }))))],
  ['zeros', Buffer.alloc(4096)],
  ['numbers of 32 bits', Buffer.from(new Uint32Array(1024).map((_, index) => index * 1000).buffer)],
  ['chance with one bit in eight unset', chance(4096, 3).map((byte) => byte & 0x7f)],
  ['chance with zeros for an eighth of it', chance(4096, 4).map((byte, index) => (index % 8 === 0 ? 0 : byte))],
])('%s is not', (_name, bytes) => {
  expect(areEven(bytes)).toBe(false)
})

test('of a few bytes nothing can be told', () => {
  expect(areEven(chance(1023, 1))).toBe(false)
})
