import { assert } from '../../../shared/assert.ts'
import { concatBytes, emptyBytes } from '../../core/base/bytes.ts'
import { cipherKeyBytes } from '../../core/base/ciphered.ts'
import { GenerationCache } from '../../core/base/generation-cache.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { CipherKey } from '../../core/base/signing.ts'
import { encodeText } from '../../core/base/text.ts'
import { contentSaltBytes, saltPrefixBytes } from '../../core/block/content-block.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Random } from '../../ports/random.ts'
import type { NetworkSecret } from './network-secrets.ts'

const keyLabel = encodeText('memo/content-key/2')
/** The counter takes the last bytes of the nonce; those before stay 0. */
const counterBytes = 4

export interface ContentKeyParts {
  readonly crypto: Pick<Crypto, 'deriveKey' | 'cipherKey'>
  readonly random: Pick<Random, 'bytes'>
  readonly limits: Pick<Limits, 'contentKeysMax' | 'contentBlocksPerKeyMax'>
}

/** A key with the salt that goes to exactly one block. */
export interface FreshSalt {
  readonly key: CipherKey
  readonly salt: Uint8Array
}

/** The key of one prefix under one secret. */
interface PrefixKey {
  readonly secret: NetworkSecret
  readonly prefix: Uint8Array
  readonly key: CipherKey
}

/**
 * The keys of content blocks. A key is made of the network's secret and the prefix of the block's salt, by HKDF; the rest of the salt is
 * the nonce. The node draws a prefix at its start, for another secret and after a bounded number of blocks, and counts the nonce up
 * within it. So no pair of key and nonce is given out twice, and a prefix that random bytes repeat is out of the question.
 */
export class ContentKeys {
  readonly #parts: ContentKeyParts
  readonly #held: GenerationCache<PrefixKey>
  #sealing: PrefixKey | undefined
  #sealed = 0
  /** The one that was asked for last: blocks that are read together were mostly written together. */
  #asked: PrefixKey | undefined

  constructor(parts: ContentKeyParts) {
    const { contentKeysMax, contentBlocksPerKeyMax } = parts.limits
    assert(contentKeysMax >= 2, 'at least one key is kept in each generation')
    assert(contentBlocksPerKeyMax >= 1 && contentBlocksPerKeyMax <= 2 ** (8 * counterBytes), 'the counter has room')
    this.#parts = parts
    this.#held = new GenerationCache(contentKeysMax)
  }

  /** For a new block: a salt that no other one has or will have. */
  fresh(secret: NetworkSecret): FreshSalt {
    let sealing = this.#sealing
    if (sealing === undefined || sealing.secret !== secret || this.#sealed >= this.#parts.limits.contentBlocksPerKeyMax) {
      sealing = this.#hold(secret, this.#parts.random.bytes(saltPrefixBytes))
      this.#sealing = sealing
      this.#sealed = 0
    }
    const count = this.#sealed++
    const salt = new Uint8Array(contentSaltBytes)
    salt.set(sealing.prefix)
    for (let place = 1; place <= counterBytes; place++) salt[contentSaltBytes - place] = count >>> (8 * (place - 1))
    return { key: sealing.key, salt }
  }

  /** For a block that was sealed before, by this node or another. */
  of(secret: NetworkSecret, salt: Uint8Array): CipherKey {
    const known = this.#asked
    if (known !== undefined && known.secret === secret && hasPrefix(salt, known.prefix)) return known.key
    const held = this.#held.get(nameOf(secret, salt)) ?? this.#hold(secret, Uint8Array.from(salt.subarray(0, saltPrefixBytes)))
    this.#asked = held
    return held.key
  }

  #hold(secret: NetworkSecret, prefix: Uint8Array): PrefixKey {
    const { crypto } = this.#parts
    assert(prefix.length === saltPrefixBytes, 'a prefix has its length')
    const key = crypto.cipherKey(crypto.deriveKey(secret.key, emptyBytes, concatBytes(keyLabel, prefix), cipherKeyBytes))
    const held = { secret, prefix, key }
    this.#held.set(nameOf(secret, prefix), held)
    return held
  }
}

function hasPrefix(salt: Uint8Array, prefix: Uint8Array): boolean {
  for (let index = 0; index < saltPrefixBytes; index++) if (salt[index] !== prefix[index]) return false
  return true
}

function nameOf(secret: NetworkSecret, salt: Uint8Array): string {
  let name = `${secret.epoch}:`
  for (let index = 0; index < saltPrefixBytes; index++) name += String.fromCharCode(salt[index] ?? 0)
  return name
}
