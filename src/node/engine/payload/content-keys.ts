import { concatBytes } from '../../core/base/bytes.ts'
import { encodeText } from '../../core/base/text.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { NetworkSecret } from './network-secrets.ts'

const keyLabel = encodeText('memo/content-key/1')
const firstRound = Uint8Array.of(1)
const absentSalt = new Uint8Array(32)

/**
 * The keys of content blocks: HKDF-SHA-256 of the network secret, without a salt, with the label and the block's salt as info. What
 * HKDF extracts from a secret is the same for all blocks and is kept as long as the secret itself, so a key costs one HMAC.
 */
export class ContentKeys {
  readonly #crypto: Crypto
  readonly #extracted = new WeakMap<NetworkSecret, Uint8Array>()

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  keyOf(secret: NetworkSecret, salt: Uint8Array): Uint8Array {
    return this.#crypto.hmac(this.#extractedFrom(secret), concatBytes(keyLabel, salt, firstRound))
  }

  #extractedFrom(secret: NetworkSecret): Uint8Array {
    const known = this.#extracted.get(secret)
    if (known !== undefined) return known
    const extracted = this.#crypto.hmac(absentSalt, secret.key)
    this.#extracted.set(secret, extracted)
    return extracted
  }
}
