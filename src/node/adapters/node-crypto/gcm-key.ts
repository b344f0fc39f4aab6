import type { KeyObject } from 'node:crypto'
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { assert } from '../../../shared/assert.ts'
import type { Ciphered } from '../../core/base/ciphered.ts'
import { cipherKeyBytes, cipherNonceBytes, cipherTagBytes } from '../../core/base/ciphered.ts'
import type { CipherKey } from '../../core/base/signing.ts'
import { allowedAlgorithms } from './allowed-algorithms.ts'
import { bareBytes } from './bare-bytes.ts'

/** A key of AES-256-GCM as a KeyObject: handing raw bytes to a cipher costs more than the cipher. */
export class GcmKey implements CipherKey {
  readonly #key: KeyObject

  constructor(key: Uint8Array) {
    assert(key.length === cipherKeyBytes, 'a key of the cipher has 32 bytes')
    this.#key = createSecretKey(key)
  }

  encrypt(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Ciphered {
    assert(nonce.length === cipherNonceBytes, 'a nonce has 12 bytes')
    const cipher = createCipheriv(allowedAlgorithms.cipher, this.#key, nonce)
    if (associated.length > 0) cipher.setAAD(associated)
    const body = cipher.update(plain)
    // In this mode nothing is held back: final makes the tag and gives no bytes.
    cipher.final()
    return { body: bareBytes(body), tag: bareBytes(cipher.getAuthTag()) }
  }

  decrypt(nonce: Uint8Array, { body, tag }: Ciphered, associated: Uint8Array): Uint8Array | undefined {
    // The library would take a shorter tag, which is easier to forge.
    if (tag.length !== cipherTagBytes || nonce.length !== cipherNonceBytes) return undefined
    const decipher = createDecipheriv(allowedAlgorithms.cipher, this.#key, nonce)
    decipher.setAuthTag(tag)
    if (associated.length > 0) decipher.setAAD(associated)
    const plain = decipher.update(body)
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return bareBytes(plain)
  }
}
