/**
 * One version of an owner or named block as its writer signed it. The record proves itself: the address follows from the owner's key
 * and the salt or name in it, and the signature covers everything else.
 *
 * Invariants: the writer of these kinds is the owner; the network is signed but not stored, so a version verifies in its own network
 * only; the generation is signed, so a version of an earlier life of the address never passes for one of the present life.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes } from '../base/address.ts'
import { compareBytes, emptyBytes } from '../base/bytes.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, signatureBytes } from '../base/signing.ts'
import type { SignedKind } from './block-kinds.ts'
import { signedKinds } from './block-kinds.ts'
import { namedBlockAddress } from './named-block.ts'
import { ownerBlockAddress, ownerSaltBytes } from './owner-block.ts'

const statementTag = recordTag('memo/version-statement/1')
const versionTag = recordTag('memo/signed-version/1')

/** The protocol's bound for a decoder; what a node accepts is in its limits. */
const nameBytesMax = 65_535
const versionMax = (1n << 63n) - 1n

export interface BlockVersion {
  readonly kind: SignedKind
  readonly address: BlockAddress
  /** HLC of the block's birth. */
  readonly generation: bigint
  /** 0 at the birth, one more with each version. */
  readonly version: bigint
  /** Owner blocks: the salt, 32 bytes. Named blocks: the name. */
  readonly discriminator: Uint8Array
  /** Address of an owning block as the caller gave it: 0 or 32 bytes. */
  readonly owner: Uint8Array
  /** Ed25519 public key of the owner, who is the writer. */
  readonly writer: Uint8Array
  /** As stored: sealed for owner blocks, public for named ones. */
  readonly payload: Uint8Array
}

export interface SignedVersion extends BlockVersion {
  readonly signature: Uint8Array
}

/** What the writer signs. The digest of an access list is empty for the kinds that have none. */
export function versionStatement(digest: Digest, networkId: Uint8Array, version: BlockVersion): Uint8Array {
  return new CanonicalWriter(statementTag, 320)
    .uint(choiceIndex(signedKinds, version.kind))
    .bytes(networkId)
    .bytes(version.address)
    .uint(version.generation)
    .uint(version.version)
    .bytes(digest.sha256(version.payload))
    .bytes(emptyBytes)
    .bytes(version.owner)
    .bytes(version.writer)
    .finish()
}

export function signVersion(digest: Digest, signer: Signer, networkId: Uint8Array, version: BlockVersion): SignedVersion {
  assert(compareBytes(signer.publicKey, version.writer) === 0, 'the writer signs its own version')
  return { ...version, signature: signer.sign(versionStatement(digest, networkId, version)) }
}

/** Whether address and signature hold. */
export function isGenuineVersion(crypto: Digest & SignatureVerifier, networkId: Uint8Array, version: SignedVersion): boolean {
  const address = addressOfVersion(crypto, version)
  if (compareBytes(address, version.address) !== 0) return false
  return crypto.verify(version.writer, versionStatement(crypto, networkId, version), version.signature)
}

/** The address that the version's owner and salt or name stand for. */
export function addressOfVersion(digest: Digest, version: Pick<BlockVersion, 'kind' | 'writer' | 'discriminator'>): BlockAddress {
  return version.kind === 'owner'
    ? ownerBlockAddress(digest, version.writer, version.discriminator)
    : namedBlockAddress(digest, version.writer, version.discriminator)
}

export function encodeSignedVersion(version: SignedVersion): Uint8Array {
  assert(isWellFormed(version), 'a version that is written can be read again')
  return new CanonicalWriter(versionTag, 320 + version.discriminator.length + version.payload.length)
    .uint(choiceIndex(signedKinds, version.kind))
    .bytes(version.address)
    .uint(version.generation)
    .uint(version.version)
    .bytes(version.discriminator)
    .bytes(version.owner)
    .bytes(version.writer)
    .bytes(version.signature)
    .bytes(version.payload)
    .finish()
}

/** Undefined when the bytes are not the one encoding of a version. Whether it is genuine is asked separately. */
export function decodeSignedVersion(bytes: Uint8Array): SignedVersion | undefined {
  return decodeCanonical(versionTag, bytes, (reader) => {
    const kind = reader.choice(signedKinds)
    const address = addressFromBytes(reader.fixed(addressBytes))
    const generation = reader.uint64()
    const version = reader.uint64()
    const discriminator = reader.bytes(0, nameBytesMax)
    const owner = reader.bytes(0, addressBytes)
    const writer = reader.fixed(publicKeyBytes)
    const signature = reader.fixed(signatureBytes)
    const payload = reader.bytes()
    assert(address !== undefined, 'the length was checked')
    const signed = { kind, address, generation, version, discriminator, owner, writer, signature, payload }
    reader.require(isWellFormed(signed))
    return signed
  })
}

function isWellFormed(version: SignedVersion): boolean {
  const { kind, discriminator, owner } = version
  return (
    isHlc(version.generation) &&
    version.version >= 0n &&
    version.version <= versionMax &&
    (kind === 'owner' ? discriminator.length === ownerSaltBytes : discriminator.length <= nameBytesMax) &&
    (owner.length === 0 || owner.length === addressBytes) &&
    version.writer.length === publicKeyBytes &&
    version.signature.length === signatureBytes
  )
}
