import type { FileVault } from '../../adapters/file-vault/file-vault.ts'
import { openLevelStore } from '../../adapters/level-store/open-level-store.ts'
import type { NodeConfig } from '../../config/node-config-schema.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { CliIo } from '../cli-io.ts'
import { silentLogger } from '../silent-logger.ts'
import { keyVaultAt, systemAdapters } from './node-adapters.ts'
import { storeEventsOfCommand } from './store-events.ts'

export interface CommandStore extends ReturnType<typeof systemAdapters> {
  readonly store: RecordStore
  readonly keyVault: FileVault
}

/**
 * Opens keys and store of a data directory as a start would, for a command that changes them; the store is the caller's to close.
 * Throws CodedError `store-locked` where a node runs there, and whatever a start throws.
 */
export async function openCommandStore(config: NodeConfig, { environment, version }: CliIo): Promise<CommandStore> {
  const adapters = systemAdapters()
  const place = { dataDirectory: config.data, keyFile: config.keyFile, environment }
  const keyVault = keyVaultAt(place, adapters, silentLogger)
  await keyVault.assertKeyFileInUse()
  const store = await openLevelStore({
    directory: config.data,
    limits: defaultLimits,
    ...(config.capacity !== undefined && { byteLimit: config.capacity }),
    random: adapters.random,
    clock: adapters.clock,
    madeBy: `memo ${version}`,
    events: storeEventsOfCommand([]),
  })
  return { ...adapters, keyVault, store }
}
