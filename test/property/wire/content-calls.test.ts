import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import { encodeContentCopy } from '../../../src/node/core/block/content-block.ts'
import { signRemoval } from '../../../src/node/core/block/removal.ts'
import type {
  ContentFinding,
  ContentGet,
  ContentLook,
  ContentPut,
  ContentRemove,
  ContentSight,
  StoredOutcome,
} from '../../../src/node/core/wire/content-calls.ts'
import {
  candidatesMax,
  decodeContentFinding,
  decodeContentGet,
  decodeContentLook,
  decodeContentPut,
  decodeContentRemove,
  decodeContentSights,
  decodeStoredOutcomes,
  encodeContentFinding,
  encodeContentGet,
  encodeContentLook,
  encodeContentPut,
  encodeContentRemove,
  encodeContentSights,
  encodeStoredOutcomes,
  lookAddressesMax,
} from '../../../src/node/core/wire/content-calls.ts'
import { bytesOf, contentCopy, hlc, mutableAddress, networkId, signer, someBytes } from '../block/block-arbitraries.ts'

const address: fc.Arbitrary<BlockAddress> = bytesOf(32).map((bytes) => addressFromDigest(bytes, 'immutable'))
const stamp = hlc.map((any) => (any === 0n ? 1n : any))
const head = { epoch: fc.nat(), storeId: bytesOf(16) }
const place = fc.record({ page: mutableAddress, key: someBytes(300) })
const tombstone = fc.record({ address, issued: hlc, removed: hlc }).map(({ removed, ...removal }) => ({
  proof: signRemoval(signer, networkId, { ...removal, generation: 0n, version: 0n }),
  removed,
}))

const put: fc.Arbitrary<ContentPut> = fc.oneof(
  fc.record({ ...head, copy: contentCopy, due: fc.option(stamp, { nil: undefined }) }).map(({ copy, due, ...rest }) => ({
    ...rest,
    kind: 'copy' as const,
    copy,
    bytes: encodeContentCopy(copy, copy.birth),
    due: copy.header.place === undefined ? undefined : due,
  })),
  fc.record({
    ...head,
    kind: fc.constant('renewal' as const),
    place,
    renewals: fc.array(fc.record({ address, due: stamp, next: fc.option(stamp, { nil: undefined }) }), { maxLength: 5 }),
  }),
)
const get: fc.Arbitrary<ContentGet> = fc.record({ ...head, address })
const look: fc.Arbitrary<ContentLook> = fc.record({ ...head, addresses: fc.array(address, { maxLength: 5 }) })
const remove: fc.Arbitrary<ContentRemove> = fc.oneof(
  fc.record({ ...head, kind: fc.constant('removal' as const), tombstone }),
  fc.record({
    ...head,
    kind: fc.constant('collection' as const),
    candidates: fc.array(fc.record({ due: stamp, address, place }), { maxLength: 5 }),
  }),
)
const outcomes: fc.Arbitrary<readonly StoredOutcome[]> = fc.array(
  fc.record({ kind: fc.constantFrom('done', 'missing', 'removed', 'newer'), stamp: hlc }),
  { minLength: 1, maxLength: 5 },
)
const sights: fc.Arbitrary<readonly ContentSight[]> = fc.array(fc.constantFrom('copy', 'absent', 'removed', 'damaged'), {
  minLength: 1,
  maxLength: 5,
})
const finding: fc.Arbitrary<{ readonly at: BlockAddress; readonly found: ContentFinding }> = fc.oneof(
  contentCopy.map((copy) => ({
    at: copy.address,
    found: { kind: 'copy' as const, copy, bytes: encodeContentCopy(copy, copy.birth) },
  })),
  tombstone.map((each) => ({ at: each.proof.address, found: { kind: 'removed' as const, tombstone: each } })),
  address.map((at) => ({ at, found: { kind: 'absent' as const } })),
  address.map((at) => ({ at, found: { kind: 'damaged' as const } })),
)

/** It is read as it was written; no shorter, longer or changed bytes are read as the same; nothing that is read has two encodings. */
function holds<T>(any: fc.Arbitrary<T>, encode: (value: T) => Uint8Array, decode: (bytes: Uint8Array) => T | undefined): void {
  fc.assert(
    fc.property(any, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, change) => {
      const bytes = encode(value)
      expect(decode(bytes)).toEqual(value)
      expect(decode(bytes.subarray(0, bytes.length - 1))).toBeUndefined()
      expect(decode(new Uint8Array([...bytes, 0]))).toBeUndefined()
      const at = place % bytes.length
      const changed = bytes.with(at, (bytes[at] ?? 0) ^ change)
      const other = decode(changed)
      if (other !== undefined) expect(equalBytes(encode(other), changed)).toBe(true)
    }),
  )
}

describe('calls about copies', () => {
  test('put', () => holds(put, encodeContentPut, decodeContentPut))
  test('get', () => holds(get, encodeContentGet, decodeContentGet))
  test('look', () => holds(look, encodeContentLook, decodeContentLook))
  test('remove', () => holds(remove, encodeContentRemove, decodeContentRemove))

  test('answers are read by whoever knows how many there are', () => {
    fc.assert(
      fc.property(outcomes, sights, (stored, seen) => {
        const [outcomeBytes, sightBytes] = [encodeStoredOutcomes(stored), encodeContentSights(seen)]
        expect(decodeStoredOutcomes(outcomeBytes, stored.length)).toEqual(stored)
        expect(decodeContentSights(sightBytes, seen.length)).toEqual(seen)
        for (const wrong of [-1, 1]) {
          expect(decodeStoredOutcomes(outcomeBytes, stored.length + wrong)).toBeUndefined()
          expect(decodeContentSights(sightBytes, seen.length + wrong)).toBeUndefined()
        }
      }),
    )
  })

  test('what was found is of the address that was asked for', () => {
    fc.assert(
      fc.property(finding, address, ({ at, found }, other) => {
        const bytes = encodeContentFinding(found)
        expect(decodeContentFinding(at, bytes)).toEqual(found)
        if (found.kind === 'removed' && !equalBytes(at, other)) expect(decodeContentFinding(other, bytes)).toBeUndefined()
      }),
    )
  })

  test('anything else is refused', () => {
    fc.assert(
      fc.property(someBytes(300), address, (bytes, at) => {
        expect(decodeContentPut(bytes)).toBeUndefined()
        expect(decodeContentGet(bytes)).toBeUndefined()
        expect(decodeContentLook(bytes)).toBeUndefined()
        expect(decodeContentRemove(bytes)).toBeUndefined()
        expect(decodeContentFinding(at, bytes)).toBeUndefined()
      }),
    )
  })

  test('lists above their bounds are neither made nor read', () => {
    const [one] = fc.sample(address, 1)
    if (one === undefined) throw new Error('there is a sample')
    const request = { epoch: 1, storeId: new Uint8Array(16) }
    const most = { ...request, addresses: Array.from({ length: lookAddressesMax }, () => one) }
    expect(decodeContentLook(encodeContentLook(most))).toEqual(most)
    expect(() => encodeContentLook({ ...most, addresses: [...most.addresses, one] })).toThrow('as it may')
    const candidate = { due: 1n, address: one, place: { page: one, key: new Uint8Array(1) } }
    const candidates = Array.from({ length: candidatesMax + 1 }, () => candidate)
    expect(() => encodeContentRemove({ ...request, kind: 'collection', candidates })).toThrow('as it may')
  })
})
