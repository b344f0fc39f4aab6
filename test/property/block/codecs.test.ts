import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  areNextTerms,
  decodeFoundation,
  decodeSignedTerms,
  encodeFoundation,
  encodeSignedTerms,
  networkIdOf,
} from '../../../src/node/core/access/network-descriptor.ts'
import { isImmutable } from '../../../src/node/core/base/address.ts'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import {
  decodeContentCopy,
  decodeContentHeader,
  encodeContentCopy,
  encodeContentHeader,
  isGenuineContent,
} from '../../../src/node/core/block/content-block.ts'
import { decodeManifest, encodeManifest } from '../../../src/node/core/block/manifest.ts'
import {
  decodeRemovalProof,
  decodeTombstone,
  encodeRemovalProof,
  encodeTombstone,
  isGenuineRemoval,
} from '../../../src/node/core/block/removal.ts'
import { decodeSignedBatch, encodeSignedBatch, isGenuineBatch } from '../../../src/node/core/block/signed-batch.ts'
import { decodeSignedVersion, encodeSignedVersion, isGenuineVersion } from '../../../src/node/core/block/signed-version.ts'
import {
  contentCopy,
  crypto,
  foundation,
  header,
  hlc,
  manifest,
  mutation,
  networkId,
  removalProof,
  signedBatch,
  signedTerms,
  signedVersion,
  signer,
} from './block-arbitraries.ts'

/** A value as plain data, so that views and copies of the same bytes compare equal. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === 'bigint') return `${item}n`
      return item instanceof Uint8Array ? `0x${Buffer.from(item).toString('hex')}` : item
    }),
  )
}

/**
 * Whatever value is encoded comes back; whatever other bytes decode are the one encoding of another value, so no value has two
 * encodings and no encoding two values.
 */
function encodesOneToOne<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T | undefined,
) {
  fc.assert(
    fc.property(values, mutation, (value, mutate) => {
      const bytes = encode(value)
      expect(plain(decode(bytes))).toEqual(plain(value))
      const changed = mutate(bytes)
      fc.pre(!equalBytes(changed, bytes))
      const other = decode(changed)
      if (other === undefined) return
      expect(Buffer.from(encode(other))).toEqual(Buffer.from(changed))
      expect(plain(other)).not.toEqual(plain(value))
    }),
    { numRuns: 1000 },
  )
}

/** No change of a signed record verifies. */
function provesItself<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T | undefined,
  isGenuine: (value: T) => boolean,
) {
  fc.assert(
    fc.property(values, mutation, (value, mutate) => {
      const bytes = encode(value)
      expect(isGenuine(value)).toBe(true)
      const changed = mutate(bytes)
      fc.pre(!equalBytes(changed, bytes))
      const other = decode(changed)
      expect(other !== undefined && isGenuine(other)).toBe(false)
    }),
    { numRuns: 500 },
  )
}

describe('one value, one encoding', () => {
  test('content headers', () => encodesOneToOne(header, encodeContentHeader, decodeContentHeader))
  test('content copies', () =>
    fc.assert(
      fc.property(contentCopy, (copy) => {
        expect(plain(decodeContentCopy(copy.address, encodeContentCopy(copy, copy.birth)))).toEqual(plain(copy))
      }),
    ))
  test('signed versions', () => encodesOneToOne(signedVersion, encodeSignedVersion, decodeSignedVersion))
  test('signed batches', () => encodesOneToOne(signedBatch, encodeSignedBatch, decodeSignedBatch))
  test('removal proofs', () => encodesOneToOne(removalProof, encodeRemovalProof, decodeRemovalProof))
  test('tombstones', () => encodesOneToOne(fc.record({ proof: removalProof, removed: hlc }), encodeTombstone, decodeTombstone))
  test('manifests', () => encodesOneToOne(manifest, encodeManifest, decodeManifest))
  test('foundations', () => encodesOneToOne(foundation, encodeFoundation, decodeFoundation))
  test('terms', () => encodesOneToOne(signedTerms, encodeSignedTerms, decodeSignedTerms))
})

describe('no change is taken for the original', () => {
  test('a content copy, but for the birth stamp, which is not hashed', () => {
    fc.assert(
      fc.property(contentCopy, mutation, (copy, mutate) => {
        const bytes = encodeContentCopy(copy, copy.birth)
        const changed = mutate(bytes)
        fc.pre(!equalBytes(changed, bytes))
        const other = decodeContentCopy(copy.address, changed)
        if (other === undefined || !isGenuineContent(crypto, other)) return
        expect(other.birth).not.toBe(copy.birth)
        expect(plain({ ...other, birth: copy.birth })).toEqual(plain(copy))
      }),
      { numRuns: 2000 },
    )
  })

  test('a signed version', () => {
    const isGenuine = (version: Parameters<typeof isGenuineVersion>[2]) => isGenuineVersion(crypto, networkId, version)
    provesItself(signedVersion, encodeSignedVersion, decodeSignedVersion, isGenuine)
  })

  test('a signed batch', () => {
    const isGenuine = (batch: Parameters<typeof isGenuineBatch>[2]) => isGenuineBatch(crypto, networkId, batch)
    provesItself(signedBatch, encodeSignedBatch, decodeSignedBatch, isGenuine)
  })

  test('a removal proof', () => {
    const isGenuine = (proof: Parameters<typeof isGenuineRemoval>[2]) => isGenuineRemoval(crypto, networkId, proof)
    provesItself(removalProof, encodeRemovalProof, decodeRemovalProof, isGenuine)
  })

  test('the terms of a network', () => {
    const isGenuine = (terms: Parameters<typeof areNextTerms>[1]) =>
      areNextTerms(crypto, { ...terms, owner: signer.publicKey, version: terms.version - 1 }, terms)
    provesItself(signedTerms, encodeSignedTerms, decodeSignedTerms, isGenuine)
  })

  test('the foundation of a network: every change has another id', () => {
    fc.assert(
      fc.property(foundation, mutation, (value, mutate) => {
        const bytes = encodeFoundation(value)
        const changed = mutate(bytes)
        fc.pre(!equalBytes(changed, bytes))
        const other = decodeFoundation(changed)
        if (other !== undefined) expect(networkIdOf(crypto, other)).not.toEqual(networkIdOf(crypto, value))
      }),
    )
  })
})

describe('another network', () => {
  const elsewhere = crypto.sha256(new Uint8Array(2))

  test('takes nothing that was signed for this one', () => {
    fc.assert(
      fc.property(signedVersion, signedBatch, removalProof, (version, batch, proof) => {
        expect(isGenuineVersion(crypto, elsewhere, version)).toBe(false)
        expect(isGenuineBatch(crypto, elsewhere, batch)).toBe(false)
        expect(isGenuineBatch(crypto, elsewhere, { ...batch, networkId: elsewhere })).toBe(false)
        expect(isGenuineRemoval(crypto, elsewhere, proof)).toBe(false)
      }),
    )
  })
})

test('addresses tell mutable blocks from immutable ones', () => {
  fc.assert(
    fc.property(contentCopy, signedVersion, (copy, version) => {
      expect(isImmutable(copy.address)).toBe(true)
      expect(isImmutable(version.address)).toBe(false)
    }),
  )
})
