/**
 * Cryptography for worlds, where nobody forges anything: what is signed, sealed or agreed on is checked to the bit as it is by the real one,
 * at a hundredth of its cost. A signature is a hash of the public key and the bytes; whoever knows a public key could make one.
 */
import { hash, hkdfSync } from 'node:crypto'
import type { Ciphered } from '../../src/node/core/base/ciphered.ts'
import { cipherKeyBytes, cipherNonceBytes, cipherTagBytes } from '../../src/node/core/base/ciphered.ts'
import type { CipherKey } from '../../src/node/core/base/signing.ts'
import { publicKeyBytes, signatureBytes } from '../../src/node/core/base/signing.ts'
import type { AgreementKey, Crypto, SigningKey } from '../../src/node/ports/crypto.ts'
import { assert } from '../../src/shared/assert.ts'

const label = {
  signingKey: Buffer.from('world: signing key'),
  signature: Buffer.from('world: signature'),
  agreementKey: Buffer.from('world: agreement key'),
  agreement: Buffer.from('world: agreement'),
  stream: Buffer.from('world: stream'),
  tag: Buffer.from('world: tag'),
}

export class SimCrypto implements Crypto {
  sha256(...parts: readonly Uint8Array[]): Uint8Array {
    return sha256(...parts)
  }

  deriveKey(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', secret, salt, info, length))
  }

  signingKey(seed: Uint8Array): SigningKey {
    const publicKey = sha256(label.signingKey, seed)
    return { publicKey, sign: (bytes) => signature(publicKey, bytes) }
  }

  verify(publicKey: Uint8Array, bytes: Uint8Array, given: Uint8Array): boolean {
    if (publicKey.length !== publicKeyBytes || given.length !== signatureBytes) return false
    return Buffer.compare(signature(publicKey, bytes), given) === 0
  }

  agreementKey(seed: Uint8Array): AgreementKey {
    const publicKey = sha256(label.agreementKey, seed)
    return {
      publicKey,
      agree: (other) => {
        if (other.length !== publicKeyBytes) return undefined
        const [low, high] = Buffer.compare(publicKey, other) < 0 ? [publicKey, other] : [other, publicKey]
        return sha256(label.agreement, low, high)
      },
    }
  }

  cipherKey(key: Uint8Array): CipherKey {
    return new SimCipherKey(key)
  }

  stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(sha256(Buffer.from(passphrase), salt))
  }

  equal(left: Uint8Array, right: Uint8Array): boolean {
    return Buffer.compare(left, right) === 0
  }
}

class SimCipherKey implements CipherKey {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    assert(key.length === cipherKeyBytes, 'a key of the cipher has 32 bytes')
    this.#key = key.slice()
  }

  encrypt(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Ciphered {
    assert(nonce.length === cipherNonceBytes, 'a nonce has 12 bytes')
    return { body: this.#veiled(nonce, plain), tag: this.#tag(nonce, plain, associated) }
  }

  decrypt(nonce: Uint8Array, { body, tag }: Ciphered, associated: Uint8Array): Uint8Array | undefined {
    if (tag.length !== cipherTagBytes || nonce.length !== cipherNonceBytes) return undefined
    const plain = this.#veiled(nonce, body)
    return Buffer.compare(this.#tag(nonce, plain, associated), tag) === 0 ? plain : undefined
  }

  /** The same bytes under a mask of 32 bytes, so that nothing reads what is sealed without its key. */
  #veiled(nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
    const mask = sha256(label.stream, this.#key, nonce)
    return bytes.map((byte, index) => byte ^ (mask[index & 31] ?? 0))
  }

  #tag(nonce: Uint8Array, plain: Uint8Array, associated: Uint8Array): Uint8Array {
    const length = Buffer.from(String(associated.length))
    return sha256(label.tag, this.#key, nonce, length, associated, plain).slice(0, cipherTagBytes)
  }
}

function signature(publicKey: Uint8Array, bytes: Uint8Array): Uint8Array {
  const half = sha256(label.signature, publicKey, bytes)
  const whole = new Uint8Array(signatureBytes)
  whole.set(half)
  whole.set(half, half.length)
  return whole
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = Buffer.from(hash('sha256', Buffer.concat(parts), 'binary'), 'binary')
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length).slice()
}
