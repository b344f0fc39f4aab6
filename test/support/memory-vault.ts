import type { KeyVault, VaultKeyName } from '../../src/node/ports/key-vault.ts'

/** Keys in memory; they outlive a crash as files do. */
export class MemoryVault implements KeyVault {
  readonly keys = new Map<VaultKeyName, Uint8Array>()

  async load(name: VaultKeyName): Promise<Uint8Array | undefined> {
    return this.keys.get(name)
  }

  async save(name: VaultKeyName, secret: Uint8Array): Promise<void> {
    if (this.keys.has(name)) throw new Error('a key is never replaced')
    this.keys.set(name, secret)
  }

  describe() {
    return Promise.resolve([])
  }
}
