import type { ScrubStatus, StoreCondition, StoreUsage, VerifyReport } from '../ports/record-store.ts'
import type { BlockService } from './block/block-service.ts'
import type { ClusterService } from './cluster/cluster-service.ts'
import type { KeyValueService } from './kv/key-value-service.ts'

export interface NodeIdentity {
  /** SHA-256 of the node's public key, last byte 0. */
  readonly nodeId: Uint8Array
  readonly networkId: Uint8Array
  readonly networkName: string
  readonly storeId: Uint8Array
  readonly bootCount: number
  /** Ed25519 public key of the user that signs for this node's callers. */
  readonly userKey: Uint8Array
}

export type NodeState = 'idle' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed'

export interface NodeStatus {
  readonly state: NodeState
  readonly identity: NodeIdentity
  readonly condition: StoreCondition
  readonly usage: StoreUsage
  /** The store's own reading of everything in the background; undefined where it has none. */
  readonly scrub: ScrubStatus | undefined
  /** Keys of the default store. */
  readonly keys: number
  /** Values that wait to be collected. */
  readonly collectable: number
  readonly uptimeMs: number
}

/** A node as its faces see it: its services and what is known of its health. */
export interface StorageNode extends AsyncDisposable {
  readonly keyValues: KeyValueService
  readonly blocks: BlockService
  readonly cluster: ClusterService
  start(signal?: AbortSignal): Promise<void>
  stop(): Promise<void>
  status(): NodeStatus
  /** Reads and verifies everything that is stored (doctor). */
  verify(signal?: AbortSignal): Promise<VerifyReport>
}
