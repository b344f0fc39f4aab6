import { describe, expect, test } from 'vitest'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { addressFromDigest, isImmutable } from '../../../src/node/core/base/address.ts'
import { CanonicalWriter, recordTag } from '../../../src/node/core/base/canonical-codec.ts'
import { blockKinds, kindOfWireName, wireNameOf } from '../../../src/node/core/block/block-kinds.ts'
import type { ContentHeader } from '../../../src/node/core/block/content-block.ts'
import {
  contentAddress,
  decodeContentCopy,
  decodeContentHeader,
  encodeContentCopy,
  encodeContentHeader,
  isGenuineContent,
} from '../../../src/node/core/block/content-block.ts'
import { mapBlockAddress, rootBlockAddress } from '../../../src/node/core/block/map-block.ts'
import { namedBlockAddress } from '../../../src/node/core/block/named-block.ts'
import { ownerBlockAddress } from '../../../src/node/core/block/owner-block.ts'
import { decodeSignedBatch, signBatch } from '../../../src/node/core/block/signed-batch.ts'
import { isGenuineVersion, signVersion } from '../../../src/node/core/block/signed-version.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const none = new Uint8Array(0)
const salt = new Uint8Array(32).fill(3)
const networkId = new Uint8Array(32).fill(4)
const signer = crypto.signingKey(new Uint8Array(32).fill(5))
const intruder = crypto.signingKey(new Uint8Array(32).fill(6))

const header: ContentHeader = {
  role: 'whole',
  codec: 'none',
  cipher: 'none',
  secretEpoch: 0,
  plainBytes: 3,
  remover: { kind: 'key', publicKey: signer.publicKey },
  acknowledgements: 'majority',
}

function contentBlock(stored: Uint8Array, change: Partial<ContentHeader> = {}) {
  const full = { ...header, ...change }
  const headerBytes = encodeContentHeader(full)
  const tag = full.cipher === 'none' ? none : new Uint8Array(16)
  const address = contentAddress(crypto, { salt, owner: none, headerBytes, tag, stored })
  return { address, header: full, headerBytes, salt, owner: none, tag, stored }
}

test('kinds and their wire names stand for each other', () => {
  for (const kind of blockKinds) expect(kindOfWireName(wireNameOf(kind))).toBe(kind)
  expect(blockKinds.map(wireNameOf)).toEqual(['CHB', 'OKB', 'ACB', 'NB', 'UB', 'GB', 'MB'])
  expect(kindOfWireName('')).toBeUndefined()
})

test('the same key and bytes make another address for each kind', () => {
  const addresses = [ownerBlockAddress, namedBlockAddress, mapBlockAddress].map((addressOf) =>
    addressOf(crypto, signer.publicKey, salt),
  )
  const all = [...addresses, rootBlockAddress(crypto, networkId)]
  expect(new Set(all.map((address) => Buffer.from(address).toString('hex'))).size).toBe(4)
  expect(all.map(isImmutable)).toEqual([false, false, false, false])
})

describe('content blocks', () => {
  test('are bound to salt, owner, header, tag and bytes', () => {
    const block = contentBlock(Uint8Array.of(1, 2, 3))
    expect(isGenuineContent(crypto, block)).toBe(true)
    expect(isImmutable(block.address)).toBe(true)
    const owner = new Uint8Array(32)
    const changes = [
      { salt: new Uint8Array(32) },
      { owner },
      { stored: Uint8Array.of(1, 2, 4) },
      { tag: new Uint8Array(16) },
      { headerBytes: encodeContentHeader({ ...header, role: 'chunk' }) },
    ]
    for (const change of changes) expect(isGenuineContent(crypto, { ...block, ...change })).toBe(false)
  })

  test('do not move bytes between fields unnoticed', () => {
    const empty = { salt: none, owner: none, headerBytes: none, tag: none, stored: none }
    const pairs = [
      [
        { salt: Uint8Array.of(1), owner: Uint8Array.of(2, 3) },
        { salt: Uint8Array.of(1, 2), owner: Uint8Array.of(3) },
      ],
      [
        { tag: Uint8Array.of(1), stored: Uint8Array.of(2, 3) },
        { tag: Uint8Array.of(1, 2), stored: Uint8Array.of(3) },
      ],
    ] as const
    for (const [left, right] of pairs) {
      expect(contentAddress(crypto, { ...empty, ...left })).not.toEqual(contentAddress(crypto, { ...empty, ...right }))
    }
  })

  test.each([0, 500, 1000, 1024, 5000])('have the same address however their record is hashed (%i bytes)', (length) => {
    const stored = new Uint8Array(length).fill(7)
    const block = contentBlock(stored, { plainBytes: length })
    const record = new CanonicalWriter(recordTag('memo/content-address/2'), 8000)
    const whole = record.bytes(salt).bytes(none).bytes(block.headerBytes).bytes(none).bytes(stored).finish()
    expect(block.address).toEqual(addressFromDigest(crypto.sha256(whole), 'immutable'))
  })

  test('have a tag exactly when they are encrypted', () => {
    const sound = contentBlock(Uint8Array.of(1, 2, 3), { cipher: 'aes-256-gcm', secretEpoch: 1 })
    expect(decodeContentCopy(sound.address, encodeContentCopy(sound, 9n))?.tag).toHaveLength(16)
    const plain = contentBlock(Uint8Array.of(1, 2, 3))
    for (const block of [
      { ...sound, tag: none },
      { ...sound, tag: new Uint8Array(12) },
      { ...plain, tag: sound.tag },
    ]) {
      expect(() => encodeContentCopy(block, 1n)).toThrow('a tag is there exactly when the block is encrypted')
      const record = new CanonicalWriter(recordTag('memo/content-record/2'))
      const forged = record.bytes(block.headerBytes).bytes(salt).bytes(none).uint(9).bytes(block.tag).bytes(block.stored).finish()
      expect(decodeContentCopy(block.address, forged)).toBeUndefined()
    }
  })

  test('are written and read only with sizes that their header allows', () => {
    const three = Uint8Array.of(1, 2, 3)
    const impossible: Partial<ContentHeader>[] = [{ plainBytes: 4 }, { codec: 'zstd' }, { plainBytes: 2, codec: 'zstd' }]
    const sound = contentBlock(three)
    const encoded = Buffer.from(encodeContentCopy(sound, 9n))
    expect(decodeContentCopy(sound.address, encoded)?.birth).toBe(9n)
    const at = encoded.indexOf(sound.headerBytes)
    for (const change of impossible) {
      const block = contentBlock(three, change)
      expect(() => encodeContentCopy(block, 1n)).toThrow('a size that the header allows')
      // The same record with the other header in its place, and its length where that differs.
      const length = Uint8Array.of(block.headerBytes.length)
      const rest = encoded.subarray(at + sound.headerBytes.length)
      const forged = Buffer.concat([encoded.subarray(0, at - 1), length, block.headerBytes, rest])
      expect(decodeContentCopy(block.address, forged)).toBeUndefined()
    }
  })

  test('name a key epoch exactly when they are encrypted', () => {
    expect(() => encodeContentHeader({ ...header, secretEpoch: 1 })).toThrow('epoch')
    expect(() => encodeContentHeader({ ...header, cipher: 'aes-256-gcm' })).toThrow('epoch')
    // Tag, then role, codec, cipher as empty fields; the next field is the epoch.
    const forged = Uint8Array.from(encodeContentHeader({ ...header, cipher: 'aes-256-gcm', secretEpoch: 1 }))
    const tagBytes = (forged[0] ?? 0) + 1
    forged[tagBytes + 3] = 0
    expect(decodeContentHeader(forged)).toBeUndefined()
  })

  test('carry a key only together with its page', () => {
    const page = addressFromDigest(salt, 'mutable')
    const placed = { ...header, place: { page, key: Uint8Array.of(65) } }
    const bytes = encodeContentHeader(placed)
    expect(decodeContentHeader(bytes)).toEqual(placed)
    const withoutPage = Uint8Array.from([...bytes.subarray(0, bytes.length - 35), 0, 1, 65])
    expect(decodeContentHeader(withoutPage)).toBeUndefined()
  })
})

describe('signed versions', () => {
  const version = {
    kind: 'owner' as const,
    address: ownerBlockAddress(crypto, signer.publicKey, salt),
    generation: 7n,
    version: 0n,
    discriminator: salt,
    owner: none,
    writer: signer.publicKey,
    payload: Uint8Array.of(1, 2, 3),
  }

  test('are bound to every field, and to their network', () => {
    const signed = signVersion(crypto, signer, networkId, version)
    expect(isGenuineVersion(crypto, networkId, signed)).toBe(true)
    expect(isGenuineVersion(crypto, new Uint8Array(32), signed)).toBe(false)
    const otherSalt = new Uint8Array(32)
    const changes = [
      { generation: 8n },
      { version: 1n },
      { payload: Uint8Array.of(1, 2) },
      { owner: new Uint8Array(32) },
      { kind: 'named' as const },
      { kind: 'named' as const, address: namedBlockAddress(crypto, signer.publicKey, salt) },
      { discriminator: otherSalt },
      { discriminator: otherSalt, address: ownerBlockAddress(crypto, signer.publicKey, otherSalt) },
      { writer: intruder.publicKey },
    ]
    for (const change of changes) expect(isGenuineVersion(crypto, networkId, { ...signed, ...change })).toBe(false)
  })

  test('of somebody else never fit the address', () => {
    const forged = signVersion(crypto, intruder, networkId, { ...version, writer: intruder.publicKey })
    expect(isGenuineVersion(crypto, networkId, forged)).toBe(false)
    expect(() => signVersion(crypto, intruder, networkId, version)).toThrow('the writer signs its own version')
  })
})

test('a batch signs a put with its value and a removal without one', () => {
  const operation = {
    keyDigest: salt,
    contentType: none,
    expiry: 0n,
    precondition: { kind: 'any' as const },
  }
  const batchOf = (kind: 'put' | 'delete', value: boolean) => ({
    networkId,
    destination: addressFromDigest(salt, 'mutable'),
    session: new Uint8Array(16),
    sequence: 1n,
    issued: 1n,
    writer: salt,
    operations: [{ ...operation, kind, ...(value && { valueAddress: addressFromDigest(salt, 'immutable') }) }],
  })
  expect(() => signBatch(crypto, signer, batchOf('put', false))).toThrow('a put names a value')
  expect(() => signBatch(crypto, signer, batchOf('delete', true))).toThrow('a put names a value')
  expect(signBatch(crypto, signer, batchOf('delete', false)).encoded.length).toBeGreaterThan(0)
})

test('a batch whose precondition names a version that does not count is refused', () => {
  const operationsWith = (precondition: number, version: number) =>
    new CanonicalWriter(recordTag('memo/batch-operations/1'))
      .list([0], (kind, writer) => writer.uint(kind).bytes(salt).bytes(salt).bytes(none).uint(0))
      .uint(precondition)
      .uint(version)
      .bytes(none)
      .finish()
  const decoded = (operations: Uint8Array) =>
    decodeSignedBatch(
      new CanonicalWriter(recordTag('memo/signed-batch/1'))
        .bytes(networkId)
        .bytes(salt)
        .bytes(new Uint8Array(16))
        .uint(1)
        .uint(1)
        .bytes(salt)
        .bytes(salt)
        .bytes(new Uint8Array(64))
        .bytes(operations)
        .finish(),
    )
  expect(decoded(operationsWith(0, 0))?.operations[0]?.precondition).toEqual({ kind: 'any' })
  expect(decoded(operationsWith(3, 5))?.operations[0]?.precondition).toEqual({ kind: 'version', version: 5n })
  expect(decoded(operationsWith(0, 5))).toBeUndefined()
})
