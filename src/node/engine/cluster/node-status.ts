import type { NodeRecord, SignedNodeRecord } from '../../core/access/node-record.ts'
import type { PeerState } from '../../core/overlay/swim/swim-messages.ts'

/** A node of the network as this one sees it: what it says of itself, and what became of it. */
export interface ClusterNodeStatus extends Omit<NodeRecord, 'nodeKey'> {
  readonly state: PeerState
  /** This node itself. */
  readonly isSelf: boolean
  /** How long an answer to a ping takes on average; absent until one came. */
  readonly rttMs?: number
}

export function statusOf(
  { nodeKey: _nodeKey, signature: _signature, ...record }: SignedNodeRecord,
  facts: { readonly state: PeerState; readonly isSelf: boolean; readonly rttMs: number | undefined },
): ClusterNodeStatus {
  const { state, isSelf, rttMs } = facts
  return { ...record, state, isSelf, ...(rttMs !== undefined && { rttMs }) }
}
