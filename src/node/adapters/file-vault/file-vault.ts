import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyDescription, KeyProtection, KeyVault, VaultKeyName } from '../../ports/key-vault.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import {
  createPrivateFile,
  ensurePrivateDirectory,
  isOpenToOthers,
  privateFileMode,
  readPrivateFile,
  removeUnfinished,
} from './private-file.ts'
import type { VaultFile, Wrapping } from './vault-file.ts'
import { decodeVaultFile, encodeVaultFile, unwrapSecret, vaultSaltBytes, wrapSecret } from './vault-file.ts'

const credentialName = 'memo-vault-key'
/** A wrapping secret is as hard to guess as its bytes: fewer are refused. */
const wrappingBytesMin = 16
const fileBytesMax = 64 * 1024
const keyNames: readonly VaultKeyName[] = ['node', 'service-user']

export interface FileVaultOptions {
  readonly directory: string
  /** Where systemd puts the credentials of a service; its file `memo-vault-key` wraps the keys. */
  readonly credentialsDirectory?: string
  /** A file on another volume whose bytes wrap the keys, where there is no such credential. */
  readonly keyFile?: string
}

export interface FileVaultParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly logger: Logger
}

interface WrappingSource {
  readonly wrapping: Wrapping
  readonly path: string
}

/**
 * Keeps each secret in a file of its own, mode 0600. New files are wrapped by the systemd credential, else by the key file, else they
 * are kept plain, and `describe` says so. A file says how it is wrapped, so keys stay readable when the options change.
 */
export class FileVault implements KeyVault {
  readonly #options: FileVaultOptions
  readonly #parts: FileVaultParts

  constructor(options: FileVaultOptions, parts: FileVaultParts) {
    this.#options = options
    this.#parts = parts
  }

  /**
   * That a key file which was asked for is what keeps the keys, before anything is opened or made: a protection that was asked for
   * must not be silently absent. Throws CodedError `key-unavailable`.
   */
  async assertKeyFileInUse(): Promise<void> {
    const source = this.#sourceOf('key-file')
    if (source === undefined) return
    await this.#wrappingSecret(source)
    let kept = 0
    for (const name of keyNames) {
      const file = await this.#read(name)
      if (file === undefined) continue
      kept += 1
      if (file.wrapping === 'key-file') continue
      const how = file.wrapping === 'plain' ? 'not encrypted' : 'encrypted with the systemd credential'
      throw unavailable(
        this.#pathOf(name),
        `is ${how}, so that --key-file ${source.path} protects nothing; start without it: keys that exist are not wrapped anew`,
      )
    }
    const made = await this.#newSource()
    if (kept > 0 || made.wrapping === 'key-file') return
    throw unavailable(source.path, 'would not be used, because the service has a credential for the keys; give only one of them')
  }

  async load(name: VaultKeyName): Promise<Uint8Array | undefined> {
    const file = await this.#read(name)
    if (file === undefined) return undefined
    const path = this.#pathOf(name)
    const source = this.#sourceOf(file.wrapping)
    if (source === undefined) throw unavailable(path, `is wrapped by a ${file.wrapping}; ${remedies[file.wrapping]}`)
    const secret = unwrapSecret(this.#parts.crypto, file, await this.#wrappingSecret(source))
    if (secret !== undefined) return secret
    throw unavailable(path, `does not open with ${source.path}; give the file that the keys were made with`)
  }

  async save(name: VaultKeyName, secret: Uint8Array): Promise<void> {
    const { crypto, random } = this.#parts
    const path = this.#pathOf(name)
    const source = await this.#newSource()
    const wrappingSecret = await this.#wrappingSecret(source)
    const file = wrapSecret(
      crypto,
      { name, wrapping: source.wrapping, salt: random.bytes(vaultSaltBytes) },
      wrappingSecret,
      secret,
    )
    const created = await orUnavailable(path, 'cannot be written', 'make its directory writable', async () => {
      await ensurePrivateDirectory(this.#options.directory)
      await removeUnfinished(path)
      return createPrivateFile(path, encodeVaultFile(crypto, file), random.bytes(8))
    })
    if (!created) throw unavailable(path, 'exists already and is never replaced; move it away first')
  }

  async describe(): Promise<readonly KeyDescription[]> {
    const descriptions: KeyDescription[] = []
    for (const name of keyNames) {
      const file = await this.#read(name)
      if (file === undefined) continue
      const { mode, wrapping } = file
      descriptions.push({ name, path: this.#pathOf(name), protection: this.#protectionOf(wrapping), mode })
    }
    return descriptions
  }

  async #read(name: VaultKeyName): Promise<(VaultFile & { readonly mode: number }) | undefined> {
    const path = this.#pathOf(name)
    const found = await orUnavailable(path, 'cannot be read', 'let only the user of this process own and read it', () =>
      readPrivateFile(path, fileBytesMax),
    )
    if (found === undefined) return undefined
    const file = decodeVaultFile(this.#parts.crypto, found.bytes)
    if (file === undefined || file.name !== name) throw unavailable(path, 'is damaged; restore it from a backup')
    return { ...file, mode: isOpenToOthers(found.mode) ? await this.#close(path, found.mode) : found.mode }
  }

  /** Takes away the rights that others have to a key, and says so: it may have been read meanwhile. */
  async #close(path: string, mode: number): Promise<number> {
    await orUnavailable(path, 'is open to other users and its mode cannot be changed', 'set it to 600', () =>
      chmod(path, privateFileMode),
    )
    this.#parts.logger.warn('a key file was open to other users; its mode is 600 now', { path, mode: mode.toString(8) })
    return privateFileMode
  }

  async #newSource(): Promise<WrappingSource> {
    const credential = this.#sourceOf('systemd-credential')
    const offered = credential !== undefined && (await readWrapping(credential.path)) !== undefined
    return (offered ? credential : this.#sourceOf('key-file')) ?? { wrapping: 'plain', path: '' }
  }

  #sourceOf(wrapping: Wrapping): WrappingSource | undefined {
    const { credentialsDirectory, keyFile } = this.#options
    const paths: Readonly<Record<Wrapping, string | undefined>> = {
      plain: '',
      'key-file': keyFile,
      'systemd-credential': credentialsDirectory === undefined ? undefined : join(credentialsDirectory, credentialName),
    }
    const path = paths[wrapping]
    return path === undefined ? undefined : { wrapping, path }
  }

  async #wrappingSecret({ wrapping, path }: WrappingSource): Promise<Uint8Array> {
    if (wrapping === 'plain') return emptyBytes
    const found = await readWrapping(path)
    if (found === undefined) throw unavailable(path, `does not exist; ${remedies[wrapping]}`)
    if (found.bytes.length < wrappingBytesMin) {
      throw unavailable(path, `has fewer than ${wrappingBytesMin} bytes; make it of 32 random ones`)
    }
    if (wrapping === 'key-file' && isOpenToOthers(found.mode)) {
      this.#parts.logger.warn('the key file is open to other users; set its mode to 600', { path, mode: found.mode.toString(8) })
    }
    return found.bytes
  }

  #protectionOf(wrapping: Wrapping): KeyProtection {
    if (wrapping !== 'key-file') return { kind: wrapping }
    return { kind: wrapping, path: this.#options.keyFile ?? '' }
  }

  #pathOf(name: VaultKeyName): string {
    return join(this.#options.directory, `${name}.key`)
  }
}

const remedies: Readonly<Record<Wrapping, string>> = {
  plain: '',
  'key-file': 'give it with --key-file',
  'systemd-credential': `give it to the service with LoadCredential=${credentialName}:PATH`,
}

function readWrapping(path: string): Promise<{ readonly bytes: Uint8Array; readonly mode: number } | undefined> {
  return orUnavailable(path, 'cannot be read', 'let the user of this process read it', () => readPrivateFile(path, fileBytesMax))
}

/** Causes that have nothing to do with the rights of the file. */
const otherCauses: ReadonlyMap<unknown, string> = new Map([
  ['EMFILE', 'this process may open no more files; see LimitNOFILE and ulimit -n'],
  ['ENFILE', 'this computer has no more files to open'],
  ['ENOMEM', 'this computer has no memory left'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota of this user is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EIO', 'the disk cannot read or write it; restore it from a backup'],
  ['EISDIR', 'it is a folder'],
])

/** `remedy` is what to do about missing rights. */
async function orUnavailable<T>(path: string, what: string, remedy: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    // What the system did not say is a finding of the reader, and no matter of rights.
    const reason = code === undefined && cause instanceof Error ? cause.message : otherCauses.get(code)
    throw unavailable(path, reason === undefined ? `${what}; ${remedy}` : `${what}: ${reason}`, cause)
  }
}

function unavailable(path: string, what: string, cause?: unknown): CodedError {
  return new CodedError('key-unavailable', `${path} ${what}`, { details: { path }, cause })
}
