import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { isImmutable } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers, majorityOf } from '../../core/consensus/group.ts'
import type { StoragePlace } from '../../core/overlay/placement-map.ts'
import type { Transport } from '../../ports/transport.ts'
import type { BlockService } from '../block/block-service.ts'
import type { CallContext } from '../call-context.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import type { Admission } from '../network/admission.ts'
import type { NetworkView } from '../network/network-view.ts'
import { replicationFactor } from '../network/network-view.ts'
import type {
  ClusterNode,
  ClusterNodeState,
  ClusterService,
  ClusterStatus,
  InviteOptions,
  ReplicaStatus,
} from './cluster-service.ts'
import type { GroupKeeper } from './group-keeper.ts'
import { checkInviteOptions } from './invite-options.ts'
import type { LivenessEngine } from './liveness-engine.ts'
import type { ClusterNodeStatus } from './node-status.ts'
import { recoveryFacts, recoveryStatus } from './recovery-status.ts'

export interface RunningClusterParts {
  readonly view: NetworkView
  readonly self: Member
  readonly host: ReplicaHost
  readonly blocks: BlockService
  readonly transport: Transport
  readonly liveness: LivenessEngine
  readonly groups: GroupKeeper
  readonly admission: Admission
  /** Where other nodes are told to reach this one. */
  readonly advertised: () => readonly string[]
  /** Copies of content that are still to be looked after; undefined while that is not known. */
  readonly copiesPending: () => number | undefined
  /** Blocks that the last forced recovery has still to take back. */
  readonly takingBack: () => number
}

/** The cluster of a node that others reach. */
export class RunningCluster implements ClusterService {
  readonly #parts: RunningClusterParts

  constructor(parts: RunningClusterParts) {
    this.#parts = parts
  }

  status(): ClusterStatus {
    const { view, liveness, groups, transport, copiesPending, host, takingBack } = this.#parts
    const known = liveness.nodes()
    const nodes = view.placement.places.map((place) => nodeAt(place, known))
    const root = host.peek(view.root)
    const members = root?.record === undefined ? view.placedAt(view.root) : root.group.members
    const alive = members.filter((member) => this.#stateOf(member, known) === 'alive').length
    return {
      networkId: view.networkId,
      networkName: view.facts.descriptor.foundation.name,
      epoch: view.epoch,
      nodes,
      quorum: { members: members.length, alive, needed: majorityOf({ index: 0, members, learners: [] }) },
      replication: replicationFactor,
      groupsPending: groups.pending,
      copiesPending: copiesPending(),
      openEpochs: view.facts.maps.length,
      withdrawn: host.withdrawal !== undefined,
      recovery: recoveryStatus(view.facts.recoveries, takingBack()),
      leftBehind: view.leftBehind && recoveryFacts(view.leftBehind),
      patience: liveness.healthMultiplier,
      listening: transport.listening,
    }
  }

  async invite(options: InviteOptions, { signal }: CallContext): Promise<{ readonly link: string; readonly expiresMs: number }> {
    checkInviteOptions(options)
    const { admission, advertised } = this.#parts
    return await admission.invite(options, advertised(), signal)
  }

  async replicas(address: BlockAddress, context: CallContext): Promise<readonly ReplicaStatus[] | undefined> {
    const { blocks, view, host, liveness } = this.#parts
    if (!(await this.#exists(blocks, address, context))) return undefined
    const known = liveness.nodes()
    if (isImmutable(address)) {
      return view.placedAt(address).map((member) => ({
        ...member,
        role: 'member',
        state: this.#stateOf(member, known),
        heldIndex: undefined,
      }))
    }
    const block = await host.open(address)
    const { members, learners } = block.group
    const primary = block.isLeading ? this.#parts.self : block.promisedTo
    const statusOf = (member: Member, role: ReplicaStatus['role']): ReplicaStatus => {
      const isSelf = compareMembers(member, this.#parts.self) === 0
      const heldIndex = isSelf ? block.committed : block.heldBy(member)
      return { ...member, role, state: this.#stateOf(member, known), heldIndex }
    }
    return [
      ...members.map((member) =>
        statusOf(member, primary !== undefined && compareMembers(primary, member) === 0 ? 'primary' : 'member'),
      ),
      ...learners.map((member) => statusOf(member, 'learner')),
    ]
  }

  /** A map block is known by its group, whoever may read it. */
  async #exists(blocks: BlockService, address: BlockAddress, context: CallContext): Promise<boolean> {
    try {
      return (await blocks.stat(address, context)) !== undefined
    } catch (error) {
      if (error instanceof CodedError && isCoded(error, 'block-not-found')) return false
      throw error
    }
  }

  #stateOf({ nodeId, storeId }: Member, known: readonly ClusterNodeStatus[]): ClusterNodeState {
    const node = known.find((each) => equalBytes(each.nodeId, nodeId))
    if (node === undefined) return 'unknown'
    // Another data directory of the node: this one is gone.
    return equalBytes(node.storeId, storeId) ? node.state : 'dead'
  }
}

function nodeAt(place: StoragePlace, known: readonly ClusterNodeStatus[]): ClusterNode {
  const { nodeId, storeId, weight, zone, labels } = place
  const node = known.find((each) => equalBytes(each.nodeId, nodeId))
  const placed = { nodeId, storeId, zone, labels, weight }
  if (node === undefined) {
    const nothing = { capacityBytes: undefined, freeBytes: undefined, software: '', bootCount: 0 }
    return { ...placed, isSelf: false, state: 'unknown', endpoints: [], version: nothing.software, ...nothing }
  }
  const { isSelf, state, endpoints, capacityBytes, freeBytes, software, bootCount } = node
  return { ...placed, isSelf, state, endpoints, capacityBytes, freeBytes, version: software, bootCount }
}
