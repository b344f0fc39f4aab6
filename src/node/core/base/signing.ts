/**
 * What pure code asks of cryptography beyond SHA-256, as narrow parameters: the crypto port satisfies all of them. Pure code states
 * what is signed and sealed; it holds no private key.
 */

import type { Ciphered } from './ciphered.ts'

/** Checks Ed25519 signatures: true when the signature over the bytes is by the owner of the public key. Malformed input is false. */
export interface SignatureVerifier {
  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean
}

/** An Ed25519 key that signs. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
}

/** An X25519 key. */
export interface KeyAgreement {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 32 bytes; undefined when the other key is malformed or of low order. */
  agree(otherPublicKey: Uint8Array): Uint8Array | undefined
}

export interface KeyDerivation {
  /** HKDF-SHA-256. */
  deriveKey(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array
}

/** One key of AES-256-GCM (NIST SP 800-38D). It must never meet two plaintexts under one nonce (12 bytes). */
export interface CipherKey {
  encrypt(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Ciphered
  /** The plaintext, or undefined when the tag does not verify. */
  decrypt(nonce: Uint8Array, ciphered: Ciphered, associated: Uint8Array): Uint8Array | undefined
}

export interface AuthenticatedCipher {
  /** Of 32 secret bytes. */
  cipherKey(key: Uint8Array): CipherKey
}

export const publicKeyBytes = 32
export const signatureBytes = 64
export const sha256Bytes = 32
