/**
 * Proof that somebody who may do so removed a block, and what a removed content block leaves behind. Mutable blocks keep the proof in
 * their own record; content blocks have a record of the family `tombstone`.
 *
 * Invariants: a proof names network, address, generation and the version that it removes, so it removes one life of one block; its
 * time is signed, so it counts for nothing once the horizon has passed.
 */

import { assert } from '../../../shared/assert.ts'
import type { BlockAddress } from '../base/address.ts'
import { addressBytes, addressFromBytes } from '../base/address.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import type { SignatureVerifier, Signer } from '../base/signing.ts'
import { publicKeyBytes, signatureBytes } from '../base/signing.ts'

const statementTag = recordTag('memo/removal-statement/1')
const proofTag = recordTag('memo/removal-proof/1')
const tombstoneTag = recordTag('memo/tombstone/1')

export interface Removal {
  readonly address: BlockAddress
  /** HLC of the birth that is undone; 0 for content blocks. */
  readonly generation: bigint
  /** The last version, which is removed; 0 for content blocks. */
  readonly version: bigint
  /** HLC at which the removal was signed. */
  readonly issued: bigint
}

export interface RemovalProof extends Removal {
  /** Ed25519 public key of who signed. Whether that key may remove the block is for the caller to check. */
  readonly signer: Uint8Array
  readonly signature: Uint8Array
}

/** What is kept of a removed content block. */
export interface Tombstone {
  readonly proof: RemovalProof
  /** HLC at which this node removed its copy: the horizon counts from it. */
  readonly removed: bigint
}

export function removalStatement(networkId: Uint8Array, removal: Removal, signer: Uint8Array): Uint8Array {
  return new CanonicalWriter(statementTag)
    .bytes(networkId)
    .bytes(removal.address)
    .uint(removal.generation)
    .uint(removal.version)
    .uint(removal.issued)
    .bytes(signer)
    .finish()
}

export function signRemoval(signer: Signer, networkId: Uint8Array, removal: Removal): RemovalProof {
  const { address, generation, version, issued } = removal
  const signature = signer.sign(removalStatement(networkId, removal, signer.publicKey))
  return { address, generation, version, issued, signer: signer.publicKey, signature }
}

export function isGenuineRemoval(verifier: SignatureVerifier, networkId: Uint8Array, proof: RemovalProof): boolean {
  return verifier.verify(proof.signer, removalStatement(networkId, proof, proof.signer), proof.signature)
}

export function encodeRemovalProof(proof: RemovalProof): Uint8Array {
  return new CanonicalWriter(proofTag)
    .bytes(proof.address)
    .uint(proof.generation)
    .uint(proof.version)
    .uint(proof.issued)
    .bytes(proof.signer)
    .bytes(proof.signature)
    .finish()
}

export function decodeRemovalProof(bytes: Uint8Array): RemovalProof | undefined {
  return decodeCanonical(proofTag, bytes, (reader) => {
    const address = addressFromBytes(reader.fixed(addressBytes))
    const generation = reader.uint64()
    const version = reader.uint64()
    const issued = reader.uint64()
    reader.require(isHlc(generation) && isHlc(issued))
    assert(address !== undefined, 'the length was checked')
    const signer = reader.fixed(publicKeyBytes)
    return { address, generation, version, issued, signer, signature: reader.fixed(signatureBytes) }
  })
}

export function encodeTombstone(tombstone: Tombstone): Uint8Array {
  return new CanonicalWriter(tombstoneTag, 320).bytes(encodeRemovalProof(tombstone.proof)).uint(tombstone.removed).finish()
}

export function decodeTombstone(bytes: Uint8Array): Tombstone | undefined {
  return decodeCanonical(tombstoneTag, bytes, (reader) => {
    const proof = decodeRemovalProof(reader.bytes())
    const removed = reader.uint64()
    reader.require(proof !== undefined && isHlc(removed))
    assert(proof !== undefined, 'a proof was required')
    return { proof, removed }
  })
}
