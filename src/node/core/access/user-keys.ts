/**
 * What follows from keys: the two key pairs of a user from one secret seed, and the ids of users and nodes from their public keys.
 * The labels are part of the format: changing one changes every key made from a seed. A node has one key, whose seed is its secret.
 */

import { emptyBytes } from '../base/bytes.ts'
import type { Digest } from '../base/digest.ts'
import type { KeyDerivation } from '../base/signing.ts'
import { encodeText } from '../base/text.ts'

const signingLabel = encodeText('memo/user-signing-key/1')
const agreementLabel = encodeText('memo/user-agreement-key/1')

/** Bytes of a seed in the vault, and of everything derived from it. */
export const seedBytes = 32

export interface UserSeeds {
  /** Seed of the Ed25519 key that signs. */
  readonly signing: Uint8Array
  /** Seed of the X25519 key that opens. */
  readonly agreement: Uint8Array
}

export function userSeeds(crypto: KeyDerivation, seed: Uint8Array): UserSeeds {
  return {
    signing: crypto.deriveKey(seed, emptyBytes, signingLabel, seedBytes),
    agreement: crypto.deriveKey(seed, emptyBytes, agreementLabel, seedBytes),
  }
}

/** Names a user in entries and batches: SHA-256 of the Ed25519 public key. */
export function userIdOf(digest: Digest, publicKey: Uint8Array): Uint8Array {
  return digest.sha256(publicKey)
}

/** SHA-256 of the node's Ed25519 public key with the last byte 0. */
export function nodeIdOf(digest: Digest, publicKey: Uint8Array): Uint8Array {
  const id = Uint8Array.from(digest.sha256(publicKey))
  id[id.length - 1] = 0
  return id
}
