import type { BlockAddress } from '../../core/base/address.ts'
import type { Group } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import type { RecoveryProof } from '../../core/overlay/recovery-record.ts'
import type { NetworkFacts } from './network-facts.ts'
import type { NetworkRemoval } from './network-removal.ts'
import type { NodeKeys } from './node-keys.ts'

/** What a node knows of its network once that is founded, or loaded and verified. */
export interface NetworkState extends NetworkFacts {
  readonly networkId: Uint8Array
  readonly root: BlockAddress
  /** Who holds the root, as it was known at the start. */
  readonly rootGroup: Group
  readonly keys: NodeKeys
  /** This node as a member of groups, at this start. */
  readonly self: Proposer
  /** The recovery by which the network went on without this data directory, as it was known at the start. */
  readonly leftBehind?: RecoveryProof | undefined
  /** How this node went out of its network, where it is not of it any more. */
  readonly removal?: NetworkRemoval | undefined
}
