import { assert } from '../../../shared/assert.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { prepareAlone } from '../../core/consensus/prepare-alone.ts'
import { encodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { PlacementMap } from '../../core/overlay/placement-map.ts'
import { encodePlacement, placeOf } from '../../core/overlay/placement-map.ts'
import { placementSection } from '../../core/overlay/root-section.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { LoadedRoot } from './load-network.ts'
import { writeNetworkRecord } from './network-record.ts'
import type { NetworkState } from './network-state.ts'
import { recountBlocks } from './recount-blocks.ts'
import { batchSections } from './root-sections.ts'

export interface RecoveryParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly store: RecordStore
  readonly stamp: () => bigint
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes a store that was recovered by force back into its network. It has a new store id, so the placement map names it in a new epoch
 * and the recovery number rises: every block whose group names the old store is taken over with its next change, or at once where its counts are no longer right.
 */
export async function recoverNetwork(parts: RecoveryParts, loaded: LoadedRoot): Promise<NetworkState> {
  const { crypto, random, store, stamp, logger, signal } = parts
  const { state } = loaded
  const self: Proposer = { ...state.self, recovery: state.self.recovery + 1 }
  const blocks = await recountBlocks({ store, networkId: state.networkId, root: state.root, self, signal })
  if (blocks > 0) logger.warn('lost changes had left counts of blocks that were wrong; they were taken anew', { blocks })
  const place = placeOf(state.placement, self.nodeId)
  assert(place !== undefined, 'a network that was loaded names this node')
  const others = state.placement.places.filter((other) => other !== place)
  const places = [...others, { ...place, storeId: self.storeId }]
  const placement: PlacementMap = { epoch: state.placement.epoch + 1, places }
  const change = { name: placementSection(placement.epoch), body: encodePlacement(placement), version: 0n }
  const { keys, networkId, root } = state
  const batch = batchSections({ crypto, random, keys, networkId, root, stamp }, [change])
  const { held } = loaded
  assert(held !== undefined, 'only who holds the root recovers it')
  const prepared = prepareAlone(held.record, self)
  assert(prepared !== undefined, 'a higher recovery number takes over every block of one member')
  const { head } = held
  let originFloor = head.originFloor
  for (const { issued } of head.origins) if (issued > originFloor) originFloor = issued
  const record: BlockRecord = {
    ...prepared,
    committedIndex: prepared.committedIndex + 1n,
    version: prepared.version + 1n,
    state: {
      kind: 'map',
      head: {
        ...head,
        recordCount: head.recordCount + 1,
        recordBytes: head.recordBytes + batch.recordBytes,
        revisionFloor: batch.revision,
        origins: [{ session: batch.session, sequence: batch.sequence, issued: batch.issued }],
        originFloor,
        lastBatch: batch.encoded,
      },
    },
  }
  const rootWrite = { kind: 'put', family: 'block', key: root, value: encodeBlockRecord(record) } as const
  await store.commit([writeNetworkRecord({ networkId, recovery: self.recovery }), ...batch.writes, rootWrite], {
    space: 'reserve',
  })
  const rootGroup = prepared.group
  return { ...state, maps: [...state.maps, placement], placement, rootGroup, self }
}
