import type { ClusterNode, ClusterStatus, ClusterSummary, Invite, LeaveProgress } from '../../ipc/contract/cluster-schemas.ts'
import type { Withdrawal } from '../cluster/cluster-health.ts'
import { demoHello } from './demo-figures.ts'

const gigabyte = 1_000_000_000
const replication = 3
const leaveStepMs = 600

function node(nodeId: string, endpoint: string, facts: Partial<ClusterNode> = {}): ClusterNode {
  return {
    ...{ nodeId, isSelf: false, state: 'alive', endpoints: [endpoint], zone: '', labels: [], version: demoHello.nodeVersion },
    capacityBytes: 250 * gigabyte,
    freeBytes: 212 * gigabyte,
    ...{ isDraining: false, drainLeft: null },
    ...facts,
  }
}

const nodes: readonly ClusterNode[] = [
  node(demoHello.nodeId, '192.0.2.11:7072', { isSelf: true, zone: 'attic' }),
  node('8c02f1b7a94e5d63021fc8be7745a90d31e6f28b04cc97ad5518e3f60b7d4200', '192.0.2.12:7072', {
    zone: 'cellar',
    labels: ['ssd'],
  }),
  node('c75de90a13468fb2d01e9a54f6b3087c2a7d51ee04968b3fa1dc60927f458e00', '192.0.2.13:7072', {
    zone: 'office',
    freeBytes: 61 * gigabyte,
  }),
]

/** The network of the demo: three nodes, or one that is alone. */
export class DemoCluster {
  #nodes = nodes
  #invites = 0
  #withdrawal: Withdrawal | undefined

  /** As a node that was never told where others reach it. */
  leaveAlone(): void {
    this.#nodes = nodes.slice(0, 1).map((one) => ({ ...one, endpoints: [] }))
  }

  /** A machine is switched off. */
  lose(count: number): void {
    this.#nodes = this.#nodes.map((one, at) => (at > 0 && at <= count ? { ...one, state: 'dead' } : one))
  }

  /** The network goes on without this node, which misses everybody. */
  withdraw(why: Withdrawal): void {
    this.#withdrawal = why
    this.lose(this.#nodes.length)
  }

  status(): ClusterStatus {
    const { networkId, networkName } = demoHello
    const listening = this.#nodes[0]?.endpoints ?? []
    return {
      ...{ networkId, networkName, epoch: this.#nodes.length, nodes: [...this.#nodes], more: 0, quorum: this.#quorum() },
      ...{ groupsPending: 0, copiesPending: 0, listening, storingNodes: this.#storing(), replication },
    }
  }

  summary(): ClusterSummary {
    const counts = { alive: 0, suspect: 0, dead: 0, left: 0, unknown: 0 }
    for (const { state } of this.#nodes) counts[state] += 1
    const why = this.#withdrawal
    const leftBehind = { number: 1, atMs: Date.UTC(2026, 0, 5, 9), survivor: nodes[1]?.nodeId ?? '' }
    return {
      ...{ nodes: counts, quorum: this.#quorum(), replication, recovery: null, withdrawn: why !== undefined },
      leftBehind: why === 'left-behind' ? leftBehind : null,
      removal: why === 'left' || why === 'evicted' ? why : null,
    }
  }

  invite(validityMs: number): Invite {
    this.#invites += 1
    return {
      link: `memo://join/demo-${String(this.#invites).padStart(3, '0')}-Rk3xQ9vTzL0aYw7uB2`,
      expiresMs: Date.now() + validityMs,
    }
  }

  drain(nodeId: string, undo: boolean): { readonly epoch: number; readonly storingNodes: number; readonly replication: number } {
    const state = undo ? { isDraining: false, drainLeft: null } : { isDraining: true, drainLeft: 1240 }
    this.#nodes = this.#nodes.map((one) => (one.nodeId === nodeId ? { ...one, ...state } : one))
    return this.#changed()
  }

  evict(nodeId: string): ReturnType<DemoCluster['drain']> {
    this.#nodes = this.#nodes.filter((one) => one.nodeId !== nodeId)
    return this.#changed()
  }

  async *leave(signal: AbortSignal | undefined): AsyncGenerator<LeaveProgress, void> {
    const self = this.#nodes[0]?.nodeId ?? ''
    this.drain(self, false)
    for (const copiesPending of [1240, 610, 120, 0]) {
      yield { phase: 'draining', groupsPending: Math.ceil(copiesPending / 40), copiesPending, openEpochs: 2 }
      await new Promise((resolve) => setTimeout(resolve, leaveStepMs))
      if (signal?.aborted) return
    }
    this.withdraw('left')
    yield { phase: 'left', groupsPending: 0, copiesPending: 0, openEpochs: 1 }
  }

  #storing(): number {
    return this.#nodes.filter(({ state, isDraining }) => state !== 'left' && !isDraining).length
  }

  #changed(): ReturnType<DemoCluster['drain']> {
    return { epoch: this.#nodes.length + 1, storingNodes: this.#storing(), replication }
  }

  #quorum(): ClusterSummary['quorum'] {
    const members = this.#nodes.length
    const alive = this.#nodes.filter(({ state }) => state === 'alive').length
    return { members, alive, needed: Math.floor(members / 2) + 1 }
  }
}
