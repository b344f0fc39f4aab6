/**
 * Content blocks: immutable, their address is the hash of what they hold. The header says how the stored bytes came from the plain
 * ones and who may remove the block; it is hashed into the address like salt, owner, the cipher's tag and the stored bytes
 * themselves. The tag has its own field in front of the stored bytes, so that these are used as the cipher gives them.
 *
 * Invariants: an address has exactly one header, salt, owner, tag and stored bytes (up to collisions of 255 bits). The record on the disk
 * adds the birth stamp only, which is not hashed: it says when this copy was last written.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes, addressFromDigest } from '../base/address.ts'
import { compareBytes, emptyBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { cipherNonceBytes, cipherTagBytes } from '../base/ciphered.ts'
import type { Digest } from '../base/digest.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import { publicKeyBytes } from '../base/signing.ts'

const headerTag = recordTag('memo/content-header/1')
const addressTag = recordTag('memo/content-address/2')
const storedTag = recordTag('memo/content-record/2')

/** What names the key of a block: random, one for each start of a node and each rollover. */
export const saltPrefixBytes = 20
/** The prefix, and behind it the nonce, which counts the blocks that were sealed under this key. */
export const contentSaltBytes = saltPrefixBytes + cipherNonceBytes
/** Up to this size the record of an address is hashed in one piece. */
const hashedAtOnceBytesMax = 1024
/** The protocol's bounds for a decoder; what a node accepts is in its limits. */
const keyBytesMax = 65_535
const removerKinds = ['key', 'block'] as const

const contentRoles = ['whole', 'chunk', 'manifest'] as const
/** `chunk`: one piece of a value; `manifest`: the list of a value's pieces; `whole`: everything else. */
export type ContentRole = (typeof contentRoles)[number]

const contentCodecs = ['none', 'zstd'] as const
export type ContentCodec = (typeof contentCodecs)[number]

const contentCiphers = ['none', 'aes-256-gcm'] as const
export type ContentCipher = (typeof contentCiphers)[number]

const acknowledgementRules = ['majority', 'all', 'one'] as const
/** How many copies have to be durable before an insertion is answered. */
export type Acknowledgements = (typeof acknowledgementRules)[number]

/** Who may remove the block: the owner of an Ed25519 key, or whoever may write the owning block. */
export type Remover =
  | { readonly kind: 'key'; readonly publicKey: Uint8Array }
  | { readonly kind: 'block'; readonly address: BlockAddress }

/** The place in a key-value store that a value was written for. */
export interface StorePlace {
  readonly page: BlockAddress
  /** The user's key in UTF-8. */
  readonly key: Uint8Array
}

export interface ContentHeader {
  readonly role: ContentRole
  readonly codec: ContentCodec
  readonly cipher: ContentCipher
  /** Epoch of the network secret that the block's key comes from; 0 where nothing is encrypted. */
  readonly secretEpoch: number
  /** Bytes before compression. */
  readonly plainBytes: number
  readonly remover: Remover
  readonly acknowledgements: Acknowledgements
  /** Only for values of a store. */
  readonly place?: StorePlace
}

/** A block as it is stored and sent; `headerBytes` is the encoded header. */
export interface ContentBlock {
  readonly address: BlockAddress
  readonly header: ContentHeader
  readonly headerBytes: Uint8Array
  /** `contentSaltBytes` bytes: key and nonce of the block under the network secret. */
  readonly salt: Uint8Array
  /** Address of the owning block as the caller gave it: 0 or 32 bytes. */
  readonly owner: Uint8Array
  /** Of the cipher, 16 bytes; empty where nothing is encrypted. */
  readonly tag: Uint8Array
  /** Compressed and encrypted as the header says. */
  readonly stored: Uint8Array
}

/** One copy of a block on a disk. */
export interface ContentCopy extends ContentBlock {
  /** HLC at which this copy was last written. */
  readonly birth: bigint
}

export function encodeContentHeader(header: ContentHeader): Uint8Array {
  assert(isPlausibleHeader(header), 'a header names an epoch exactly when it encrypts')
  assert((header.place?.key.length ?? 0) <= keyBytesMax, 'a key in a header is within its bound')
  const remover = header.remover
  return new CanonicalWriter(headerTag, 192 + (header.place?.key.length ?? 0))
    .uint(choiceIndex(contentRoles, header.role))
    .uint(choiceIndex(contentCodecs, header.codec))
    .uint(choiceIndex(contentCiphers, header.cipher))
    .uint(header.secretEpoch)
    .uint(header.plainBytes)
    .uint(choiceIndex(removerKinds, remover.kind))
    .bytes(remover.kind === 'key' ? remover.publicKey : remover.address)
    .uint(choiceIndex(acknowledgementRules, header.acknowledgements))
    .bytes(header.place?.page ?? emptyBytes)
    .bytes(header.place?.key ?? emptyBytes)
    .finish()
}

/** Undefined when the bytes are not the one encoding of a header. */
export function decodeContentHeader(bytes: Uint8Array): ContentHeader | undefined {
  return decodeCanonical(headerTag, bytes, (reader) => {
    const role = reader.choice(contentRoles)
    const codec = reader.choice(contentCodecs)
    const cipher = reader.choice(contentCiphers)
    const secretEpoch = reader.uint()
    const plainBytes = reader.uint()
    const remover = readRemover(reader)
    const acknowledgements = reader.choice(acknowledgementRules)
    const pageField = reader.bytes(0, addressBytes)
    const page = addressFromBytes(pageField)
    const key = reader.bytes(0, keyBytesMax)
    const fields = { role, codec, cipher, secretEpoch, plainBytes, remover, acknowledgements }
    const header: ContentHeader = page === undefined ? fields : { ...fields, place: { page, key } }
    reader.require(page !== undefined || (pageField.length === 0 && key.length === 0))
    reader.require(isPlausibleHeader(header))
    return header
  })
}

/** SHA-256 over the canonical record (salt, owner, header, tag, stored bytes), with the immutable bit. */
export function contentAddress(
  digest: Digest,
  block: Pick<ContentBlock, 'salt' | 'owner' | 'headerBytes' | 'tag' | 'stored'>,
): BlockAddress {
  const { stored } = block
  const fieldBytes = 160 + block.headerBytes.length
  const isSmall = fieldBytes + stored.length <= hashedAtOnceBytesMax
  const writer = new CanonicalWriter(addressTag, isSmall ? fieldBytes + stored.length : fieldBytes)
    .bytes(block.salt)
    .bytes(block.owner)
    .bytes(block.headerBytes)
    .bytes(block.tag)
  const sum = isSmall ? digest.sha256(writer.bytes(stored).finish()) : digest.sha256(writer.finishBefore(stored.length), stored)
  writer.giveUp()
  return addressFromDigest(sum, 'immutable')
}

/** Whether the block is what its address says. */
export function isGenuineContent(digest: Digest, block: ContentBlock): boolean {
  return compareBytes(contentAddress(digest, block), block.address) === 0
}

/** The record of the family `content`. */
export function encodeContentCopy(block: ContentBlock, birth: bigint): Uint8Array {
  const writer = new CanonicalWriter(storedTag, contentCopyBytes(block))
  writeCopyFields(writer, block, birth)
  return writer.finish()
}

/** The record of the family `content` as a byte field of another one. */
export function writeContentCopy(writer: CanonicalWriter, block: ContentBlock, birth: bigint): void {
  writer.record(storedTag, contentCopyBytes(block), (fields) => writeCopyFields(fields, block, birth))
}

/** About the bytes of a copy's record, and never fewer. */
export function contentCopyBytes({ headerBytes, stored }: ContentBlock): number {
  return 160 + headerBytes.length + stored.length
}

function writeCopyFields(writer: CanonicalWriter, block: ContentBlock, birth: bigint): void {
  assert(isHlc(birth), 'a birth stamp is an HLC')
  assert(block.salt.length === contentSaltBytes && isOwnerField(block.owner), 'salt and owner have their lengths')
  assert(isTagField(block.header, block.tag), 'a tag is there exactly when the block is encrypted')
  assert(isPlausibleSize(block.header, block.stored.length), 'the stored bytes have a size that the header allows')
  writer.bytes(block.headerBytes).bytes(block.salt).bytes(block.owner).uint(birth).bytes(block.tag).bytes(block.stored)
}

/** Reads the record stored under this address; undefined when it is malformed. Whether it is genuine is asked separately. */
export function decodeContentCopy(address: BlockAddress, bytes: Uint8Array): ContentCopy | undefined {
  return decodeCanonical(storedTag, bytes, (reader) => {
    const headerBytes = reader.bytes()
    const salt = reader.fixed(contentSaltBytes)
    const owner = reader.bytes(0, addressBytes)
    reader.require(isOwnerField(owner))
    const birth = reader.uint64()
    reader.require(isHlc(birth))
    const tag = reader.bytes(0, cipherTagBytes)
    const stored = reader.bytes()
    const header = decodeContentHeader(headerBytes)
    reader.require(header !== undefined && isTagField(header, tag) && isPlausibleSize(header, stored.length))
    assert(header !== undefined, 'a header was required')
    return { address, header, headerBytes, salt, owner, birth, tag, stored }
  })
}

/** Whether this many stored bytes can come from what the header says; spares decrypting what cannot be right. */
export function isPlausibleSize(header: ContentHeader, storedBytes: number): boolean {
  return header.codec === 'none' ? storedBytes === header.plainBytes : storedBytes > 0 && storedBytes < header.plainBytes
}

function isTagField(header: ContentHeader, tag: Uint8Array): boolean {
  return tag.length === (header.cipher === 'none' ? 0 : cipherTagBytes)
}

function isOwnerField(owner: Uint8Array): boolean {
  return owner.length === 0 || owner.length === addressBytes
}

function isPlausibleHeader(header: ContentHeader): boolean {
  return (header.cipher === 'none') === (header.secretEpoch === 0)
}

function readRemover(reader: CanonicalReader): Remover {
  const kind = reader.choice(removerKinds)
  if (kind === 'key') return { kind, publicKey: reader.fixed(publicKeyBytes) }
  const address = addressFromBytes(reader.fixed(addressBytes))
  assert(address !== undefined, 'the length was checked')
  return { kind, address }
}
