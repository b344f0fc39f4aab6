/**
 * Sealing to the owner of an X25519 key: an ephemeral key agrees with the recipient's, HKDF-SHA-256 makes a key of the shared secret
 * and both public keys, AES-256-GCM encrypts under it. What the box is for (its context) is authenticated with it.
 *
 * Invariants: the nonce is fixed at zero, because a key serves for one box; the caller gives a fresh ephemeral key each time and
 * forgets it.
 */

import { assert } from '../../../shared/assert.ts'
import { concatBytes } from '../base/bytes.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { cipherKeyBytes, cipherNonceBytes, cipherTagBytes, joinCiphered, splitCiphered } from '../base/ciphered.ts'
import type { AuthenticatedCipher, CipherKey, KeyAgreement, KeyDerivation } from '../base/signing.ts'
import { publicKeyBytes } from '../base/signing.ts'
import { encodeText } from '../base/text.ts'

const boxTag = recordTag('memo/sealed-box/1')
const keyLabel = encodeText('memo/sealed-box-key/1')
const zeroNonce = new Uint8Array(cipherNonceBytes)

type SealingCrypto = KeyDerivation & AuthenticatedCipher

/** Undefined when the recipient's key is malformed or of low order. */
export function sealTo(
  crypto: SealingCrypto,
  recipientKey: Uint8Array,
  ephemeral: KeyAgreement,
  context: Uint8Array,
  plain: Uint8Array,
): Uint8Array | undefined {
  const shared = ephemeral.agree(recipientKey)
  if (shared === undefined) return undefined
  const key = boxKey(crypto, shared, ephemeral.publicKey, recipientKey)
  const cipher = joinCiphered(key.encrypt(zeroNonce, plain, context))
  assert(cipher.length === plain.length + cipherTagBytes, 'a tag follows the ciphertext')
  return new CanonicalWriter(boxTag, 96 + cipher.length).bytes(ephemeral.publicKey).bytes(cipher).finish()
}

/** The plain bytes; undefined when the box is malformed, for somebody else, for another context, or was changed. */
export function openSealed(
  crypto: SealingCrypto,
  recipient: KeyAgreement,
  context: Uint8Array,
  box: Uint8Array,
): Uint8Array | undefined {
  const parts = decodeCanonical(boxTag, box, (reader) => {
    return { ephemeralKey: reader.fixed(publicKeyBytes), cipher: reader.bytes(cipherTagBytes) }
  })
  if (parts === undefined) return undefined
  const shared = recipient.agree(parts.ephemeralKey)
  if (shared === undefined) return undefined
  const key = boxKey(crypto, shared, parts.ephemeralKey, recipient.publicKey)
  return key.decrypt(zeroNonce, splitCiphered(parts.cipher), context)
}

/** Bytes that sealing adds to this many plain bytes, at most. */
export const sealedOverheadBytesMax = 96

function boxKey(crypto: SealingCrypto, shared: Uint8Array, ephemeralKey: Uint8Array, recipientKey: Uint8Array): CipherKey {
  return crypto.cipherKey(crypto.deriveKey(shared, concatBytes(ephemeralKey, recipientKey), keyLabel, cipherKeyBytes))
}
