import { assert } from '../../../shared/assert.ts'
import { compareBytes, emptyBytes } from '../../core/base/bytes.ts'
import type { RecordTag } from '../../core/base/canonical-codec.ts'
import { CanonicalWriter, choiceIndex, decodeCanonical, recordTag } from '../../core/base/canonical-codec.ts'
import { cipherKeyBytes, cipherNonceBytes, joinCiphered, splitCiphered } from '../../core/base/ciphered.ts'
import type { CipherKey } from '../../core/base/signing.ts'
import { encodeText } from '../../core/base/text.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { VaultKeyName } from '../../ports/key-vault.ts'

const fileTag = recordTag('memo/vault-file/1')
const bodyTag = recordTag('memo/vault-body/1')
const wrappingLabel = encodeText('memo/vault-wrapping-key/1')
const zeroNonce = new Uint8Array(cipherNonceBytes)
const checkBytes = 32

export const vaultSaltBytes = 32
const vaultKeyNames = ['node', 'service-user'] as const satisfies readonly VaultKeyName[]
/** How a secret is kept in its file. A passphrase is asked for by another vault; the number is kept free for it. */
const wrappings = ['plain', 'key-file', 'systemd-credential'] as const
export type Wrapping = (typeof wrappings)[number]

/** The content of one file: the secret as it is (`plain`), or encrypted under a key made of the wrapping secret and the salt. */
export interface VaultFile {
  readonly name: VaultKeyName
  readonly wrapping: Wrapping
  readonly salt: Uint8Array
  readonly body: Uint8Array
}

/** Every salt is fresh, so a wrapping key serves for one file and its nonce may be fixed. */
export function wrapSecret(
  crypto: Crypto,
  file: Omit<VaultFile, 'body'>,
  wrappingSecret: Uint8Array,
  secret: Uint8Array,
): VaultFile {
  assert((file.wrapping === 'plain') === (wrappingSecret.length === 0), 'a secret is wrapped by what the file names')
  if (file.wrapping === 'plain') return { ...file, body: secret }
  const key = wrappingKey(crypto, file, wrappingSecret)
  return { ...file, body: joinCiphered(key.encrypt(zeroNonce, secret, boundTo(file))) }
}

/** Undefined when the wrapping secret is not the one that the file was made with, or the file was changed by somebody. */
export function unwrapSecret(crypto: Crypto, file: VaultFile, wrappingSecret: Uint8Array): Uint8Array | undefined {
  if (file.wrapping === 'plain') return file.body
  return wrappingKey(crypto, file, wrappingSecret).decrypt(zeroNonce, splitCiphered(file.body), boundTo(file))
}

/** The bytes on the disk: the record, and a checksum of it that tells damage from a wrong wrapping key. */
export function encodeVaultFile(crypto: Crypto, file: VaultFile): Uint8Array {
  const body = writeFields(bodyTag, file).bytes(file.body).finish()
  return new CanonicalWriter(fileTag).bytes(body).bytes(crypto.sha256(body)).finish()
}

/** Undefined when the file is damaged. */
export function decodeVaultFile(crypto: Crypto, bytes: Uint8Array): VaultFile | undefined {
  const body = decodeCanonical(fileTag, bytes, (reader) => {
    const checked = reader.bytes()
    reader.require(compareBytes(reader.fixed(checkBytes), crypto.sha256(checked)) === 0)
    return checked
  })
  return decodeCanonical(bodyTag, body ?? emptyBytes, (reader) => ({
    name: reader.choice(vaultKeyNames),
    wrapping: reader.choice(wrappings),
    salt: reader.fixed(vaultSaltBytes),
    body: reader.bytes(1),
  }))
}

function wrappingKey(crypto: Crypto, file: Pick<VaultFile, 'salt'>, wrappingSecret: Uint8Array): CipherKey {
  return crypto.cipherKey(crypto.deriveKey(wrappingSecret, file.salt, wrappingLabel, cipherKeyBytes))
}

/** What is authenticated with the secret, so that a file never passes for another one. */
function boundTo(file: Omit<VaultFile, 'body'>): Uint8Array {
  return writeFields(bodyTag, file).finish()
}

function writeFields(tag: RecordTag, file: Omit<VaultFile, 'body'>): CanonicalWriter {
  return new CanonicalWriter(tag)
    .uint(choiceIndex(vaultKeyNames, file.name))
    .uint(choiceIndex(wrappings, file.wrapping))
    .bytes(file.salt)
}
