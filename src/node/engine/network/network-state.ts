import type { BlockAddress } from '../../core/base/address.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import type { DescriptorSection } from '../../core/overlay/descriptor-section.ts'
import type { PlacementMap } from '../../core/overlay/placement-map.ts'
import type { NetworkSecret } from '../payload/network-secrets.ts'
import type { NodeKeys } from './node-keys.ts'

/** What a node knows of its network once that is founded, or loaded and verified. */
export interface NetworkState {
  readonly networkId: Uint8Array
  readonly descriptor: DescriptorSection
  readonly placement: PlacementMap
  readonly root: BlockAddress
  /** Root pages of key-value stores by name; the default store has the empty name. */
  readonly stores: ReadonlyMap<string, BlockAddress>
  /** By epoch, ascending; the last one is for new blocks. */
  readonly secrets: readonly NetworkSecret[]
  readonly keys: NodeKeys
  /** This node as a member of groups, at this start. */
  readonly self: Proposer
}
