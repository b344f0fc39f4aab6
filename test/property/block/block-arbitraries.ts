import fc from 'fast-check'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import type { NetworkFoundation, SignedTerms } from '../../../src/node/core/access/network-descriptor.ts'
import { overlays, signTerms } from '../../../src/node/core/access/network-descriptor.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { compareBytes } from '../../../src/node/core/base/bytes.ts'
import type { ContentBlock, ContentCopy, ContentHeader } from '../../../src/node/core/block/content-block.ts'
import { contentAddress, encodeContentHeader } from '../../../src/node/core/block/content-block.ts'
import type { Manifest } from '../../../src/node/core/block/manifest.ts'
import { namedBlockAddress } from '../../../src/node/core/block/named-block.ts'
import { ownerBlockAddress } from '../../../src/node/core/block/owner-block.ts'
import type { RemovalProof } from '../../../src/node/core/block/removal.ts'
import { signRemoval } from '../../../src/node/core/block/removal.ts'
import type { BatchedOperation, SignedBatch } from '../../../src/node/core/block/signed-batch.ts'
import { signBatch } from '../../../src/node/core/block/signed-batch.ts'
import type { SignedVersion } from '../../../src/node/core/block/signed-version.ts'
import { signVersion } from '../../../src/node/core/block/signed-version.ts'

export const crypto = new NodeCrypto({ verifyKeysMax: 16 })
export const networkId = crypto.sha256(new Uint8Array(1))
export const signer = crypto.signingKey(new Uint8Array(32).fill(1))

export const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
export const someBytes = (lengthMax = 64) => fc.uint8Array({ maxLength: lengthMax })
export const hlc = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n })
export const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const size = fc.nat({ max: 2 ** 31 - 1 })

const addressOfKind = (kind: 'immutable' | 'mutable') => bytesOf(32).map((bytes) => addressFromDigest(bytes, kind))
export const immutableAddress: fc.Arbitrary<BlockAddress> = addressOfKind('immutable')
export const mutableAddress: fc.Arbitrary<BlockAddress> = addressOfKind('mutable')
const optionalAddress: fc.Arbitrary<Uint8Array> = fc.oneof(fc.constant(new Uint8Array(0)), mutableAddress)

export const header: fc.Arbitrary<ContentHeader> = fc
  .record({
    role: fc.constantFrom('whole', 'chunk', 'manifest'),
    codec: fc.constantFrom('none', 'zstd'),
    cipher: fc.constantFrom('none', 'aes-256-gcm'),
    secretEpoch: fc.integer({ min: 1, max: 2 ** 40 }),
    plainBytes: size,
    remover: fc.oneof(
      bytesOf(32).map((publicKey) => ({ kind: 'key' as const, publicKey })),
      mutableAddress.map((address) => ({ kind: 'block' as const, address })),
    ),
    acknowledgements: fc.constantFrom('majority', 'all', 'one'),
    place: fc.option(fc.record({ page: mutableAddress, key: someBytes(300) }), { nil: undefined }),
  })
  .map(({ place, ...rest }) => {
    const fields = rest.cipher === 'none' ? { ...rest, secretEpoch: 0 } : rest
    return place === undefined ? fields : { ...fields, place }
  })

/** A block whose stored bytes have a size that its header allows. */
const contentBlock: fc.Arbitrary<ContentBlock> = fc
  .record({ header, salt: bytesOf(32), owner: optionalAddress, cipherTag: bytesOf(16), stored: someBytes(1200) })
  .map(({ header: any, salt, owner, cipherTag, stored }) => {
    const tag = any.cipher === 'none' ? new Uint8Array(0) : cipherTag
    const isPacked = any.codec === 'zstd' && stored.length > 0
    const fitting: ContentHeader = { ...any, codec: isPacked ? 'zstd' : 'none', plainBytes: stored.length + (isPacked ? 1 : 0) }
    const headerBytes = encodeContentHeader(fitting)
    const address = contentAddress(crypto, { salt, owner, headerBytes, tag, stored })
    return { address, header: fitting, headerBytes, salt, owner, tag, stored }
  })

export const contentCopy: fc.Arbitrary<ContentCopy> = fc
  .record({ block: contentBlock, birth: hlc })
  .map(({ block, birth }) => ({ ...block, birth }))

export const signedVersion: fc.Arbitrary<SignedVersion> = fc
  .record({
    kind: fc.constantFrom('owner', 'named'),
    generation: hlc,
    version: hlc,
    salt: bytesOf(32),
    name: someBytes(100),
    owner: optionalAddress,
    payload: someBytes(200),
  })
  .map(({ salt, name, ...version }) => {
    const isOwner = version.kind === 'owner'
    const discriminator = isOwner ? salt : name
    const addressOf = isOwner ? ownerBlockAddress : namedBlockAddress
    const writer = signer.publicKey
    return signVersion(crypto, signer, networkId, {
      ...version,
      discriminator,
      writer,
      address: addressOf(crypto, writer, discriminator),
    })
  })

const requestId = fc.record({ session: bytesOf(16), sequence: uint64, issued: uint64 })
const precondition = fc.oneof(
  fc.constantFrom({ kind: 'any' as const }, { kind: 'absent' as const }, { kind: 'present' as const }),
  uint64.map((version) => ({ kind: 'version' as const, version })),
)
const operation: fc.Arbitrary<BatchedOperation> = fc
  .record({
    keyDigest: bytesOf(32),
    valueAddress: fc.option(immutableAddress, { nil: undefined }),
    contentType: someBytes(20),
    expiry: hlc,
    precondition,
    requestId: fc.option(requestId, { nil: undefined }),
  })
  .map(({ valueAddress, requestId: id, ...rest }) => ({
    kind: valueAddress === undefined ? ('delete' as const) : ('put' as const),
    ...rest,
    ...(valueAddress !== undefined && { valueAddress }),
    ...(id !== undefined && { requestId: id }),
  }))

export const signedBatch: fc.Arbitrary<SignedBatch> = fc
  .record({
    destination: mutableAddress,
    session: bytesOf(16),
    sequence: uint64,
    issued: hlc,
    writer: bytesOf(32),
    operations: fc.array(operation, { maxLength: 5 }),
  })
  .map((batch) => signBatch(crypto, signer, { networkId, ...batch }).batch)

export const removalProof: fc.Arbitrary<RemovalProof> = fc
  .record({ address: fc.oneof(mutableAddress, immutableAddress), generation: hlc, version: uint64, issued: hlc })
  .map((removal) => signRemoval(signer, networkId, removal))

export const manifest: fc.Arbitrary<Manifest> = fc.record({
  level: fc.nat({ max: 3 }),
  parts: fc.array(fc.record({ address: immutableAddress, bytes: fc.integer({ min: 1, max: 2 ** 41 }) }), {
    minLength: 1,
    maxLength: 20,
  }),
})

export const foundation: fc.Arbitrary<NetworkFoundation> = fc.record({
  name: fc.string({ unit: 'grapheme', maxLength: 20 }),
  founder: fc.constant(signer.publicKey),
  createdMs: fc.nat(),
  salt: bytesOf(16),
  firstNode: bytesOf(32),
})

export const signedTerms: fc.Arbitrary<SignedTerms> = fc
  .record({
    version: fc.integer({ min: 1, max: 2 ** 40 }),
    owner: bytesOf(32),
    overlay: fc.constantFrom(...overlays),
    administrators: fc.uniqueArray(bytesOf(32), { maxLength: 3, comparator: (a, b) => compareBytes(a, b) === 0 }),
    protocolVersion: fc.nat(),
  })
  .map((terms) => signTerms(signer, { ...terms, networkId, administrators: terms.administrators.toSorted(compareBytes) }))

/** One change to a byte string: a byte altered, bytes cut off, put in, or added at the end. The result always differs. */
export type Mutation = (bytes: Uint8Array) => Uint8Array

/** A place in an array of any length; not a fraction, because small fractions are drawn far more often than large ones. */
const place = fc.nat({ max: 2 ** 31 - 1 })
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, mask]) => (bytes: Uint8Array) => {
    const changed = Uint8Array.from(bytes)
    const index = at % bytes.length
    changed[index] = (bytes[index] ?? 0) ^ mask
    return changed
  }),
  place.map((at) => (bytes: Uint8Array) => bytes.slice(0, at % bytes.length)),
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([at, byte]) => (bytes: Uint8Array) => {
    const index = at % (bytes.length + 1)
    return Uint8Array.from([...bytes.subarray(0, index), byte, ...bytes.subarray(index)])
  }),
)
