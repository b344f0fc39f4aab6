import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Metadata, status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { Cluster, NodeRemoval, NodeState } from '../../../src/node/api/grpc/generated/memo/v1/cluster_pb.js'
import type { ClusterNodeState, InviteOptions } from '../../../src/node/engine/cluster/cluster-service.ts'
import { checkInviteOptions } from '../../../src/node/engine/cluster/invite-options.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { clusterNodeOf, clusterOf } from '../../support/cluster-facts.ts'
import { GrpcRig } from './grpc-rig.ts'

const dayMs = 86_400_000

test('the nodes, the quorum and what is left to do are told', async () => {
  await using rig = await GrpcRig.start({ cluster: { status: () => clusterOf() } })
  const answer = await rig.client.call(Cluster.method.status, {})
  expect(answer).toMatchObject({
    networkName: 'office',
    epoch: 4n,
    quorum: { members: 3, alive: 2, needed: 2 },
    replication: 3,
    groupsPending: 2n,
    listening: ['192.0.2.1:7072'],
  })
  expect(answer.copiesPending).toBeUndefined()
  expect(answer.nodes[1]).toMatchObject({
    nodeId: new Uint8Array(32).fill(2),
    isSelf: false,
    state: NodeState.ALIVE,
    endpoints: ['192.0.2.2:7072'],
    zone: 'cellar',
    labels: ['ssd'],
    weight: 100,
    capacityBytes: 1000n,
    freeBytes: 400n,
    bootCount: 3n,
  })
})

test('a forced recovery is told, and one without the node that answers', async () => {
  const facts = { number: 3, recoveredMs: 5000, survivor: new Uint8Array(32).fill(1), administrator: new Uint8Array(32).fill(2) }
  const recovery = { ...facts, takenOut: [new Uint8Array(32).fill(4)], blocksLeft: 6 }
  await using rig = await GrpcRig.start({
    cluster: { status: () => clusterOf({ recovery, leftBehind: facts, withdrawn: true }) },
  })
  const told = { number: 3n, recoveredAtMs: 5000n, survivor: facts.survivor, administrator: facts.administrator }
  expect(await rig.client.call(Cluster.method.status, {})).toMatchObject({
    recovery: { ...told, takenOut: [new Uint8Array(32).fill(4)], blocksLeft: 6n },
    leftBehind: told,
    withdrawn: true,
  })
})

test('each state has its number, and what was not heard is absent', async () => {
  const states: readonly ClusterNodeState[] = ['alive', 'suspect', 'dead', 'left', 'unknown']
  const nodes = states.map((state, at) => clusterNodeOf(at + 1, { state, capacityBytes: undefined, freeBytes: undefined }))
  await using rig = await GrpcRig.start({ cluster: { status: () => clusterOf({ nodes, copiesPending: 0 }) } })
  const answer = await rig.client.call(Cluster.method.status, {})
  expect(answer.nodes.map(({ state }) => state)).toEqual([1, 2, 3, 4, 0])
  expect(answer.nodes.every(({ capacityBytes, freeBytes }) => capacityBytes === undefined && freeBytes === undefined)).toBe(true)
  expect(answer.copiesPending).toBe(0n)
})

test('an invite has one use and a day unless its caller says more', async () => {
  const asked: InviteOptions[] = []
  const invite = async (options: InviteOptions) => {
    asked.push(options)
    checkInviteOptions(options)
    return { link: 'memo://join/x', expiresMs: 12 }
  }
  await using rig = await GrpcRig.start({ cluster: { invite } })
  expect(await rig.client.call(Cluster.method.createInvite, {})).toMatchObject({ link: 'memo://join/x', expiresAtMs: 12n })
  await rig.client.call(Cluster.method.createInvite, { uses: 1024, validityMs: BigInt(30 * dayMs) })
  expect(asked).toEqual([
    { uses: 1, validityMs: dayMs },
    { uses: 1024, validityMs: 30 * dayMs },
  ])
  for (const beyond of [
    { uses: 1025 },
    { validityMs: 999n },
    { validityMs: BigInt(30 * dayMs) + 1n },
    { validityMs: 2n ** 64n - 1n },
  ]) {
    expect((await rig.client.fail(Cluster.method.createInvite, beyond)).code).toBe(status.INVALID_ARGUMENT)
  }
})

test('without a majority nobody is invited, and the caller learns that nothing was changed', async () => {
  const invite = async () => {
    throw new CodedError('unavailable', 'no majority is reached')
  }
  await using rig = await GrpcRig.start({ cluster: { invite } })
  const error = await rig.client.fail(Cluster.method.createInvite, {})
  expect([error.code, error.details]).toEqual([status.UNAVAILABLE, expect.stringContaining('nothing was changed')])
})

test('a node that asks for a token shows its cluster to nobody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'memo-cluster-'))
  const tokenPath = join(folder, 'token')
  writeFileSync(tokenPath, 'secret-of-a-test-0123456789abcdef\n', { mode: 0o600 })
  try {
    await using rig = await GrpcRig.start({ auth: { tokenPath }, cluster: { status: () => clusterOf() } })
    expect((await rig.client.fail(Cluster.method.status, {})).code).toBe(status.UNAUTHENTICATED)
    expect((await rig.client.fail(Cluster.method.createInvite, {})).code).toBe(status.UNAUTHENTICATED)
    const metadata = new Metadata()
    metadata.set('authorization', 'Bearer secret-of-a-test-0123456789abcdef')
    expect((await rig.client.call(Cluster.method.status, {}, {}, metadata)).networkName).toBe('office')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a node is drained and evicted as it is asked, and what is no node id is refused', async () => {
  const asked: unknown[] = []
  const changed = { epoch: 7, storingNodes: 2, replication: 3 }
  const drain = async (nodeId: Uint8Array, options: object) => {
    asked.push([nodeId[0], options])
    return changed
  }
  await using rig = await GrpcRig.start({ cluster: { drain, evict: drain } })
  const nodeId = new Uint8Array(32).fill(5)
  const told = { epoch: 7n, storingNodes: 2, replication: 3 }
  expect(await rig.client.call(Cluster.method.drain, { nodeId })).toMatchObject(told)
  expect(await rig.client.call(Cluster.method.drain, { nodeId, undo: true })).toMatchObject(told)
  expect(await rig.client.call(Cluster.method.evict, { nodeId, force: true })).toMatchObject(told)
  expect(asked).toEqual([
    [5, { undo: false }],
    [5, { undo: true }],
    [5, { force: true }],
  ])
  const short = { nodeId: nodeId.subarray(1) }
  expect((await rig.client.fail(Cluster.method.drain, short)).code).toBe(status.INVALID_ARGUMENT)
  expect((await rig.client.fail(Cluster.method.evict, short)).code).toBe(status.INVALID_ARGUMENT)
  expect(asked).toHaveLength(3)
})

test('a node that leaves says how far it is', async () => {
  const leave = async function* () {
    yield { phase: 'draining', groupsPending: 3, copiesPending: undefined, openEpochs: 2 } as const
    yield { phase: 'draining', groupsPending: 0, copiesPending: 4, openEpochs: 2 } as const
    yield { phase: 'left', groupsPending: 0, copiesPending: 0, openEpochs: 1 } as const
  }
  await using rig = await GrpcRig.start({ cluster: { leave } })
  const said = await rig.client.download(Cluster.method.leave, {})
  expect(said).toMatchObject([
    { left: false, groupsPending: 3n, openEpochs: 2 },
    { left: false, groupsPending: 0n, copiesPending: 4n, openEpochs: 2 },
    { left: true, groupsPending: 0n, copiesPending: 0n, openEpochs: 1 },
  ])
  expect(said[0]?.copiesPending).toBeUndefined()
})

test('a node that drains is told, and one that is of the network no more', async () => {
  const nodes = [clusterNodeOf(1, { isDraining: true, drainLeft: 3, weight: 0 }), clusterNodeOf(2)]
  const removal = { how: 'evicted', epoch: 4 } as const
  await using rig = await GrpcRig.start({ cluster: { status: () => clusterOf({ nodes, removal, withdrawn: true }) } })
  const answer = await rig.client.call(Cluster.method.status, {})
  expect(answer.nodes.map(({ isDraining, drainLeft }) => [isDraining, drainLeft])).toEqual([
    [true, 3n],
    [false, undefined],
  ])
  expect(answer).toMatchObject({ removal: NodeRemoval.EVICTED, withdrawn: true })
})
