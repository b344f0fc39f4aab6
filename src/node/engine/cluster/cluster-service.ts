import type { BlockAddress } from '../../core/base/address.ts'
import type { CallContext } from '../call-context.ts'
import type { NetworkRemoval } from '../network/network-removal.ts'
import type { ChangedMap } from '../network/node-removals.ts'

/** How a node of the network is seen from this one. */
export type ClusterNodeState = 'alive' | 'suspect' | 'dead' | 'left' | 'unknown'

export interface ClusterNode {
  readonly nodeId: Uint8Array
  readonly storeId: Uint8Array
  readonly isSelf: boolean
  readonly state: ClusterNodeState
  /** `host:port`, the most likely one first; empty where none is known. */
  readonly endpoints: readonly string[]
  /** Empty where none is named. */
  readonly zone: string
  readonly labels: readonly string[]
  /** Share of new blocks; 0: takes none. */
  readonly weight: number
  /** As the node said last; undefined where nothing was heard. */
  readonly capacityBytes: number | undefined
  readonly freeBytes: number | undefined
  readonly version: string
  readonly bootCount: number
  /** It takes no blocks, and others take what it has: it is to go. */
  readonly isDraining: boolean
  /** Blocks that a draining node has still to hand on: 0 where nothing is left on it; undefined while the node that answers does not know. */
  readonly drainLeft: number | undefined
}

/** Of the block of the network itself: with its majority nodes join and leave. */
export interface QuorumStatus {
  readonly members: number
  /** Members that are alive as far as this node knows, itself among them. */
  readonly alive: number
  readonly needed: number
}

export interface ClusterStatus {
  readonly networkId: Uint8Array
  readonly networkName: string
  /** Of the placement map by which this node acts. */
  readonly epoch: number
  /** Sorted by node id; this node among them. */
  readonly nodes: readonly ClusterNode[]
  readonly quorum: QuorumStatus
  /** Copies of every block that the network keeps where it has nodes enough. */
  readonly replication: number
  /** Blocks led by this node whose groups are not yet what the placement map says; 0: nothing is left to do here. */
  readonly groupsPending: number
  /** Copies of content that this node still has to look after because of the newest epoch; undefined while it does not know. */
  readonly copiesPending: number | undefined
  /** Placement maps by which blocks may still lie: 1 when nothing is being moved. More stay open while a node that has to report is away. */
  readonly openEpochs: number
  /** This node takes no part any more: its data directory is older than others have seen it, is in use twice, or was left behind. */
  readonly withdrawn: boolean
  /** The last forced recovery of the network; undefined where there was none. */
  readonly recovery: RecoveryStatus | undefined
  /** The forced recovery by which the network went on without this data directory; undefined where none is known. */
  readonly leftBehind: RecoveryFacts | undefined
  /** This node is not of the network any more: undefined while it is. */
  readonly removal: NetworkRemoval | undefined
  /** How many times longer than usual this node waits before it suspects others, because it is slow itself: from 1. */
  readonly patience: number
  /** Where other nodes reach this one; empty where it listens for none. */
  readonly listening: readonly string[]
}

export interface RecoveryFacts {
  /** Of the recovery: the leading part of every ballot since. */
  readonly number: number
  /** Unix milliseconds. */
  readonly recoveredMs: number
  /** Node id of the one that went on. */
  readonly survivor: Uint8Array
  /** Ed25519 public key of who decided it. */
  readonly administrator: Uint8Array
}

export interface RecoveryStatus extends RecoveryFacts {
  /** Node ids of those that were taken out. */
  readonly takenOut: readonly Uint8Array[]
  /** Blocks that this node has still to take back; 0: none is left. */
  readonly blocksLeft: number
}

export interface InviteOptions {
  /** How often the link admits a node, 1 to 1024. */
  readonly uses: number
  readonly validityMs: number
}

/** The map after a node was drained or evicted. */
export interface ChangedNodes extends ChangedMap {
  /** Copies of every block that the network keeps where as many nodes take blocks; with fewer of these there are as many as they are. */
  readonly replication: number
}

/** How far a node is that leaves. */
export interface LeaveProgress {
  readonly phase: 'draining' | 'left'
  /** Blocks whose groups this node has still to move. */
  readonly groupsPending: number
  /** Copies that it has still to hand on; undefined while it does not know. */
  readonly copiesPending: number | undefined
  /** 1 where every node has moved what the drain asks for. */
  readonly openEpochs: number
}

/** A member of the group of one block, and how its copy stands. */
export interface ReplicaStatus {
  readonly nodeId: Uint8Array
  readonly storeId: Uint8Array
  readonly role: 'primary' | 'member' | 'learner'
  readonly state: ClusterNodeState
  /** Up to where the member is known to hold the log; undefined where that is not known. */
  readonly heldIndex: number | undefined
}

/**
 * The cluster as its faces see it. Errors: `unavailable` (no majority of the network's own block), `permission-denied` (this node may not
 * do it), `limit-exceeded`, `invalid-argument`, `contended`, `not-running`, `cancelled`, `deadline-exceeded`.
 */
export interface ClusterService {
  status(): ClusterStatus
  /** A link that admits nodes without asking anybody: `memo://join/...`. It is a secret until it is spent. */
  invite(options: InviteOptions, context: CallContext): Promise<{ readonly link: string; readonly expiresMs: number }>
  /**
   * The node takes no blocks from now on; what it has moves to the others, and it votes and serves until that is done. `undo`: it takes its
   * share again. `invalid-argument` where no other node takes blocks.
   */
  drain(nodeId: Uint8Array, options: { readonly undo: boolean }, context: CallContext): Promise<ChangedNodes>
  /** This node drains and then leaves, for good. Says how far it is; who stops listening leaves it draining. */
  leave(context: CallContext): AsyncIterable<LeaveProgress>
  /**
   * Takes a node out that is gone for good: it never votes again, and nobody lets it in. `invalid-argument` while it answers unless `force`
   * is given, for the owner's node, and for one of two that take blocks.
   */
  evict(nodeId: Uint8Array, options: { readonly force: boolean }, context: CallContext): Promise<ChangedNodes>
  /** The group of a mutable block, or the nodes that hold an immutable one; undefined where there is no such block. */
  replicas(address: BlockAddress, context: CallContext): Promise<readonly ReplicaStatus[] | undefined>
}
