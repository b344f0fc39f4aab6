import { toHex } from '../../core/base/bytes.ts'
import type { ClusterNodeState, ClusterStatus, QuorumStatus, RecoveryFacts } from '../../engine/cluster/cluster-service.ts'
import type { NodeStatus } from '../../engine/storage-node.ts'
import type { KeyDescription } from '../../ports/key-vault.ts'

/** The answer of /health. `problems` is empty exactly when `status` is "ok"; each is a sentence for the person on call. */
export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'down'
  readonly problems: readonly string[]
  readonly version: string
  readonly pid: number
  readonly state: NodeStatus['state']
  readonly uptimeMs: number
  readonly nodeId: string
  readonly networkId: string
  readonly networkName: string
  readonly store: {
    readonly id: string
    readonly bootCount: number
    readonly condition: 'sound' | 'suspect'
    readonly findings: readonly string[]
    readonly liveBytes: number
    readonly diskBytes: number
    readonly limitBytes: number | null
    readonly reserveBytes: number
    readonly segments: number
    readonly syncedPosition: string
    readonly records: Readonly<Record<string, number>>
    /** What was found damaged since the start, whatever became of it: some of it the start heals. */
    readonly damage: readonly string[]
    /** Why puts are refused until the next start. */
    readonly refusal: string | null
    /** What the store found when it read all of itself again; `lastRoundAt` is null before the end of the first round. */
    readonly scrub: { readonly lastRoundAt: string | null; readonly bytes: number; readonly findings: readonly string[] } | null
  }
  readonly cluster: {
    /** By state, this node among them. */
    readonly nodes: Readonly<Record<ClusterNodeState, number>>
    readonly quorum: QuorumStatus
    readonly groupsPending: number
    /** Null while the node does not know. */
    readonly copiesPending: number | null
    /** 1 when nothing is being moved. */
    readonly openEpochs: number
    /** The node votes no more until it has another data directory. */
    readonly withdrawn: boolean
    /** The last forced recovery of the network; null where there was none. */
    readonly recovery: (RecoveryReport & { readonly takenOut: readonly string[]; readonly blocksLeft: number }) | null
    /** The forced recovery by which the network went on without this node. */
    readonly leftBehind: RecoveryReport | null
  }
  readonly disk: { readonly freeBytes: number; readonly full: boolean }
  readonly keys: number
  readonly collectableValues: number
  readonly keysKept: readonly { readonly name: string; readonly protection: string; readonly mode: string }[]
}

interface RecoveryReport {
  readonly number: number
  readonly at: string
  readonly survivor: string
  readonly administrator: string
}

export interface HealthFacts {
  readonly version: string
  readonly pid: number
  readonly status: NodeStatus
  readonly cluster: ClusterStatus
  readonly keysKept: readonly KeyDescription[]
  readonly damage: readonly string[]
}

const findingsShownMax = 20

export function healthReport({ version, pid, status, cluster, keysKept, damage }: HealthFacts): HealthReport {
  const { identity, condition, usage } = status
  const findings = condition.kind === 'suspect' ? condition.findings : []
  const { full } = usage
  const problems = [...problemsOf(status, full), ...clusterProblems(cluster)]
  return {
    status: status.state === 'running' ? (problems.length === 0 ? 'ok' : 'degraded') : 'down',
    problems,
    version,
    pid,
    state: status.state,
    uptimeMs: Math.round(status.uptimeMs),
    nodeId: toHex(identity.nodeId),
    networkId: toHex(identity.networkId),
    networkName: identity.networkName,
    store: {
      id: toHex(identity.storeId),
      bootCount: identity.bootCount,
      condition: condition.kind,
      findings: findings.slice(0, findingsShownMax),
      liveBytes: usage.liveBytes,
      diskBytes: usage.diskBytes,
      limitBytes: usage.byteLimit ?? null,
      reserveBytes: usage.reserveBytes,
      segments: usage.segments,
      syncedPosition: String(usage.syncedPosition),
      records: Object.fromEntries(Object.entries(usage.families).map(([family, { records }]) => [family, records])),
      damage: damage.slice(0, findingsShownMax),
      refusal: status.scrub?.refusal ?? null,
      scrub: scrubReport(status.scrub),
    },
    cluster: {
      nodes: nodeCounts(cluster),
      quorum: cluster.quorum,
      groupsPending: cluster.groupsPending,
      copiesPending: cluster.copiesPending ?? null,
      openEpochs: cluster.openEpochs,
      withdrawn: cluster.withdrawn,
      ...recoveryReports(cluster),
    },
    disk: { freeBytes: usage.diskFreeBytes, full },
    keys: status.keys,
    collectableValues: status.collectable,
    keysKept: keysKept.map(({ name, protection, mode }) => ({ name, protection: protection.kind, mode: octal(mode) })),
  }
}

function recoveryReports({ recovery, leftBehind }: ClusterStatus): Pick<HealthReport['cluster'], 'recovery' | 'leftBehind'> {
  const reportOf = ({ number, recoveredMs, survivor, administrator }: RecoveryFacts): RecoveryReport => ({
    ...{ number, at: new Date(recoveredMs).toISOString() },
    ...{ survivor: toHex(survivor), administrator: toHex(administrator) },
  })
  const takenOut = recovery?.takenOut.slice(0, findingsShownMax).map(toHex) ?? []
  return {
    recovery: recovery === undefined ? null : { ...reportOf(recovery), takenOut, blocksLeft: recovery.blocksLeft },
    leftBehind: leftBehind === undefined ? null : reportOf(leftBehind),
  }
}

function scrubReport(scrub: NodeStatus['scrub']): HealthReport['store']['scrub'] {
  if (scrub === undefined) return null
  const { lastRound, findings } = scrub
  return {
    lastRoundAt: lastRound === undefined ? null : new Date(lastRound.endedMs).toISOString(),
    bytes: lastRound?.bytes ?? 0,
    findings: findings.slice(0, findingsShownMax),
  }
}

function problemsOf(status: NodeStatus, full: boolean): string[] {
  const problems: string[] = []
  if (status.state !== 'running') problems.push(`the node is ${status.state}`)
  if (status.condition.kind === 'suspect') {
    problems.push('durable records are missing: the store is read-only until "memo cluster recover --data DIR"')
  }
  const refusal = status.scrub?.refusal
  if (refusal !== undefined) problems.push(refusal)
  const found = (status.scrub?.findings.length ?? 0) - (refusal === undefined ? 0 : 1)
  if (found > 0)
    problems.push(`${found} places of the store are damaged: see store.scrub, and "memo doctor" with the node stopped`)
  if (full) problems.push('the store is full: changes are refused, removals still work')
  return problems
}

function nodeCounts({ nodes }: ClusterStatus): HealthReport['cluster']['nodes'] {
  const counts = { alive: 0, suspect: 0, dead: 0, left: 0, unknown: 0 }
  for (const { state } of nodes) counts[state] += 1
  return counts
}

/** A node that is only suspected may answer in a moment: nobody is woken for it. */
function clusterProblems(cluster: ClusterStatus): string[] {
  const { members, alive, needed } = cluster.quorum
  const problems: string[] = []
  if (cluster.leftBehind !== undefined) {
    problems.push(
      'the network was recovered by force without this data directory: the node takes no part any more, and the directory stays as it is; join anew with an empty one',
    )
    // It hears of nobody any more, and whom it misses is of no account.
    return problems
  }
  if (cluster.removal !== undefined) {
    const how = cluster.removal.how === 'left' ? 'has left the network' : 'was evicted from the network'
    problems.push(
      `this node ${how}: it takes no part any more, and its directory stays as it is; stop it, or join anew with an empty one`,
    )
    return problems
  }
  if (cluster.withdrawn) {
    problems.push('this data directory was restored or copied: the node takes no part any more, and the log says what was seen')
  }
  if (alive < needed) {
    problems.push(
      `the network cannot decide: ${alive} of the ${members} members of its own block are alive, ${needed} are needed`,
    )
  }
  if (alive === needed && alive < members) {
    problems.push(
      `one more node that goes stops the network: ${alive} of the ${members} members of its own block are alive, ${needed} are needed`,
    )
  }
  const { dead, left } = nodeCounts(cluster)
  if (dead > 0) problems.push(`${dead} of ${cluster.nodes.length} nodes of the network do not answer`)
  if (cluster.openEpochs > 1 && dead + left > 0) {
    problems.push(
      'blocks are being moved, which waits for nodes that are away: until they are back, new named and owner blocks may be refused',
    )
  }
  return problems
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
