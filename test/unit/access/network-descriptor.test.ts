import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { NetworkTerms } from '../../../src/node/core/access/network-descriptor.ts'
import {
  areFirstTerms,
  areNextTerms,
  decodeSignedTerms,
  encodeSignedTerms,
  networkIdOf,
  signTerms,
} from '../../../src/node/core/access/network-descriptor.ts'
import { nodeIdOf, userIdOf, userSeeds } from '../../../src/node/core/access/user-keys.ts'
import { compareBytes } from '../../../src/node/core/base/bytes.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const [owner, heir, stranger] = [1, 2, 3].map((fill) => crypto.signingKey(new Uint8Array(32).fill(fill)))
if (owner === undefined || heir === undefined || stranger === undefined) throw new Error('three keys were made')

const foundation = {
  name: 'home',
  founder: owner.publicKey,
  createdMs: 1_700_000_000_000,
  salt: new Uint8Array(16),
  firstNode: new Uint8Array(32),
}
const networkId = networkIdOf(crypto, foundation)
const first: NetworkTerms = {
  networkId,
  version: 1,
  owner: owner.publicKey,
  overlay: 'kouncil',
  administrators: [],
  protocolVersion: 1,
}

describe('the first terms', () => {
  test('are the founder’s own', () => {
    expect(areFirstTerms(crypto, foundation, signTerms(owner, first))).toBe(true)
    expect(areFirstTerms(crypto, foundation, signTerms(stranger, first))).toBe(false)
    expect(areFirstTerms(crypto, foundation, signTerms(owner, { ...first, owner: heir.publicKey }))).toBe(false)
    expect(areFirstTerms(crypto, foundation, signTerms(owner, { ...first, version: 2 }))).toBe(false)
    expect(areFirstTerms(crypto, { ...foundation, name: 'house' }, signTerms(owner, first))).toBe(false)
  })
})

describe('later terms', () => {
  const before = signTerms(owner, first)

  test('are signed by the owner before, also when the network is handed over', () => {
    const handed = signTerms(owner, { ...first, version: 2, owner: heir.publicKey })
    expect(areNextTerms(crypto, before, handed)).toBe(true)
    expect(areNextTerms(crypto, handed, signTerms(heir, { ...first, version: 3, owner: heir.publicKey }))).toBe(true)
    expect(areNextTerms(crypto, handed, signTerms(owner, { ...first, version: 3 }))).toBe(false)
    expect(areNextTerms(crypto, before, signTerms(heir, { ...first, version: 2, owner: heir.publicKey }))).toBe(false)
  })

  test('follow without a gap and stay in their network', () => {
    expect(areNextTerms(crypto, before, signTerms(owner, { ...first, version: 3 }))).toBe(false)
    expect(areNextTerms(crypto, before, before)).toBe(false)
    expect(areNextTerms(crypto, before, signTerms(owner, { ...first, version: 2, networkId: foundation.firstNode }))).toBe(false)
  })

  test('list administrators in order and once', () => {
    const keys = [heir.publicKey, stranger.publicKey].toSorted(compareBytes)
    const decoded = (administrators: readonly Uint8Array[]) =>
      decodeSignedTerms(encodeSignedTerms(signTerms(owner, { ...first, administrators })))
    expect(decoded(keys)?.administrators).toEqual(keys)
    expect(decoded(keys.toReversed())).toBeUndefined()
    expect(decoded([heir.publicKey, heir.publicKey])).toBeUndefined()
  })
})

test('the keys of a user are independent of each other and of the seed', () => {
  const seed = new Uint8Array(32).fill(9)
  const { signing, agreement } = userSeeds(crypto, seed)
  expect(new Set([seed, signing, agreement].map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(3)
  expect(userSeeds(crypto, seed).signing).toEqual(signing)
})

test('a node id ends in a zero byte, a user id is the whole digest', () => {
  const digest = crypto.sha256(owner.publicKey)
  expect(userIdOf(crypto, owner.publicKey)).toEqual(digest)
  expect(nodeIdOf(crypto, owner.publicKey)).toEqual(Uint8Array.from([...digest.subarray(0, 31), 0]))
})
