import type { ClusterNode, ClusterNodeState, ClusterStatus, ClusterSummary } from '../../../ipc/contract/cluster-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { assert } from '../../../shared/assert.ts'
import { fromHex, toHex } from '../../core/base/bytes.ts'
import type {
  ClusterService,
  ClusterNode as EngineNode,
  ClusterStatus as EngineStatus,
  RecoveryFacts,
} from '../../engine/cluster/cluster-service.ts'
import { controlBase } from './control-base.ts'

export interface ClusterParts {
  readonly cluster: Pick<ClusterService, 'status' | 'invite' | 'drain' | 'leave' | 'evict'>
}

export function clusterHandlers({ cluster: service }: ClusterParts) {
  const { cluster } = controlBase
  return {
    status: cluster.status.handler(() => clusterStatus(service.status())),
    invite: cluster.invite.handler(async ({ input, context }) => await service.invite(input, context.call)),
    drain: cluster.drain.handler(async ({ input: { nodeId, undo }, context }) => {
      return await service.drain(nodeIdIn(nodeId), { undo }, context.call)
    }),
    leave: cluster.leave.handler(async function* ({ context }) {
      for await (const progress of service.leave(context.call)) {
        yield { ...progress, copiesPending: progress.copiesPending ?? null }
      }
    }),
    evict: cluster.evict.handler(async ({ input: { nodeId, force }, context }) => {
      return await service.evict(nodeIdIn(nodeId), { force }, context.call)
    }),
  }
}

/** The contract lets hexadecimal digits through only. */
function nodeIdIn(text: string): Uint8Array {
  const nodeId = fromHex(text)
  assert(nodeId !== undefined, 'a node id of the contract is hexadecimal')
  return nodeId
}

/** What a status says of the network. */
export function clusterSummary(status: EngineStatus): ClusterSummary {
  const { nodes, quorum, replication, recovery, leftBehind, withdrawn, removal } = status
  const counts = { alive: 0, suspect: 0, dead: 0, left: 0, unknown: 0 }
  for (const { state } of nodes) counts[state] += 1
  return {
    ...{ nodes: counts, quorum, replication, withdrawn, removal: removal?.how ?? null },
    recovery:
      recovery === undefined
        ? null
        : { ...recoveryOf(recovery), takenOut: recovery.takenOut.length, blocksLeft: recovery.blocksLeft },
    leftBehind: leftBehind === undefined ? null : recoveryOf(leftBehind),
  }
}

function recoveryOf({ number, recoveredMs, survivor }: RecoveryFacts) {
  return { number, atMs: recoveredMs, survivor: toHex(survivor) }
}

function clusterStatus(status: EngineStatus): ClusterStatus {
  const { networkId, networkName, epoch, quorum, replication, groupsPending, copiesPending = null, listening } = status
  const byUrgency = [...status.nodes].sort((left, right) => urgencyOf(left) - urgencyOf(right))
  const shown = new Set(byUrgency.slice(0, wireLimits.clusterNodesMax))
  const nodes = status.nodes.filter((node) => shown.has(node))
  const [self, others] = [nodes.filter(({ isSelf }) => isSelf), nodes.filter(({ isSelf }) => !isSelf)]
  return {
    ...{ networkId: toHex(networkId), networkName, epoch, quorum, groupsPending, copiesPending, listening: [...listening] },
    nodes: [...self, ...others].map(nodeOf),
    ...{ more: status.nodes.length - nodes.length, replication },
    storingNodes: status.nodes.filter(({ state, weight }) => state !== 'left' && weight > 0).length,
  }
}

/** Nodes that somebody should look at are not the ones that are left out. */
const urgencies = { dead: 1, suspect: 2, unknown: 3, alive: 4, left: 5 } as const satisfies Record<ClusterNodeState, number>

function urgencyOf({ isSelf, state }: EngineNode): number {
  return isSelf ? 0 : urgencies[state]
}

function nodeOf({ nodeId, isSelf, state, endpoints, zone, labels, ...facts }: EngineNode): ClusterNode {
  const { capacityBytes = null, freeBytes = null, version, isDraining, drainLeft = null } = facts
  return {
    ...{ nodeId: toHex(nodeId), isSelf, state, endpoints: [...endpoints], zone, labels: [...labels], version },
    ...{ capacityBytes, freeBytes, isDraining, drainLeft },
  }
}
