import type { MessageShape } from '@bufbuild/protobuf'
import { CodedError } from '../../../shared/coded-error.ts'
import type {
  ClusterNodeSchema,
  ClusterStatusResponseSchema,
  EvictResponseSchema,
  LeaveResponseSchema,
} from '../../api/grpc/generated/memo/v1/cluster_pb.js'
import { Cluster } from '../../api/grpc/generated/memo/v1/cluster_pb.js'
import { toHex } from '../../core/base/bytes.ts'
import type { CliIo } from '../cli-io.ts'
import type { RemoteCall, RemoteFlags } from '../client/remote-command.ts'
import { withConnection } from '../client/remote-command.ts'
import { confirm } from '../confirm.ts'

type Status = MessageShape<typeof ClusterStatusResponseSchema>
type Node = MessageShape<typeof ClusterNodeSchema>
type Changed = Pick<MessageShape<typeof EvictResponseSchema>, 'epoch' | 'storingNodes' | 'replication'>
type Progress = MessageShape<typeof LeaveResponseSchema>

export interface DrainFlags extends RemoteFlags {
  readonly undo?: boolean
  readonly yes?: boolean
}

export interface LeaveFlags extends RemoteFlags {
  readonly yes?: boolean
}

export interface EvictFlags extends RemoteFlags {
  readonly force?: boolean
  readonly yes?: boolean
}

/** `memo cluster drain`. */
export function drainNode(name: string, { undo = false, yes, ...flags }: DrainFlags, io: CliIo): Promise<void> {
  return withConnection(flags, io, async (call) => {
    const status = await statusOf(call, io)
    const { nodeId } = nodeNamed(name, status)
    if (!undo) await confirmFewer(nodeId, status, yes, io)
    const changed = await call.connection.unary(Cluster.method.drain, { nodeId, undo }, { signal: io.signal })
    const what = undo ? 'takes its share of the blocks again' : 'takes no blocks any more, and what it has moves to the others'
    const next = undo ? '' : ' It votes and serves until that is done: "memo cluster nodes" says how much is left.'
    await call.output.result(`Node ${shortId(nodeId)} ${what}. ${changedText(changed)}${next}`, {
      ...{ nodeId: toHex(nodeId), draining: !undo },
      ...changedJson(changed),
    })
  })
}

/** `memo cluster leave`: until the node has left; who interrupts it leaves it draining. */
export function leaveCluster({ yes, ...flags }: LeaveFlags, io: CliIo): Promise<void> {
  return withConnection(flags, io, async (call) => {
    const { connection, output } = call
    const status = await statusOf(call, io)
    const self = status.nodes.find(({ isSelf }) => isSelf)
    if (self === undefined) throw new CodedError('internal', 'the node does not say which of the nodes it is')
    await confirmFewer(self.nodeId, status, yes, io)
    if (yes !== true) {
      const question = `Take node ${shortId(self.nodeId)} out of the network ${status.networkName} for good?`
      await confirm(io, { warning: 'a node that has left does not come back with its directory', question })
    }
    output.remark('It drains, and leaves when nothing is left on it. Interrupted here it stays draining: ask again, or undo it.')
    let told = ''
    let hasLeft = false
    for await (const progress of connection.download(Cluster.method.leave, {}, { signal: io.signal })) {
      hasLeft = progress.left
      const text = progressText(progress)
      if (text !== told) output.remark(text)
      told = text
    }
    if (!hasLeft) throw new CodedError('unavailable', 'the node said no more before it had left: it may be draining still')
    const text = `Node ${shortId(self.nodeId)} has left the network ${status.networkName}. Stop it: its directory stays as it is, and takes no part again.`
    await output.result(text, { nodeId: toHex(self.nodeId), network: status.networkName, left: true })
  })
}

/** `memo cluster evict`. */
export function evictNode(name: string, { force = false, yes, ...flags }: EvictFlags, io: CliIo): Promise<void> {
  return withConnection(flags, io, async (call) => {
    const status = await statusOf(call, io)
    const { nodeId } = nodeNamed(name, status)
    if (yes !== true) {
      const fewer = fewerText(nodeId, status)
      const question = `Take node ${shortId(nodeId)} out of the network ${status.networkName} for good?${fewer === undefined ? '' : ` ${fewer}`}`
      await confirm(io, { warning: 'an evicted node does not come back with its directory', question })
    }
    const changed = await call.connection.unary(Cluster.method.evict, { nodeId, force }, { signal: io.signal })
    const next = 'What it held is copied from the others: "memo cluster status" says what is left to do.'
    await call.output.result(`Evicted node ${shortId(nodeId)}. ${changedText(changed)} ${next}`, {
      nodeId: toHex(nodeId),
      ...changedJson(changed),
    })
  })
}

/** The one node whose id begins so. */
export function nodeNamed(name: string, { nodes }: Pick<Status, 'nodes'>): Node {
  if (!/^[0-9a-f]{1,64}$/i.test(name)) {
    throw new CodedError('invalid-argument', `${name} is no node: give its id, or the beginning of it ("memo cluster nodes")`)
  }
  const found = nodes.filter(({ nodeId }) => toHex(nodeId).startsWith(name.toLowerCase()))
  const [node, another] = found
  if (node === undefined) throw new CodedError('invalid-argument', `no node of the network has an id that begins with ${name}`)
  if (another === undefined) return node
  throw new CodedError('invalid-argument', `the ids of ${found.length} nodes begin with ${name}: give more of it`)
}

function statusOf({ connection }: RemoteCall, io: CliIo): Promise<Status> {
  return connection.unary(Cluster.method.status, {}, { signal: io.signal })
}

async function confirmFewer(nodeId: Uint8Array, status: Status, yes: boolean | undefined, io: CliIo): Promise<void> {
  const warning = yes === true ? undefined : fewerText(nodeId, status)
  if (warning !== undefined) await confirm(io, { warning, question: `${warning} Go on?` })
}

/** Undefined where enough nodes are left for all copies, or there are no fewer than before. */
function fewerText(gone: Uint8Array, { nodes, replication }: Status): string | undefined {
  const storing = nodes.filter(({ weight }) => weight > 0)
  const left = storing.filter(({ nodeId }) => toHex(nodeId) !== toHex(gone)).length
  if (left >= replication || left === storing.length) return undefined
  return `Only ${left} ${left === 1 ? 'node takes' : 'nodes take'} blocks then: there are ${left} copies of each, not ${replication}.`
}

function changedText({ epoch, storingNodes, replication }: Changed): string {
  const fewer = storingNodes < replication ? `, so there are ${storingNodes} copies of each, not ${replication}` : ''
  return `In epoch ${epoch} ${storingNodes} ${storingNodes === 1 ? 'node takes' : 'nodes take'} blocks${fewer}.`
}

function changedJson({ epoch, storingNodes, replication }: Changed) {
  return { epoch: Number(epoch), storingNodes, replication }
}

function progressText({ left, groupsPending, copiesPending, openEpochs }: Progress): string {
  if (left) return 'left'
  if (groupsPending > 0n || copiesPending !== 0n) {
    const copies = copiesPending === undefined ? 'copies not counted yet' : `${copiesPending} copies`
    return `draining: ${groupsPending} groups and ${copies} to hand on`
  }
  return openEpochs > 1 ? 'draining: handed on, the other nodes are not done' : 'draining: nothing is left'
}

function shortId(nodeId: Uint8Array): string {
  return toHex(nodeId).slice(0, 12)
}
