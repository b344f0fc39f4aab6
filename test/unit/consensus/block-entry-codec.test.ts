import { expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { CanonicalWriter, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import type { BlockEntry } from '../../../src/node/core/consensus/block-entry.ts'
import { decodeBlockEntry, encodeBlockEntry, isBlockEntry } from '../../../src/node/core/consensus/block-entry-codec.ts'

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const address = addressFromDigest(filled(0x50), 'mutable')
const immutable = addressFromDigest(filled(0x51), 'immutable')
const requestId = { session: filled(0x71, 16), sequence: 258n, issued: 7n }
const facts = { address, issued: 3n, requestId, asked: filled(0x78), forgetUpTo: 2n, generation: 1n }
const version: BlockEntry = { kind: 'version', ...facts, version: 5n, signed: Uint8Array.of(8, 9) }
const format = recordTag('memo/block-entry/1')

test('entries have these bytes', () => {
  const head = `12${hex(Buffer.from('memo/block-entry/1'))}`
  const id = `10${'71'.repeat(16)}0201020107`
  const named = `${id}20${'78'.repeat(32)}`
  expect(hex(encodeBlockEntry(version))).toBe(`${head}010120${hex(address)}0103${named}0102010101050208${'09'}`)
  const birth: BlockEntry = { ...facts, kind: 'birth', requestId: undefined, asked: undefined, signed: Uint8Array.of(8) }
  expect(hex(encodeBlockEntry(birth))).toBe(`${head}0020${hex(address)}0103000102010101${'08'}`)
  const removal: BlockEntry = { kind: 'removal', ...facts, version: 5n, proof: Uint8Array.of(8) }
  expect(hex(encodeBlockEntry(removal))).toBe(`${head}010220${hex(address)}0103${named}0102010101050108`)
  for (const entry of [version, birth, removal]) expect(decodeBlockEntry(encodeBlockEntry(entry))).toEqual(entry)
})

test('an entry is known by its tag', () => {
  expect(isBlockEntry(encodeBlockEntry(version))).toBe(true)
  expect(isBlockEntry(new CanonicalWriter(recordTag('memo/page-entry/1')).finish())).toBe(false)
  expect(isBlockEntry(new Uint8Array(0))).toBe(false)
})

test('nothing malformed is written', () => {
  const refused: readonly object[] = [
    { address: immutable },
    { issued: 1n << 63n },
    { generation: -1n },
    { forgetUpTo: 1n << 63n },
    { asked: undefined },
    { requestId: undefined },
    { version: (1n << 63n) + 1n },
    { version: -1n },
    { signed: new Uint8Array(6 * 1024 * 1024 + 1) },
    { kind: 'removal', proof: new Uint8Array(0) },
  ]
  for (const change of refused) expect(() => encodeBlockEntry({ ...version, ...change })).toThrow('can be read again')
})

test('nothing malformed is read', () => {
  const written = (change: {
    readonly kind?: number
    readonly at?: Uint8Array
    readonly session?: Uint8Array
    readonly proof?: Uint8Array
  }) => {
    const { kind = 2, at = address, session = requestId.session, proof = Uint8Array.of(8) } = change
    const writer = new CanonicalWriter(format).uint(kind).bytes(at).uint(3).bytes(session).uint(258).uint(7)
    return writer.bytes(facts.asked).uint(2).uint(1).uint(5).bytes(proof).finish()
  }
  expect(decodeBlockEntry(written({}))).toBeDefined()
  expect(decodeBlockEntry(written({ kind: 3 }))).toBeUndefined()
  expect(decodeBlockEntry(written({ at: immutable }))).toBeUndefined()
  expect(decodeBlockEntry(written({ session: filled(0x71, 15) }))).toBeUndefined()
  expect(decodeBlockEntry(written({ proof: new Uint8Array(0) }))).toBeUndefined()
  expect(decodeBlockEntry(written({}).subarray(1))).toBeUndefined()
  expect(decodeBlockEntry(Buffer.concat([written({}), filled(0, 1)]))).toBeUndefined()
})
