import { CodedError } from '../../../shared/coded-error.ts'
import { seedBytes, userSeeds } from '../../core/access/user-keys.ts'
import type { AgreementKey, Crypto, SigningKey } from '../../ports/crypto.ts'
import type { KeyVault, VaultKeyName } from '../../ports/key-vault.ts'
import type { Random } from '../../ports/random.ts'

/** The keys of this node: its own, and the two of the user that signs for its callers. */
export interface NodeKeys {
  readonly node: SigningKey
  readonly user: UserKeys
}

export interface UserKeys {
  readonly signing: SigningKey
  readonly agreement: AgreementKey
}

interface KeyParts {
  readonly keyVault: KeyVault
  readonly crypto: Crypto
  readonly random: Random
}

/** The keys of a store that has data. One that is missing cannot be made anew: CodedError `key-unavailable` says what to do. */
export async function loadNodeKeys(parts: KeyParts): Promise<NodeKeys> {
  const node = await parts.keyVault.load('node')
  const user = await parts.keyVault.load('service-user')
  if (node === undefined) throw missingKey('node')
  if (user === undefined) throw missingKey('service-user')
  return keysFromSeeds(parts.crypto, node, user)
}

/** The keys of a user, of which a node that works for it has the seed. Throws CodedError `key-unavailable`. */
export async function loadUserKeys({ keyVault, crypto }: Pick<KeyParts, 'keyVault' | 'crypto'>): Promise<UserKeys> {
  const seed = await keyVault.load('service-user')
  if (seed === undefined) throw missingKey('service-user')
  return userKeysOf(crypto, seed)
}

/** The keys for a first start. Those of a first start that was cut short are taken up again. */
export async function makeNodeKeys(parts: KeyParts): Promise<NodeKeys> {
  const node = await loadOrMake(parts, 'node')
  const user = await loadOrMake(parts, 'service-user')
  return keysFromSeeds(parts.crypto, node, user)
}

async function loadOrMake({ keyVault, random }: KeyParts, name: VaultKeyName): Promise<Uint8Array> {
  const kept = await keyVault.load(name)
  if (kept !== undefined) return kept
  const seed = random.bytes(seedBytes)
  await keyVault.save(name, seed)
  return seed
}

function keysFromSeeds(crypto: Crypto, node: Uint8Array, user: Uint8Array): NodeKeys {
  return { node: crypto.signingKey(node), user: userKeysOf(crypto, user) }
}

function userKeysOf(crypto: Crypto, seed: Uint8Array): UserKeys {
  const seeds = userSeeds(crypto, seed)
  return { signing: crypto.signingKey(seeds.signing), agreement: crypto.agreementKey(seeds.agreement) }
}

function missingKey(name: VaultKeyName): CodedError {
  const message =
    `the ${name} key of this store is missing: without it what is stored can neither be read nor changed. ` +
    `Put back the file of the key from a backup of the data directory's folder keys, and start again; nothing was changed`
  return new CodedError('key-unavailable', message, { details: { key: name } })
}
