import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { placeOf } from '../../core/overlay/placement-map.ts'
import type { Compressor } from '../../ports/compressor.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { KeyVault } from '../../ports/key-vault.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { VerifiedVersions } from '../block/verified-versions.ts'
import { loadNetwork } from '../network/load-network.ts'
import { readNetworkRecord } from '../network/network-record.ts'
import { loadNodeKeys } from '../network/node-keys.ts'
import { OpenedKeyRing } from '../network/opened-key-ring.ts'
import { PayloadPipeline } from '../payload/payload-pipeline.ts'
import { verifyRules } from './verify-node.ts'

export interface RestingParts {
  readonly store: RecordStore
  readonly crypto: Crypto
  readonly random: Random
  readonly compressor: Compressor
  readonly keyVault: KeyVault
  readonly limits: Limits
}

/**
 * Verifies the rules of a node that does not run, on its opened store: no clock is started, no ballot prepared, nothing written.
 * Throws CodedError `store-damaged`, `key-unavailable` or `store-newer-format` where a start would. Undefined in a store that
 * belongs to no network yet. The findings name users' keys.
 */
export async function verifyAtRest(parts: RestingParts, signal?: AbortSignal): Promise<readonly string[] | undefined> {
  const { store, crypto, random, compressor, limits } = parts
  const kept = await readNetworkRecord(store)
  if (kept === undefined) return undefined
  const { state } = await loadNetwork({ store, crypto, keys: await loadNodeKeys(parts) }, kept)
  const { networkId, root, secrets, placement, self } = state
  const place = placeOf(placement, self.nodeId)
  const countsPending = place === undefined || !equalBytes(place.storeId, self.storeId)
  const pipeline = new PayloadPipeline({ crypto, compressor, random, secrets: new OpenedKeyRing(secrets), limits })
  const verified = new VerifiedVersions(crypto, 1)
  const isPartial = placement.places.length > 1 || state.removal !== undefined
  const asked = {
    store,
    crypto,
    limits,
    pipeline,
    networkId,
    verified,
    root,
    countsPending,
    isPartial,
    namesKeys: true,
    nodeId: self.nodeId,
  }
  return await verifyRules(asked, signal)
}
