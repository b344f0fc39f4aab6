import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { isImmutable } from '../../core/base/address.ts'
import { defaultWeight } from '../../core/overlay/placement-map.ts'
import type { BlockService } from '../block/block-service.ts'
import type { CallContext } from '../call-context.ts'
import type { NetworkView } from '../network/network-view.ts'
import { replicationFactor } from '../network/network-view.ts'
import type { NodeStatus } from '../storage-node.ts'
import type { ClusterNode, ClusterService, ClusterStatus, InviteOptions, ReplicaStatus } from './cluster-service.ts'
import { checkInviteOptions } from './invite-options.ts'
import { recoveryStatus } from './recovery-status.ts'

/** What an operator says of a node. */
export interface NodeDescription {
  /** The version of its program. */
  readonly software: string
  /** Empty where none is named. */
  readonly zone: string
  readonly labels: readonly string[]
}

export interface LonelyClusterParts {
  readonly status: () => NodeStatus
  readonly blocks: BlockService
  readonly description: NodeDescription
  readonly view: Pick<NetworkView, 'epoch' | 'facts' | 'removal'>
  /** Blocks that the last forced recovery has still to take back. */
  readonly takingBack: () => number
}

/** The cluster of a node that listens for no other: itself, which decides alone. */
export class LonelyCluster implements ClusterService {
  readonly #parts: LonelyClusterParts

  constructor(parts: LonelyClusterParts) {
    this.#parts = parts
  }

  status(): ClusterStatus {
    const { view, takingBack } = this.#parts
    const { networkId, networkName } = this.#parts.status().identity
    return {
      networkId,
      networkName,
      epoch: view.epoch,
      nodes: [this.#self()],
      quorum: { members: 1, alive: 1, needed: 1 },
      replication: replicationFactor,
      groupsPending: 0,
      copiesPending: 0,
      openEpochs: 1,
      withdrawn: view.removal !== undefined,
      recovery: recoveryStatus(view.facts.recoveries, takingBack()),
      leftBehind: undefined,
      removal: view.removal,
      patience: 1,
      listening: [],
    }
  }

  async invite(options: InviteOptions): Promise<never> {
    checkInviteOptions(options)
    throw new CodedError('unavailable', 'this node listens for no other nodes: start it with --listen HOST:PORT to invite one')
  }

  async drain(): Promise<never> {
    throw reachesNobody()
  }

  leave(): AsyncIterable<never> {
    throw reachesNobody()
  }

  async evict(): Promise<never> {
    throw reachesNobody()
  }

  async replicas(address: BlockAddress, context: CallContext): Promise<readonly ReplicaStatus[] | undefined> {
    if ((await this.#parts.blocks.stat(address, context)) === undefined) return undefined
    const { nodeId, storeId } = this.#parts.status().identity
    const role = isImmutable(address) ? 'member' : 'primary'
    return [{ nodeId, storeId, role, state: 'alive', heldIndex: undefined }]
  }

  #self(): ClusterNode {
    const { identity, usage } = this.#parts.status()
    const { software, zone, labels } = this.#parts.description
    const { nodeId, storeId, bootCount } = identity
    const { byteLimit, reserveBytes, liveBytes, diskBytes, diskFreeBytes } = usage
    const capacityBytes = Math.min(byteLimit ?? Number.MAX_SAFE_INTEGER, diskBytes + diskFreeBytes)
    const leftBytes = byteLimit === undefined ? diskFreeBytes : byteLimit - reserveBytes - liveBytes
    const freeBytes = usage.full ? 0 : Math.min(capacityBytes, diskFreeBytes, Math.max(0, leftBytes))
    return {
      ...{ nodeId, storeId, isSelf: true, state: 'alive', endpoints: [], zone, labels, weight: defaultWeight },
      ...{ isDraining: false, drainLeft: undefined },
      ...{ capacityBytes, freeBytes, version: software, bootCount },
    }
  }
}

function reachesNobody(): CodedError {
  return new CodedError(
    'unavailable',
    'this node listens for no other nodes: start it with --listen HOST:PORT; nothing was changed',
  )
}
