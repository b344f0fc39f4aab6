/**
 * The test vectors of memo's formats, computed from fixed inputs. `write-vectors.ts` writes them as JSON for other implementations;
 * test/unit/block/vectors.test.ts compares the files with what is computed here.
 */

import { NodeCrypto } from '../../src/node/adapters/node-crypto/node-crypto.ts'
import { ZstdCompressor } from '../../src/node/adapters/zstd-compressor/zstd-compressor.ts'
import {
  encodeFoundation,
  encodeSignedTerms,
  networkIdOf,
  signTerms,
  termsStatement,
} from '../../src/node/core/access/network-descriptor.ts'
import { nodeIdOf, userIdOf, userSeeds } from '../../src/node/core/access/user-keys.ts'
import { addressFromDigest } from '../../src/node/core/base/address.ts'
import { concatBytes } from '../../src/node/core/base/bytes.ts'
import { CanonicalWriter, recordTag } from '../../src/node/core/base/canonical-codec.ts'
import { hlcFromMs } from '../../src/node/core/base/hybrid-clock.ts'
import { defaultLimits } from '../../src/node/core/base/limits.ts'
import { encodeText } from '../../src/node/core/base/text.ts'
import type { ContentBlock } from '../../src/node/core/block/content-block.ts'
import { encodeContentCopy, saltPrefixBytes } from '../../src/node/core/block/content-block.ts'
import { encodeManifest } from '../../src/node/core/block/manifest.ts'
import { mapBlockAddress, rootBlockAddress } from '../../src/node/core/block/map-block.ts'
import { namedBlockAddress } from '../../src/node/core/block/named-block.ts'
import { ownerBlockAddress, ownerPayloadContext } from '../../src/node/core/block/owner-block.ts'
import { encodeRemovalProof, encodeTombstone, removalStatement, signRemoval } from '../../src/node/core/block/removal.ts'
import { sealTo } from '../../src/node/core/block/sealing.ts'
import { batchStatement, signBatch } from '../../src/node/core/block/signed-batch.ts'
import { encodeSignedVersion, signVersion, versionStatement } from '../../src/node/core/block/signed-version.ts'
import type { ContentTerms } from '../../src/node/engine/payload/payload-pipeline.ts'
import { PayloadPipeline } from '../../src/node/engine/payload/payload-pipeline.ts'
import { consensusRecords, consensusVotes, rootSections, signedBlockLog } from './consensus-vectors.ts'
import { admissions, identities } from './identity-vectors.ts'
import { copyCalls, memberCalls, pageCalls, pageLog, rootLog } from './log-vectors.ts'

export type Vector = Readonly<Record<string, unknown>>
export interface VectorFile {
  readonly about: string
  readonly vectors: readonly Vector[]
}

export const crypto = new NodeCrypto({ verifyKeysMax: 16 })

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const none = new Uint8Array(0)
const userSeed = filled(0x11)
const seeds = userSeeds(crypto, userSeed)
const user = crypto.signingKey(seeds.signing)
const reader = crypto.agreementKey(seeds.agreement)
const node = crypto.signingKey(filled(0x22))
const ephemeralSeed = filled(0x33)
const salt = Uint8Array.from({ length: 32 }, (_, index) => index)
const generation = hlcFromMs(1_700_000_000_000) + 5n

const foundation = {
  name: 'Küche',
  founder: user.publicKey,
  createdMs: 1_700_000_000_000,
  salt: filled(0x44, 16),
  firstNode: nodeIdOf(crypto, node.publicKey),
}
const networkId = networkIdOf(crypto, foundation)
const secret = { epoch: 1, key: filled(0x55) }
const page = mapBlockAddress(crypto, user.publicKey, filled(0x66))
const ownerAddress = ownerBlockAddress(crypto, user.publicKey, salt)

/** The pipeline of a node that has just started: the first block that it seals has the number 0. */
function startedPipeline(): PayloadPipeline {
  const random = { bytes: (count: number) => salt.slice(0, count), integerBelow: () => 0 }
  const secrets = { current: () => secret, of: () => secret }
  return new PayloadPipeline({ crypto, random, compressor: new ZstdCompressor(), secrets, limits: defaultLimits })
}

function contentKeyOf(salted: Uint8Array): Uint8Array {
  return crypto.deriveKey(
    secret.key,
    none,
    concatBytes(encodeText('memo/content-key/2'), salted.subarray(0, saltPrefixBytes)),
    32,
  )
}

function sealed(pipeline: PayloadPipeline, plain: Uint8Array, terms: Omit<ContentTerms, 'acknowledgements'>): ContentBlock {
  const block = pipeline.seal(plain, { ...terms, acknowledgements: 'majority' })
  if (block instanceof Promise) throw new Error('a small payload is sealed at once')
  return block
}

function codec(): VectorFile {
  const tag = recordTag('memo/example/1')
  const writer = new CanonicalWriter(tag)
    .bytes(Uint8Array.of(1, 2, 3))
    .bytes(none)
    .text('ä€𝄞')
    .uint(0)
    .uint(255)
    .uint(256)
    .uint(2n ** 64n - 1n)
    .int64(-2n)
    .list([1, 300], (item, items) => items.uint(item))
    .bytes(filled(0xee, 200))
  const fields = [
    { bytes: '010203' },
    { bytes: '' },
    { text: 'ä€𝄞' },
    { uint: '0' },
    { uint: '255' },
    { uint: '256' },
    { uint: '18446744073709551615' },
    { int64: '-2' },
    { list: [{ uint: '1' }, { uint: '300' }] },
    { bytes: 'ee'.repeat(200) },
  ]
  return {
    about: 'The canonical codec: tag and fields of one record, and its encoding.',
    vectors: [{ tag: tag.name, fields, encoded: writer.finish() }],
  }
}

function addresses(): VectorFile {
  const name = encodeText('home page')
  return {
    about: 'Addresses of mutable blocks. The last bit of the last byte is 0.',
    vectors: [
      { kind: 'owner', ownerKey: user.publicKey, salt, address: ownerAddress },
      { kind: 'named', ownerKey: user.publicKey, name, address: namedBlockAddress(crypto, user.publicKey, name) },
      { kind: 'named', ownerKey: user.publicKey, name: none, address: namedBlockAddress(crypto, user.publicKey, none) },
      { kind: 'map', ownerKey: user.publicKey, salt: filled(0x66), address: page },
      { kind: 'root', networkId, address: rootBlockAddress(crypto, networkId) },
    ],
  }
}

function contentBlocks(): VectorFile {
  const pipeline = startedPipeline()
  const vectorOf = (plain: Uint8Array, terms: Omit<ContentTerms, 'acknowledgements'>): Vector => {
    const block = sealed(pipeline, plain, terms)
    const { header, headerBytes, owner, tag, stored, address } = block
    const record = encodeContentCopy(block, generation)
    return {
      plain,
      networkSecret: secret.key,
      salt: block.salt,
      contentKey: contentKeyOf(block.salt),
      owner,
      header,
      headerBytes,
      tag,
      stored,
      address,
      birth: generation,
      record,
    }
  }
  const byUser = { kind: 'key', publicKey: user.publicKey } as const
  const byPage = { kind: 'block', address: page } as const
  const place = { page, key: encodeText('photos/Köln.jpg') }
  return {
    about:
      'Content blocks of one start: salt (prefix of the key, nonce that counts up), content key, header, tag and stored bytes (AES-256-GCM), address, and the record with its birth.',
    vectors: [
      vectorOf(encodeText('hello'), { role: 'whole', remover: byUser, owner: none }),
      vectorOf(none, { role: 'whole', remover: byUser, owner: ownerAddress }),
      vectorOf(encodeText('one piece'), { role: 'chunk', remover: byPage, owner: none, place }),
      // Zstandard may pack the same bytes in more than one way: what is stored here opens everywhere, and need not be made anywhere.
      {
        ...vectorOf(encodeText('all work and no play '.repeat(20)), { role: 'whole', remover: byPage, owner: none, place }),
        packed: true,
      },
    ],
  }
}

function signedVersions(): VectorFile {
  const vectorOf = (version: Parameters<typeof signVersion>[3]): Vector => {
    const signed = signVersion(crypto, user, networkId, version)
    const statement = versionStatement(crypto, networkId, version)
    return {
      networkId,
      seed: seeds.signing,
      ...version,
      statement,
      signature: signed.signature,
      encoded: encodeSignedVersion(signed),
    }
  }
  const shared = { generation, writer: user.publicKey }
  const name = encodeText('home page')
  const named = { kind: 'named' as const, address: namedBlockAddress(crypto, user.publicKey, name), discriminator: name }
  const owned = { kind: 'owner' as const, address: ownerAddress, discriminator: salt }
  return {
    about: 'Versions of owner and named blocks: the signed statement, the Ed25519 signature and the record.',
    vectors: [
      vectorOf({ ...shared, ...owned, version: 0n, owner: none, payload: filled(0x77, 48) }),
      vectorOf({ ...shared, ...owned, version: 300n, owner: page, payload: filled(0x78, 200) }),
      vectorOf({ ...shared, ...named, version: 1n, owner: none, payload: encodeText('public') }),
    ],
  }
}

function signedBatches(): VectorFile {
  const put = {
    kind: 'put' as const,
    keyDigest: crypto.sha256(encodeText('a')),
    valueAddress: addressFromDigest(filled(0x88), 'immutable'),
    contentType: encodeText('text/plain'),
    expiry: 0n,
    precondition: { kind: 'version' as const, version: 7n },
    requestId: { session: filled(0x99, 16), sequence: 3n, issued: generation },
  }
  const remove = {
    kind: 'delete' as const,
    keyDigest: crypto.sha256(encodeText('b')),
    contentType: none,
    expiry: 0n,
    precondition: { kind: 'present' as const },
  }
  const vectorOf = (operations: Parameters<typeof signBatch>[2]['operations']): Vector => {
    const writer = userIdOf(crypto, user.publicKey)
    const batch = {
      networkId,
      destination: page,
      session: filled(0xaa, 16),
      sequence: 9n,
      issued: generation,
      writer,
      operations,
    }
    const signed = signBatch(crypto, node, batch)
    const statement = batchStatement(crypto, batch, node.publicKey)
    const { signature, origin } = signed.batch
    return { seed: filled(0x22), ...batch, origin, statement, signature, encoded: signed.encoded }
  }
  return {
    about: 'Batches that a node signs for a map block: the statement, the signature and the record.',
    vectors: [vectorOf([put]), vectorOf([put, remove]), vectorOf([])],
  }
}

function removals(): VectorFile {
  const removal = { address: ownerAddress, generation, version: 4n, issued: generation + 1n }
  const proof = signRemoval(user, networkId, removal)
  const removed = generation + 2n
  return {
    about: 'Removal: the statement, its signature, the proof and the tombstone of a content block.',
    vectors: [
      {
        networkId,
        seed: seeds.signing,
        ...removal,
        statement: removalStatement(networkId, removal, user.publicKey),
        signature: proof.signature,
        proof: encodeRemovalProof(proof),
        removed,
        tombstone: encodeTombstone({ proof, removed }),
      },
    ],
  }
}

function sealedBoxes(): VectorFile {
  const context = ownerPayloadContext(networkId, ownerAddress)
  const vectorOf = (plain: Uint8Array): Vector => {
    const ephemeral = crypto.agreementKey(ephemeralSeed)
    const box = sealTo(crypto, reader.publicKey, ephemeral, context, plain)
    return { recipientSeed: seeds.agreement, recipientKey: reader.publicKey, ephemeralSeed, context, plain, box }
  }
  return {
    about: 'Boxes sealed to an X25519 key, the ephemeral key fixed, for the payload of an owner block.',
    vectors: [vectorOf(encodeText('for your eyes only')), vectorOf(none)],
  }
}

function keys(): VectorFile {
  return {
    about: 'Keys and ids: the two keys of a user from its seed, the key of the content blocks of a prefix, user and node ids.',
    vectors: [
      {
        userSeed,
        signingSeed: seeds.signing,
        signingKey: user.publicKey,
        agreementSeed: seeds.agreement,
        agreementKey: reader.publicKey,
        userId: userIdOf(crypto, user.publicKey),
      },
      { nodeSeed: filled(0x22), nodeKey: node.publicKey, nodeId: nodeIdOf(crypto, node.publicKey) },
      { networkSecret: secret.key, saltPrefix: salt.subarray(0, saltPrefixBytes), contentKey: contentKeyOf(salt) },
    ],
  }
}

function networks(): VectorFile {
  const terms = {
    networkId,
    version: 1,
    owner: user.publicKey,
    overlay: 'kouncil' as const,
    administrators: [node.publicKey],
    protocolVersion: 1,
  }
  const signed = signTerms(user, terms)
  const { signature } = signed
  return {
    about: 'A network: its immutable part, whose digest is the network id, and its first terms, signed by the founder.',
    vectors: [
      { seed: seeds.signing, ...foundation, foundation: encodeFoundation(foundation), networkId },
      { seed: seeds.signing, ...terms, statement: termsStatement(terms), signature, encoded: encodeSignedTerms(signed) },
    ],
  }
}

function manifests(): VectorFile {
  const parts = [1, 2, 3].map((byte) => ({
    address: addressFromDigest(filled(byte), 'immutable'),
    bytes: byte === 3 ? 77 : 1_048_576,
  }))
  const manifest = { level: 0, parts }
  const upper = { level: 1, parts: [{ address: addressFromDigest(filled(4), 'immutable'), bytes: 2 ** 32 }, ...parts.slice(2)] }
  return {
    about:
      'Manifests: lists of chunks (level 0) and of manifests (level 1), the plain bytes of the content block that holds each.',
    vectors: [manifest, upper].map((value) => ({ ...value, encoded: encodeManifest(value) })),
  }
}

/** File name without ending to content. */
export const vectorFiles: Readonly<Record<string, () => VectorFile>> = {
  addresses,
  admissions,
  'canonical-codec': codec,
  'consensus-records': consensusRecords,
  'consensus-votes': consensusVotes,
  'content-blocks': contentBlocks,
  'copy-calls': copyCalls,
  identities,
  keys,
  manifests,
  'member-calls': memberCalls,
  networks,
  'page-calls': pageCalls,
  'page-log': pageLog,
  removals,
  'root-log': rootLog,
  'root-sections': rootSections,
  'sealed-boxes': sealedBoxes,
  'signed-batches': signedBatches,
  'signed-block-log': signedBlockLog,
  'signed-versions': signedVersions,
}

/** JSON with bytes in hex and 64-bit numbers as decimal text. */
export function vectorText(file: VectorFile): string {
  const text = JSON.stringify(
    file,
    (_, value: unknown) => {
      if (typeof value === 'bigint') return `${value}`
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
    },
    2,
  )
  return `${text}\n`
}
