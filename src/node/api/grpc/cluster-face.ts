import type { ClusterNode, ClusterNodeState, ClusterService, RecoveryFacts } from '../../engine/cluster/cluster-service.ts'
import { defaultInvite } from '../../engine/cluster/invite-options.ts'
import type { Handlers } from './bridge.ts'
import type { Cluster } from './generated/memo/v1/cluster_pb.js'
import { NodeState } from './generated/memo/v1/cluster_pb.js'

export const nodeStates = {
  unknown: NodeState.UNSPECIFIED,
  alive: NodeState.ALIVE,
  suspect: NodeState.SUSPECT,
  dead: NodeState.DEAD,
  left: NodeState.LEFT,
} as const satisfies Record<ClusterNodeState, NodeState>

/** memo.v1.Cluster. */
export function clusterFace(cluster: ClusterService): Handlers<(typeof Cluster)['method']> {
  return {
    async status() {
      const status = cluster.status()
      const { networkId, networkName, epoch, nodes, quorum, replication, groupsPending, copiesPending, listening } = status
      const { recovery, leftBehind, withdrawn } = status
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
  }
}

function recoveryMessage({ number, recoveredMs, survivor, administrator }: RecoveryFacts) {
  return { number: BigInt(number), recoveredAtMs: BigInt(recoveredMs), survivor, administrator }
}

function nodeMessage(node: ClusterNode) {
  const { nodeId, storeId, isSelf, state, endpoints, zone, labels, weight, capacityBytes, freeBytes, version, bootCount } = node
  return {
    ...{ nodeId, storeId, isSelf, state: nodeStates[state], endpoints: [...endpoints], zone, labels: [...labels], weight },
    ...(capacityBytes !== undefined && { capacityBytes: BigInt(capacityBytes) }),
    ...(freeBytes !== undefined && { freeBytes: BigInt(freeBytes) }),
    version,
    bootCount: BigInt(bootCount),
  }
}
