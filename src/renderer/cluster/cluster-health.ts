import type { ClusterNodeState, ClusterSummary } from '../../ipc/contract/cluster-schemas.ts'
import type { Tone } from '../ui/banner.tsx'

/** The nodes of a network as a person counts them: those that left are no part of it any more. */
export interface ClusterHealth {
  readonly alive: number
  readonly total: number
  readonly alone: boolean
  /** Whether the network can decide who is in it. */
  readonly quorate: boolean
  readonly tone: Tone | 'idle'
}

export function clusterHealth({ nodes, quorum }: ClusterSummary): ClusterHealth {
  const { alive, suspect, dead, unknown } = nodes
  const total = alive + suspect + dead + unknown
  const quorate = quorum.alive >= quorum.needed
  const alone = total <= 1
  const tone = quorate ? (alive < total ? 'warn' : alone ? 'idle' : 'ok') : 'danger'
  return { alive, total, alone, quorate, tone }
}

/** Why a node takes no part in its network any more; undefined while it does. */
export type Withdrawal = 'left-behind' | 'left' | 'evicted' | 'copied'

export function withdrawalOf({ withdrawn, leftBehind, removal }: ClusterSummary): Withdrawal | undefined {
  if (leftBehind !== null) return 'left-behind'
  if (removal !== null) return removal
  return withdrawn ? 'copied' : undefined
}

export const nodeTones = {
  alive: 'ok',
  suspect: 'warn',
  dead: 'danger',
  left: 'idle',
  unknown: 'idle',
} as const satisfies Record<ClusterNodeState, Tone | 'idle'>
