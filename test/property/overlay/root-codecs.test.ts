import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NamedSection } from '../../../src/node/core/overlay/named-sections.ts'
import { decodeRootCopy, encodeRootCopy } from '../../../src/node/core/overlay/named-sections.ts'
import { decodeSettled, encodeSettled } from '../../../src/node/core/overlay/root-bodies.ts'
import { decodeRootEntry, encodeRootEntry } from '../../../src/node/core/overlay/root-entry.ts'
import { encodesOneToOne } from '../base/one-to-one.ts'
import { rootCopy, rootEntry } from './root-arbitraries.ts'

test('entries of roots', () => encodesOneToOne(rootEntry, encodeRootEntry, decodeRootEntry))
test('copies of roots', () => encodesOneToOne(rootCopy, encodeRootCopy, decodeRootCopy))
test('settled epochs', () => encodesOneToOne(fc.maxSafeNat(), encodeSettled, decodeSettled))

const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte)
const facts = { hlc: 1n, session: filled(1, 16), sequence: 1n, signed: filled(2, 3) }
const change = { name: filled(3, 512), body: filled(4, 2 * 1024 * 1024), version: 0n }
const entryOf = (changes: readonly (typeof change)[]) => decodeRootEntry(encodeRootEntry({ ...facts, changes }))

test('an entry of a root holds 1 to 64 changes, of names and bodies within their bounds', () => {
  const small = { ...change, body: filled(4, 1) }
  expect(entryOf([change])?.changes[0]?.body?.length).toBe(change.body.length)
  expect(entryOf(Array.from({ length: 64 }, () => small))).toBeDefined()
  expect(entryOf(Array.from({ length: 65 }, () => small))).toBeUndefined()
  expect(entryOf([])).toBeUndefined()
  expect(entryOf([{ ...small, name: filled(3, 513) }])).toBeUndefined()
  expect(entryOf([{ ...small, name: filled(3, 0) }])).toBeUndefined()
  expect(entryOf([{ ...small, body: filled(4, 2 * 1024 * 1024 + 1) }])).toBeUndefined()
  expect(decodeRootEntry(encodeRootEntry({ ...facts, hlc: 1n << 63n, changes: [small] }))).toBeUndefined()
})

test('a copy of a root names each section once, in order, and a group that there can be', () => {
  const member = { nodeId: filled(5, 32), storeId: filled(6, 16) }
  const group = { index: 0, members: [member], learners: [] }
  const section = { version: 0n, revision: 1n, session: filled(1, 16), sequence: 1n, body: filled(2, 1) }
  const named = (...bytes: number[]): NamedSection => ({ name: Uint8Array.of(...bytes), section })
  const copyOf = (sections: readonly NamedSection[], held = group) =>
    decodeRootCopy(encodeRootCopy({ index: 1, group: held, sections }))
  expect(copyOf([named(1), named(1, 0), named(2)])).toBeDefined()
  expect(copyOf([named(1), named(1)])).toBeUndefined()
  expect(copyOf([named(2), named(1)])).toBeUndefined()
  expect(copyOf([named()])).toBeUndefined()
  expect(copyOf([named(1)], { ...group, members: [] })).toBeUndefined()
  expect(copyOf([named(1)], { ...group, members: [member, member] })).toBeUndefined()
})
