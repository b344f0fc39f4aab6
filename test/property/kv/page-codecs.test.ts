import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeText } from '../../../src/node/core/base/text.ts'
import {
  decodeCalledList,
  decodeCalledPage,
  decodeEntries,
  decodePageKeys,
  decodePageSettle,
  encodeCalledList,
  encodeCalledPage,
  encodeEntries,
  encodePageKeys,
  encodePageSettle,
} from '../../../src/node/core/kv/page-calls.ts'
import { decodePageEntry, decodePagePart, encodePageEntry, encodePagePart } from '../../../src/node/core/kv/page-entry.ts'
import { decodeResults, encodeResults } from '../../../src/node/core/kv/page-results.ts'
import { encodesOneToOne } from '../base/one-to-one.ts'
import { calledEntry, calledList, calledPage, pageEntry, pageKeys, pagePart, requestResult } from './page-arbitraries.ts'

test('entries of pages', () => encodesOneToOne(pageEntry, encodePageEntry, decodePageEntry, 300))
test('parts of entries', () => encodesOneToOne(pagePart, encodePagePart, decodePagePart, 300))
test('results', () => encodesOneToOne(fc.array(requestResult, { maxLength: 4 }), encodeResults, decodeResults))
test('keys that are asked for', () => encodesOneToOne(pageKeys, encodePageKeys, decodePageKeys))
test('stamps that are settled', () =>
  encodesOneToOne(fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }), encodePageSettle, decodePageSettle))
test('entries of keys', () => encodesOneToOne(fc.array(calledEntry, { maxLength: 4 }), encodeEntries, decodeEntries))
test('listings', () => encodesOneToOne(calledList, encodeCalledList, decodeCalledList))
test('listed pages', () => encodesOneToOne(calledPage, encodeCalledPage, decodeCalledPage))

const facts = { session: new Uint8Array(16), sequence: 1n, writer: new Uint8Array(32), signed: new Uint8Array(0) }
const removal = (bytes: Uint8Array) => ({
  kind: 'delete' as const,
  key: { text: '', bytes },
  precondition: { kind: 'any' as const },
})
const partOf = (bytes: Uint8Array) =>
  decodePagePart(encodePagePart({ ...facts, changes: [{ requestId: undefined, operations: [removal(bytes)] }] }))

test('a part is refused with a key that is empty, too long or no text', () => {
  expect(partOf(encodeText('key'))).toBeDefined()
  expect(partOf(new Uint8Array(65_535).fill(97))).toBeDefined()
  expect(partOf(new Uint8Array(65_536).fill(97))).toBeUndefined()
  expect(partOf(new Uint8Array(0))).toBeUndefined()
  expect(partOf(Uint8Array.of(0xff))).toBeUndefined()
})

test('an entry is refused with more parts than the protocol allows', () => {
  const part = { ...facts, changes: [] }
  const entryOf = (count: number) =>
    encodePageEntry({ hlc: 1n, forgetUpTo: 0n, parts: Array.from({ length: count }, () => part) })
  expect(decodePageEntry(entryOf(4096))).toBeDefined()
  expect(decodePageEntry(entryOf(4097))).toBeUndefined()
})

test('keys are refused that are empty or too long', () => {
  expect(decodePageKeys(encodePageKeys([new Uint8Array(65_535)]))).toBeDefined()
  expect(decodePageKeys(encodePageKeys([new Uint8Array(65_536)]))).toBeUndefined()
  expect(decodePageKeys(encodePageKeys([new Uint8Array(0)]))).toBeUndefined()
})
