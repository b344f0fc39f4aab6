/** Which secret: the node's own signing key, or the service user that signs for the callers of a headless node. */
export type VaultKeyName = 'node' | 'service-user'

/** How a key is kept, as doctor, console and log say it. */
export type KeyProtection =
  | { readonly kind: 'systemd-credential' }
  | { readonly kind: 'key-file'; readonly path: string }
  | { readonly kind: 'passphrase' }
  | { readonly kind: 'plain' }

export interface KeyDescription {
  readonly name: VaultKeyName
  readonly path: string
  readonly protection: KeyProtection
  /** POSIX permission bits of the file, for example 0o600. */
  readonly mode: number
}

/** Keeps secrets between runs. A missing key is undefined; one that cannot be opened throws CodedError `key-unavailable`. */
export interface KeyVault {
  load(name: VaultKeyName): Promise<Uint8Array | undefined>
  /** Durable when it resolves. Refuses to replace a key that exists. */
  save(name: VaultKeyName, secret: Uint8Array): Promise<void>
  describe(): Promise<readonly KeyDescription[]>
}
