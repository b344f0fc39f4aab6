import type { MessageShape } from '@bufbuild/protobuf'
import { CodedError } from '../../../shared/coded-error.ts'
import type {
  ClusterNodeSchema,
  ClusterStatusResponseSchema,
  RecoverySchema,
} from '../../api/grpc/generated/memo/v1/cluster_pb.js'
import { Cluster, NodeRemoval } from '../../api/grpc/generated/memo/v1/cluster_pb.js'
import { toHex } from '../../core/base/bytes.ts'
import type { CliIo } from '../cli-io.ts'
import type { RemoteCall, RemoteFlags } from '../client/remote-command.ts'
import { withConnection } from '../client/remote-command.ts'
import { byteText } from '../transfer/transfer-report.ts'
import { nodeStateWord, nodeStateWords } from './node-state-word.ts'
import { textTable } from './text-table.ts'

type Status = MessageShape<typeof ClusterStatusResponseSchema>
type Node = MessageShape<typeof ClusterNodeSchema>
type Recovery = MessageShape<typeof RecoverySchema>

const removalWords: Partial<Record<NodeRemoval, string>> = { [NodeRemoval.LEFT]: 'left', [NodeRemoval.EVICTED]: 'evicted' }

export interface InviteFlags extends RemoteFlags {
  readonly auto?: boolean
  readonly uses: number
  readonly valid: number
}

export function inviteNodes({ auto, uses, valid, ...flags }: InviteFlags, io: CliIo): Promise<void> {
  if (auto !== true) {
    throw new CodedError(
      'invalid-argument',
      'asking somebody to approve each node is not in this version: with --auto whoever has the link joins',
    )
  }
  return withConnection(flags, io, async ({ connection, output }) => {
    const input = { uses, validityMs: BigInt(valid) }
    const { link, expiresAtMs } = await connection.unary(Cluster.method.createInvite, input, { signal: io.signal })
    const expires = new Date(Number(expiresAtMs)).toISOString()
    const nodes = uses === 1 ? 'one node' : `${uses} nodes`
    output.remark(`It lets ${nodes} join until ${expires}: keep it to yourself until then.`)
    await output.result(link, { link, expires, uses })
  })
}

export function clusterStatus(flags: RemoteFlags, io: CliIo): Promise<void> {
  return withConnection(flags, io, async (call) => {
    const status = await statusOf(call, io)
    const { networkName, networkId, epoch, nodes, replication, groupsPending, copiesPending, listening } = status
    const { members = 0, alive = 0, needed = 0 } = status.quorum ?? {}
    const health = { members, alive, needed, reached: alive >= needed }
    const lines = [
      ['network', `${networkName} (${toHex(networkId)})`],
      ['quorum', `${health.reached ? 'reached' : 'NOT REACHED'}: ${alive} of ${members} members alive, ${needed} needed`],
      ['nodes', `${nodes.length}: ${stateCounts(nodes)}`],
      ['copies', copiesText(replication, nodes)],
      ['epoch', String(epoch)],
      ['to do', pendingText(groupsPending, copiesPending)],
      ['listening', listening.join(', ') || 'for no other nodes'],
      ...recoveryLines(status),
    ]
    await call.output.result(lines.map(([name = '', text]) => `${name.padEnd(10)} ${text}`).join('\n'), {
      ...{ network: networkName, networkId: toHex(networkId), quorum: health, nodes: countsOf(nodes), replication },
      ...{ epoch: Number(epoch), groupsPending: Number(groupsPending), listening },
      copiesPending: copiesPending === undefined ? null : Number(copiesPending),
      ...{ recovery: recoveryJson(status.recovery), leftBehind: recoveryJson(status.leftBehind), withdrawn: status.withdrawn },
      removal: removalWords[status.removal] ?? null,
    })
  })
}

/** Forced recoveries are never passed over in silence. */
function recoveryLines({ recovery, leftBehind, withdrawn, removal }: Status): readonly (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = []
  if (recovery !== undefined) {
    const { number, survivor, takenOut, blocksLeft } = recovery
    const left = blocksLeft === 0n ? '' : `; ${blocksLeft} blocks still to be taken back`
    const text = `${number} by force, ${recoveredAt(recovery)}: node ${shortId(survivor)} went on alone, ${takenOut.length} taken out (${takenOut.map(shortId).join(', ')})${left}`
    lines.push(['recovery', text])
  }
  if (leftBehind !== undefined) {
    const text = `LEFT BEHIND: the network was recovered by force without this directory (${leftBehind.number}, ${recoveredAt(leftBehind)}); it stays as it is, join anew with an empty one`
    lines.push(['state', text])
  } else if (removal === NodeRemoval.LEFT) {
    lines.push([
      'state',
      'LEFT: this node has left the network and takes no part any more; stop it, its directory stays as it is',
    ])
  } else if (removal === NodeRemoval.EVICTED) {
    lines.push(['state', 'EVICTED: this node takes no part any more; join anew with an empty directory'])
  } else if (withdrawn) lines.push(['state', 'WITHDRAWN: this data directory was restored or copied'])
  return lines
}

function recoveryJson(recovery: Recovery | undefined) {
  if (recovery === undefined) return null
  const { number, survivor, administrator, takenOut, blocksLeft } = recovery
  return {
    ...{ number: Number(number), at: recoveredAt(recovery), survivor: toHex(survivor), administrator: toHex(administrator) },
    ...{ takenOut: takenOut.map(toHex), blocksLeft: Number(blocksLeft) },
  }
}

function recoveredAt({ recoveredAtMs }: Recovery): string {
  return new Date(Number(recoveredAtMs)).toISOString()
}

function shortId(nodeId: Uint8Array): string {
  return toHex(nodeId).slice(0, 12)
}

function copiesText(replication: number, nodes: readonly Node[]): string {
  const away = nodes.filter(({ state }) => ['dead', 'left'].includes(nodeStateWord(state))).length
  const fewer = away === 0 ? '' : `; fewer of what lies at the ${away === 1 ? 'one that is' : `${away} that are`} away`
  return `${replication} of every block, where there are nodes enough${fewer}`
}

export function clusterNodes(flags: RemoteFlags, io: CliIo): Promise<void> {
  return withConnection(flags, io, async (call) => {
    const { nodes } = await statusOf(call, io)
    const rows = nodes.map((node) => [
      toHex(node.nodeId).slice(0, 12),
      nodeStateWord(node.state),
      node.endpoints[0] ?? '-',
      node.zone || '-',
      node.labels.join(',') || '-',
      node.freeBytes === undefined ? '-' : byteText(Number(node.freeBytes)),
      node.version || '-',
      [node.isSelf ? 'this node' : '', drainText(node)].filter((text) => text !== '').join(', '),
    ])
    const text = textTable([['NODE', 'STATE', 'ADDRESS', 'ZONE', 'LABELS', 'FREE', 'VERSION', ''], ...rows])
    await call.output.result(text, { nodes: nodes.map(nodeJson) })
  })
}

function drainText({ isDraining, drainLeft }: Node): string {
  if (!isDraining) return ''
  if (drainLeft === undefined) return 'draining'
  return drainLeft === 0n ? 'drained' : `draining: ${drainLeft} left`
}

function statusOf({ connection }: RemoteCall, io: CliIo): Promise<Status> {
  return connection.unary(Cluster.method.status, {}, { signal: io.signal })
}

function nodeJson({ nodeId, storeId, isSelf, state, endpoints, zone, labels, weight, version, bootCount, ...rest }: Node) {
  const { capacityBytes, freeBytes, isDraining, drainLeft } = rest
  return {
    ...{ nodeId: toHex(nodeId), storeId: toHex(storeId), isSelf, state: nodeStateWord(state), endpoints, zone, labels, weight },
    ...{ version, bootCount: Number(bootCount) },
    capacityBytes: capacityBytes === undefined ? null : Number(capacityBytes),
    freeBytes: freeBytes === undefined ? null : Number(freeBytes),
    draining: isDraining,
    drainLeft: drainLeft === undefined ? null : Number(drainLeft),
  }
}

function countsOf(nodes: readonly Node[]): Readonly<Record<string, number>> {
  const count = (word: string) => nodes.filter(({ state }) => nodeStateWord(state) === word).length
  return Object.fromEntries(nodeStateWords.map((word) => [word, count(word)]))
}

function stateCounts(nodes: readonly Node[]): string {
  return Object.entries(countsOf(nodes))
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${number} ${word}`)
    .join(', ')
}

function pendingText(groups: bigint, copies: bigint | undefined): string {
  if (groups === 0n && copies === 0n) return 'nothing'
  const copiesText = copies === undefined ? 'copies not counted yet' : `${copies} copies`
  return `${groups} groups, ${copiesText}`
}
