import type { Digest } from '../core/base/digest.ts'
import type { CipherKey } from '../core/base/signing.ts'

/**
 * Cryptography, synchronous throughout so that a simulated node is deterministic. Private and secret keys stay
 * inside the handles: an adapter builds its key object once per handle, because importing a key for each use halves the rate.
 */
export interface Crypto extends Digest {
  /** HKDF-SHA-256 (RFC 5869), `length` at most 255 * 32 bytes. */
  deriveKey(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array
  /** Ed25519 (RFC 8032) key pair from 32 secret bytes. */
  signingKey(seed: Uint8Array): SigningKey
  /** True when the signature over the bytes is by the owner of this Ed25519 public key (32 bytes). Malformed input is false. */
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean
  /** X25519 (RFC 7748) key pair from 32 secret bytes. */
  agreementKey(seed: Uint8Array): AgreementKey
  /** A key of AES-256-GCM from 32 secret bytes. */
  cipherKey(key: Uint8Array): CipherKey
  /** scrypt (RFC 7914) for passphrases: 32 bytes. */
  stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array>
  /** Compares in time that depends on the length only. */
  equal(left: Uint8Array, right: Uint8Array): boolean
}

export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
}

export interface AgreementKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** The shared secret, 32 bytes; undefined when the other key is malformed or of low order. */
  agree(otherPublicKey: Uint8Array): Uint8Array | undefined
}
