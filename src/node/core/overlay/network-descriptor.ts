/**
 * What a network is. The founding part never changes and its hash is the network id, so a descriptor that is handed out is checked
 * against the id that was asked for. The versioned part is signed by the network's owner.
 *
 * Invariants: the owner of version 1 is the founding owner; a later version that names another owner is signed by the owner before
 * it. A signature covers the network id, so it stands for one network only.
 */

import { assert } from '../../../shared/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import type { Digest } from '../base/digest.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, signatureBytes } from '../base/signing.ts'

const foundingFormat = recordTag('memo/network-founding/1')
const statementFormat = recordTag('memo/network-statement/1')
const descriptorFormat = recordTag('memo/network-descriptor/1')

export const networkNameBytesMax = 255
const networkSaltBytes = 16
const administratorsMax = 64

const overlays = ['kouncil', 'kelips'] as const
/** How nodes find each other: everyone knows everyone, or affinity groups. */
export type OverlayKind = (typeof overlays)[number]

/** Hashed into the network id. */
export interface NetworkFounding {
  readonly name: string
  /** Ed25519 public key of who made the network. */
  readonly owner: Uint8Array
  readonly foundedMs: number
  /** 16 random bytes. */
  readonly salt: Uint8Array
  readonly firstNode: Uint8Array
}

/** What the owner says of the network at present. */
export interface NetworkStatement {
  /** From 1. */
  readonly version: number
  readonly owner: Uint8Array
  readonly overlay: OverlayKind
  /** Ed25519 public keys; the owner need not be among them. */
  readonly administrators: readonly Uint8Array[]
  readonly protocolVersion: number
}

export interface NetworkDescriptor {
  readonly founding: NetworkFounding
  readonly statement: NetworkStatement
  /** Ed25519, by the owner that the version before named; by the founding owner for version 1. */
  readonly signature: Uint8Array
}

/** SHA-256 of the node's public key with the last byte 0. */
export function nodeIdOf(digest: Digest, publicKey: Uint8Array): Uint8Array {
  const id = Uint8Array.from(digest.sha256(publicKey))
  id[id.length - 1] = 0
  return id
}

export function networkIdOf(digest: Digest, founding: NetworkFounding): Uint8Array {
  return digest.sha256(encodeFounding(founding))
}

export function signDescriptor(
  digest: Digest,
  owner: Signer,
  founding: NetworkFounding,
  statement: NetworkStatement,
): NetworkDescriptor {
  return { founding, statement, signature: owner.sign(signedBytes(networkIdOf(digest, founding), statement)) }
}

/** Whether this is the descriptor of the network with this id, as its founding owner states it. */
export function isGenuineDescriptor(
  ports: Digest & SignatureVerifier,
  networkId: Uint8Array,
  { founding, statement, signature }: NetworkDescriptor,
): boolean {
  if (!equalBytes(networkIdOf(ports, founding), networkId)) return false
  return ports.verify(founding.owner, signedBytes(networkId, statement), signature)
}

export function encodeDescriptor(descriptor: NetworkDescriptor): Uint8Array {
  const writer = new CanonicalWriter(descriptorFormat, 512).bytes(encodeFounding(descriptor.founding))
  writeStatement(writer, descriptor.statement)
  return writer.bytes(descriptor.signature).finish()
}

/** Undefined when the bytes are no descriptor. */
export function decodeDescriptor(bytes: Uint8Array): NetworkDescriptor | undefined {
  return decodeCanonical(descriptorFormat, bytes, (reader) => {
    const founding = decodeFounding(reader.bytes())
    const statement = readStatement(reader)
    const signature = reader.fixed(signatureBytes)
    reader.require(founding !== undefined)
    assert(founding !== undefined, 'the founding part was required')
    return { founding, statement, signature }
  })
}

function encodeFounding(founding: NetworkFounding): Uint8Array {
  return new CanonicalWriter(foundingFormat)
    .text(founding.name)
    .bytes(founding.owner)
    .uint(founding.foundedMs)
    .bytes(founding.salt)
    .bytes(founding.firstNode)
    .finish()
}

function decodeFounding(bytes: Uint8Array): NetworkFounding | undefined {
  return decodeCanonical(foundingFormat, bytes, (reader) => ({
    name: reader.text(networkNameBytesMax),
    owner: reader.fixed(publicKeyBytes),
    foundedMs: reader.uint(),
    salt: reader.fixed(networkSaltBytes),
    firstNode: reader.fixed(32),
  }))
}

function signedBytes(networkId: Uint8Array, statement: NetworkStatement): Uint8Array {
  const writer = new CanonicalWriter(statementFormat).bytes(networkId)
  writeStatement(writer, statement)
  return writer.finish()
}

function writeStatement(writer: CanonicalWriter, statement: NetworkStatement): void {
  writer
    .uint(statement.version)
    .bytes(statement.owner)
    .uint(choiceIndex(overlays, statement.overlay))
    .list(statement.administrators, (key, item) => item.bytes(key))
    .uint(statement.protocolVersion)
}

function readStatement(reader: CanonicalReader): NetworkStatement {
  return {
    version: reader.uint(),
    owner: reader.fixed(publicKeyBytes),
    overlay: reader.choice(overlays),
    administrators: reader.list(administratorsMax, (item) => item.fixed(publicKeyBytes)),
    protocolVersion: reader.uint(),
  }
}
