import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { FileVault } from '../../adapters/file-vault/file-vault.ts'
import type { SettingName } from '../../config/node-config-schema.ts'

const key: SettingName = 'keyFile'

/** That a start with this vault would open the keys which exist. Throws CodedError `config-invalid` that names the setting. */
export async function assertKeysOpen(vault: Pick<FileVault, 'assertKeyFileInUse' | 'load'>): Promise<void> {
  try {
    await vault.assertKeyFileInUse()
    for (const name of ['node', 'service-user'] as const) (await vault.load(name))?.fill(0)
  } catch (error) {
    if (!isCoded(error, 'key-unavailable')) throw error
    throw new CodedError('config-invalid', error.message, { details: { key }, cause: error })
  }
}
