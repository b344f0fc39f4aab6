import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { PlaceDescription } from '../../core/overlay/placement-map.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyVault } from '../../ports/key-vault.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { storeRefusal } from '../store-refusal.ts'
import { foundNetwork } from './found-network.ts'
import { loadNetwork } from './load-network.ts'
import { readJoining, readNetworkRecord } from './network-record.ts'
import type { NetworkState } from './network-state.ts'
import { loadNodeKeys, makeNodeKeys } from './node-keys.ts'
import { recoverNetwork } from './recover-network.ts'

export interface NetworkParts {
  readonly clock: Clock
  readonly crypto: Crypto
  readonly random: Random
  readonly keyVault: KeyVault
  readonly store: RecordStore
  readonly logger: Logger
  /** For a network that is founded. */
  readonly networkName: string
  /** Likewise: what the founder's place says of where it stands. */
  readonly description?: PlaceDescription | undefined
  /** Gives the next HLC. */
  readonly stamp: () => bigint
  readonly signal?: AbortSignal | undefined
}

/**
 * The network of this store: founded at the first start, loaded and verified at every other. Throws CodedError `store-damaged`,
 * `key-unavailable`, `store-newer-format`, `storage-full`, and `config-invalid` where it was to join one and has not.
 */
export async function startNetwork(parts: NetworkParts): Promise<NetworkState> {
  const { store, clock, logger, networkName } = parts
  const kept = await readNetworkRecord(store)
  if (kept === undefined) {
    await assertUntouched(store)
    const joining = await readJoining(store)
    if (joining !== undefined) throw new CodedError('config-invalid', notJoined(joining))
    const state = await foundNetwork({ ...parts, keys: await makeNodeKeys(parts), nowMs: clock.nowMs() })
    logger.info('founded a network', { networkName })
    return state
  }
  const loaded = await loadNetwork({ ...parts, keys: await loadNodeKeys(parts) }, kept)
  const { placement, self } = loaded.state
  const place = placeOf(placement, self.nodeId)
  if (place === undefined || storeRefusal(store) !== undefined || equalBytes(place.storeId, self.storeId)) return loaded.state
  // Among others the map is changed by a commit, once they are reached.
  if (placement.places.length > 1) return loaded.state
  logger.warn('taking a recovered store back into its network', { epoch: placement.epoch + 1, recovery: self.recovery + 1 })
  return await recoverNetwork(parts, loaded)
}

function notJoined(networkName: string): string {
  const what = `this data directory was to join the network ${networkName} and has not been admitted: nothing was started`
  return `${what}. Join with a link ("memo cluster join LINK --data DIR"), or found a network there ("memo cluster create NAME --data DIR")`
}

/** A store that names no network must be new: anything in it says that records were lost. */
async function assertUntouched(store: RecordStore): Promise<void> {
  const blocks = await store.scan('block', { limit: 1, keysOnly: true })
  const entries = await store.scan('entry', { limit: 1, keysOnly: true })
  if (store.condition.kind === 'sound' && blocks.length + entries.length === 0) return
  const message =
    'this store has lost the record that names its network (family local, key network). Restore the data directory from a ' +
    'backup; nothing was changed'
  throw new CodedError('store-damaged', message)
}
