/**
 * What a network is. The immutable part is hashed into the network id; the versioned part says who owns and administers the network
 * now, and is signed by the owner.
 *
 * Invariants: the first version is signed by the founding owner; each later one by the owner of the version before, also when it
 * hands the network over to somebody else.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes } from '../base/bytes.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, sha256Bytes, signatureBytes } from '../base/signing.ts'
import { textBytesLength } from '../base/text.ts'

const foundationTag = recordTag('memo/network/1')
const statementTag = recordTag('memo/descriptor-statement/1')
const descriptorTag = recordTag('memo/descriptor/1')

export const networkSaltBytes = 16
/** Bytes of a network's name in UTF-8. */
export const networkNameBytesMax = 255
const administratorsMax = 64

export const overlays = ['kouncil', 'kelips'] as const
export type Overlay = (typeof overlays)[number]

/** The immutable part. */
export interface NetworkFoundation {
  readonly name: string
  /** Ed25519 public key of the founding owner. */
  readonly founder: Uint8Array
  /** Unix milliseconds. */
  readonly createdMs: number
  /** 16 random bytes. */
  readonly salt: Uint8Array
  /** Node id of the first node, 32 bytes. */
  readonly firstNode: Uint8Array
}

/** The versioned part. */
export interface NetworkTerms {
  readonly networkId: Uint8Array
  /** 1 at the foundation, one more with each change. */
  readonly version: number
  /** Ed25519 public key of the present owner. */
  readonly owner: Uint8Array
  readonly overlay: Overlay
  /** Ed25519 public keys beside the owner's, in bytewise order. */
  readonly administrators: readonly Uint8Array[]
  readonly protocolVersion: number
}

export interface SignedTerms extends NetworkTerms {
  readonly signature: Uint8Array
}

export function encodeFoundation(foundation: NetworkFoundation): Uint8Array {
  assert(textBytesLength(foundation.name) <= networkNameBytesMax, 'the name of a network is within its bound')
  return new CanonicalWriter(foundationTag)
    .text(foundation.name)
    .bytes(foundation.founder)
    .uint(foundation.createdMs)
    .bytes(foundation.salt)
    .bytes(foundation.firstNode)
    .finish()
}

export function decodeFoundation(bytes: Uint8Array): NetworkFoundation | undefined {
  return decodeCanonical(foundationTag, bytes, (reader) => ({
    name: reader.text(networkNameBytesMax),
    founder: reader.fixed(publicKeyBytes),
    createdMs: reader.uint(),
    salt: reader.fixed(networkSaltBytes),
    firstNode: reader.fixed(sha256Bytes),
  }))
}

export function networkIdOf(digest: Digest, foundation: NetworkFoundation): Uint8Array {
  return digest.sha256(encodeFoundation(foundation))
}

export function termsStatement(terms: NetworkTerms): Uint8Array {
  return writeTerms(new CanonicalWriter(statementTag), terms).finish()
}

export function signTerms(signer: Signer, terms: NetworkTerms): SignedTerms {
  return { ...terms, signature: signer.sign(termsStatement(terms)) }
}

export function encodeSignedTerms(terms: SignedTerms): Uint8Array {
  return writeTerms(new CanonicalWriter(descriptorTag, 384), terms).bytes(terms.signature).finish()
}

export function decodeSignedTerms(bytes: Uint8Array): SignedTerms | undefined {
  return decodeCanonical(descriptorTag, bytes, (reader) => {
    const networkId = reader.fixed(sha256Bytes)
    const version = reader.uint()
    const owner = reader.fixed(publicKeyBytes)
    const overlay = reader.choice(overlays)
    const administrators = reader.list(administratorsMax, (item) => item.fixed(publicKeyBytes))
    const protocolVersion = reader.uint()
    const signature = reader.fixed(signatureBytes)
    reader.require(version >= 1 && isStrictlySorted(administrators))
    return { networkId, version, owner, overlay, administrators, protocolVersion, signature }
  })
}

/** Whether these are the network's first terms: of this foundation, with the founder as owner, signed by the founder. */
export function areFirstTerms(crypto: Digest & SignatureVerifier, foundation: NetworkFoundation, terms: SignedTerms): boolean {
  return (
    terms.version === 1 &&
    compareBytes(terms.networkId, networkIdOf(crypto, foundation)) === 0 &&
    compareBytes(terms.owner, foundation.founder) === 0 &&
    crypto.verify(foundation.founder, termsStatement(terms), terms.signature)
  )
}

/** Whether terms follow others: the next version of the same network, signed by the owner of the version before. */
export function areNextTerms(verifier: SignatureVerifier, before: SignedTerms, terms: SignedTerms): boolean {
  return (
    terms.version === before.version + 1 &&
    compareBytes(terms.networkId, before.networkId) === 0 &&
    verifier.verify(before.owner, termsStatement(terms), terms.signature)
  )
}

function writeTerms(writer: CanonicalWriter, terms: NetworkTerms): CanonicalWriter {
  return writer
    .bytes(terms.networkId)
    .uint(terms.version)
    .bytes(terms.owner)
    .uint(choiceIndex(overlays, terms.overlay))
    .list(terms.administrators, (key, items) => items.bytes(key))
    .uint(terms.protocolVersion)
}

function isStrictlySorted(keys: readonly Uint8Array[]): boolean {
  return keys.every((key, index) => {
    const before = keys[index - 1]
    return before === undefined || compareBytes(before, key) < 0
  })
}
