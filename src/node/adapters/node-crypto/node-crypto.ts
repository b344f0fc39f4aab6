import type { KeyObject } from 'node:crypto'
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  hkdfSync,
  scrypt,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { assert } from '../../../shared/assert.ts'
import { concatBytes } from '../../core/base/bytes.ts'
import type { CipherKey } from '../../core/base/signing.ts'
import { publicKeyBytes, signatureBytes } from '../../core/base/signing.ts'
import type { AgreementKey, Crypto, SigningKey } from '../../ports/crypto.ts'
import { allowedAlgorithms, keyEnvelopes } from './allowed-algorithms.ts'
import { bareBytes, bytesOfLatin1 } from './bare-bytes.ts'
import { GcmKey } from './gcm-key.ts'
import { PublicKeys } from './public-keys.ts'

const seedBytes = 32
/** Up to here joining the parts and hashing once is cheaper than a hash object. */
const joinedHashBytesMax = 8192

/** The crypto port on node:crypto. Keys go in as KeyObjects, made once for each handle. */
export class NodeCrypto implements Crypto {
  readonly #verifyKeys: PublicKeys

  /** `verifyKeysMax` bounds the public keys that are kept ready for verifying. */
  constructor(options: { readonly verifyKeysMax: number }) {
    this.#verifyKeys = new PublicKeys(options.verifyKeysMax, (raw) => publicKeyObject(keyEnvelopes.ed25519Public, raw))
  }

  sha256(...parts: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const part of parts) length += part.length
    if (length <= joinedHashBytesMax) {
      const joined = parts.length === 1 ? parts[0] : concatBytes(...parts)
      assert(joined !== undefined, 'one part was counted')
      return bytesOfLatin1(hash(allowedAlgorithms.hash, joined, 'binary'))
    }
    const hasher = createHash(allowedAlgorithms.hash)
    for (const part of parts) hasher.update(part)
    return bytesOfLatin1(hasher.digest('binary'))
  }

  deriveKey(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    return new Uint8Array(hkdfSync(allowedAlgorithms.hash, secret, salt, info, length))
  }

  signingKey(seed: Uint8Array): SigningKey {
    const privateKey = privateKeyObject(keyEnvelopes.ed25519Private, seed)
    return { publicKey: rawPublicKey(privateKey), sign: (bytes) => bareBytes(sign(null, bytes, privateKey)) }
  }

  verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== publicKeyBytes || signature.length !== signatureBytes) return false
    const key = this.#verifyKeys.get(publicKey)
    return key !== undefined && verify(null, bytes, key, signature)
  }

  agreementKey(seed: Uint8Array): AgreementKey {
    const privateKey = privateKeyObject(keyEnvelopes.x25519Private, seed)
    return { publicKey: rawPublicKey(privateKey), agree: (otherPublicKey) => agree(privateKey, otherPublicKey) }
  }

  cipherKey(key: Uint8Array): CipherKey {
    return new GcmKey(key)
  }

  stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    scrypt(passphrase, salt, seedBytes, allowedAlgorithms.stretch, (error, key) => {
      if (error === null) resolve(bareBytes(key))
      else reject(error)
    })
    return promise
  }

  equal(left: Uint8Array, right: Uint8Array): boolean {
    return left.length === right.length && timingSafeEqual(left, right)
  }
}

function privateKeyObject(envelope: Uint8Array, seed: Uint8Array): KeyObject {
  assert(seed.length === seedBytes, 'a key is made of 32 secret bytes')
  return createPrivateKey({ key: Buffer.concat([envelope, seed]), format: 'der', type: 'pkcs8' })
}

function publicKeyObject(envelope: Uint8Array, raw: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.concat([envelope, raw]), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return Uint8Array.from(der.subarray(der.length - publicKeyBytes))
}

function agree(privateKey: KeyObject, otherPublicKey: Uint8Array): Uint8Array | undefined {
  if (otherPublicKey.length !== publicKeyBytes) return undefined
  const publicKey = publicKeyObject(keyEnvelopes.x25519Public, otherPublicKey)
  if (publicKey === undefined) return undefined
  try {
    const shared = bareBytes(diffieHellman({ privateKey, publicKey }))
    return shared.some((byte) => byte !== 0) ? shared : undefined
  } catch {
    // Both libraries refuse a shared secret of zeros, which only keys of low order lead to.
    return undefined
  }
}
