import { CodedError } from '../../../shared/coded-error.ts'
import type {
  ChangedNodes,
  ClusterNode,
  ClusterNodeState,
  ClusterService,
  RecoveryFacts,
} from '../../engine/cluster/cluster-service.ts'
import { defaultInvite } from '../../engine/cluster/invite-options.ts'
import type { Handlers } from './bridge.ts'
import type { Cluster } from './generated/memo/v1/cluster_pb.js'
import { NodeRemoval, NodeState } from './generated/memo/v1/cluster_pb.js'

export const nodeStates = {
  unknown: NodeState.UNSPECIFIED,
  alive: NodeState.ALIVE,
  suspect: NodeState.SUSPECT,
  dead: NodeState.DEAD,
  left: NodeState.LEFT,
} as const satisfies Record<ClusterNodeState, NodeState>

const nodeRemovals = { left: NodeRemoval.LEFT, evicted: NodeRemoval.EVICTED } as const
const nodeIdBytes = 32

/** memo.v1.Cluster. */
export function clusterFace(cluster: ClusterService): Handlers<(typeof Cluster)['method']> {
  return {
    async status() {
      const status = cluster.status()
      const { networkId, networkName, epoch, nodes, quorum, replication, groupsPending, copiesPending, listening } = status
      const { recovery, leftBehind, withdrawn, removal } = status
      return {
        ...{ networkId, networkName, epoch: BigInt(epoch), nodes: nodes.map(nodeMessage), quorum, replication },
        groupsPending: BigInt(groupsPending),
        ...(copiesPending !== undefined && { copiesPending: BigInt(copiesPending) }),
        listening: [...listening],
        ...(recovery !== undefined && {
          recovery: {
            ...recoveryMessage(recovery),
            takenOut: [...recovery.takenOut],
            blocksLeft: BigInt(recovery.blocksLeft),
          },
        }),
        ...(leftBehind !== undefined && { leftBehind: recoveryMessage(leftBehind) }),
        withdrawn,
        removal: removal === undefined ? NodeRemoval.UNSPECIFIED : nodeRemovals[removal.how],
      }
    },
    async createInvite({ uses, validityMs }, call) {
      const options = {
        uses: uses === 0 ? defaultInvite.uses : uses,
        validityMs: validityMs === 0n ? defaultInvite.validityMs : Number(validityMs),
      }
      const { link, expiresMs } = await cluster.invite(options, call)
      return { link, expiresAtMs: BigInt(expiresMs) }
    },
    async drain({ nodeId, undo }, call) {
      return changedMessage(await cluster.drain(nodeIdIn(nodeId), { undo }, call))
    },
    async *leave(_request, call) {
      for await (const { phase, groupsPending, copiesPending, openEpochs } of cluster.leave(call)) {
        yield {
          left: phase === 'left',
          groupsPending: BigInt(groupsPending),
          ...(copiesPending !== undefined && { copiesPending: BigInt(copiesPending) }),
          openEpochs,
        }
      }
    },
    async evict({ nodeId, force }, call) {
      return changedMessage(await cluster.evict(nodeIdIn(nodeId), { force }, call))
    },
  }
}

function nodeIdIn(bytes: Uint8Array): Uint8Array {
  if (bytes.length === nodeIdBytes) return bytes
  throw new CodedError('invalid-argument', `a node id has ${nodeIdBytes} bytes; nothing was changed`)
}

function changedMessage({ epoch, storingNodes, replication }: ChangedNodes) {
  return { epoch: BigInt(epoch), storingNodes, replication }
}

function recoveryMessage({ number, recoveredMs, survivor, administrator }: RecoveryFacts) {
  return { number: BigInt(number), recoveredAtMs: BigInt(recoveredMs), survivor, administrator }
}

function nodeMessage(node: ClusterNode) {
  const { nodeId, storeId, isSelf, state, endpoints, zone, labels, weight, capacityBytes, freeBytes, version, bootCount } = node
  const { isDraining, drainLeft } = node
  return {
    ...{ nodeId, storeId, isSelf, state: nodeStates[state], endpoints: [...endpoints], zone, labels: [...labels], weight },
    ...(capacityBytes !== undefined && { capacityBytes: BigInt(capacityBytes) }),
    ...(freeBytes !== undefined && { freeBytes: BigInt(freeBytes) }),
    version,
    bootCount: BigInt(bootCount),
    isDraining,
    ...(drainLeft !== undefined && { drainLeft: BigInt(drainLeft) }),
  }
}
