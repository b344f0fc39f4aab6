import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { isImmutable } from '../../core/base/address.ts'
import { compareBytes, equalBytes } from '../../core/base/bytes.ts'
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
import type { NodeRemovals } from '../network/node-removals.ts'
import type {
  ChangedNodes,
  ClusterNode,
  ClusterNodeState,
  ClusterService,
  ClusterStatus,
  InviteOptions,
  LeaveProgress,
  ReplicaStatus,
} from './cluster-service.ts'
import type { Departure } from './departure.ts'
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
  readonly removals: NodeRemovals
  readonly departure: Departure
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
    const nodes = this.#nodes(known)
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
      removal: view.removal,
      patience: liveness.healthMultiplier,
      listening: transport.listening,
    }
  }

  async invite(options: InviteOptions, { signal }: CallContext): Promise<{ readonly link: string; readonly expiresMs: number }> {
    checkInviteOptions(options)
    const { admission, advertised } = this.#parts
    return await admission.invite(options, advertised(), signal)
  }

  async drain(nodeId: Uint8Array, options: { readonly undo: boolean }, { signal }: CallContext): Promise<ChangedNodes> {
    return { ...(await this.#parts.removals.drain(nodeId, options, signal)), replication: replicationFactor }
  }

  leave({ signal }: CallContext): AsyncIterable<LeaveProgress> {
    return this.#parts.departure.leave(signal)
  }

  async evict(nodeId: Uint8Array, { force }: { readonly force: boolean }, { signal }: CallContext): Promise<ChangedNodes> {
    const { liveness, removals } = this.#parts
    const state = liveness.nodes().find((each) => equalBytes(each.nodeId, nodeId))?.state
    if (!force && (state === 'alive' || state === 'suspect')) {
      const how = state === 'alive' ? 'answers' : 'answered until some seconds ago'
      const text = `this node ${how}: drain it, or have it leave. To cut it off all the same, ask with force`
      throw new CodedError('invalid-argument', `${text}; nothing was changed`)
    }
    return { ...(await removals.evict(nodeId, signal)), replication: replicationFactor }
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

  /** Those that the map names, and this one. */
  #nodes(known: readonly ClusterNodeStatus[]): readonly ClusterNode[] {
    const { view, self } = this.#parts
    const left = (place: StoragePlace): number | undefined => (place.weight > 0 ? undefined : this.#drainLeft(place))
    const nodes = view.placement.places.map((place) => nodeAt(place, known, left(place)))
    if (view.removal === undefined && view.isOfNetwork(self.nodeId)) return nodes
    const gone = { nodeId: self.nodeId, storeId: self.storeId, weight: 0, zone: '', labels: [] }
    const others = nodes.filter(({ nodeId }) => !equalBytes(nodeId, self.nodeId))
    return [...others, { ...nodeAt(gone, known, 0), state: 'left' as const, isDraining: false }].sort((left, right) =>
      compareBytes(left.nodeId, right.nodeId),
    )
  }

  /** Nothing is left on a node that drains when the epoch of its drain is settled; this one knows how much of its own is. */
  #drainLeft({ nodeId }: StoragePlace): number | undefined {
    const { view, self, groups, copiesPending } = this.#parts
    if (view.facts.maps.length === 1) return 0
    const copies = copiesPending()
    return equalBytes(nodeId, self.nodeId) && copies !== undefined ? groups.pending + copies : undefined
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

function nodeAt(place: StoragePlace, known: readonly ClusterNodeStatus[], drainLeft: number | undefined): ClusterNode {
  const { nodeId, storeId, weight, zone, labels } = place
  const node = known.find((each) => equalBytes(each.nodeId, nodeId))
  const placed = { nodeId, storeId, zone, labels, weight, isDraining: weight === 0, drainLeft }
  if (node === undefined) {
    const nothing = { capacityBytes: undefined, freeBytes: undefined, software: '', bootCount: 0 }
    return { ...placed, isSelf: false, state: 'unknown', endpoints: [], version: nothing.software, ...nothing }
  }
  const { isSelf, state, endpoints, capacityBytes, freeBytes, software, bootCount } = node
  return { ...placed, isSelf, state, endpoints, capacityBytes, freeBytes, version: software, bootCount }
}
