import { expect, test } from 'vitest'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import type { LeaveProgress } from '../../../src/node/engine/cluster/cluster-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import type { MemoryCluster, MemoryNode } from '../../support/memory-cluster.ts'
import { closed, filled, idOf, readsAll } from './filled-cluster.ts'
import { mapRecord } from './held-state.ts'

const drain = (by: MemoryNode, nodeId: Uint8Array, undo = false) =>
  by.call((node, context) => node.cluster.drain(nodeId, { undo }, context))

/** What the node says of its leaving, to the end. */
async function leaving(cluster: MemoryCluster, node: MemoryNode, signal = new AbortController().signal) {
  const said: LeaveProgress[] = []
  const all = async () => {
    for await (const progress of node.node.cluster.leave({ signal })) said.push(progress)
  }
  await cluster.during(all())
  return said
}

test('a drained node of four hands on all that it has, and may be stopped without a loss', async () => {
  await using cluster = await filled(4)
  const drained = cluster.at(3)
  expect(await drain(cluster.at(0), idOf(drained))).toEqual({ epoch: 5, storingNodes: 3, replication: 3 })
  const isGone = async (): Promise<boolean> => {
    const groups = await Promise.all((['root', 'key-value'] as const).map((page) => mapRecord(cluster.at(0).store, page)))
    return groups.every((record) => record?.group.members.every(({ nodeId }) => !equalBytes(nodeId, idOf(drained))))
  }
  await cluster.settled()
  await closed(cluster)
  expect(await isGone()).toBe(true)
  for (const { node } of cluster.nodes) {
    const own = node.cluster.status().nodes.find(({ nodeId }) => equalBytes(nodeId, idOf(drained)))
    expect(own).toMatchObject({ isDraining: true, drainLeft: 0, weight: 0 })
  }
  await cluster.pass(20_000)
  expect(drained.store.usage().families.content.records).toBe(0)
  // It serves as before: it asks the others.
  await readsAll(drained)
  await drained.stop()
  await cluster.at(1).stop()
  await readsAll(cluster.at(2))
}, 60_000)

test('undone, it takes its share again', async () => {
  await using cluster = await filled(4)
  await drain(cluster.at(0), idOf(cluster.at(3)))
  await cluster.settled()
  await closed(cluster)
  expect(await drain(cluster.at(3), idOf(cluster.at(3)), true)).toEqual({ epoch: 6, storingNodes: 4, replication: 3 })
  expect(await drain(cluster.at(3), idOf(cluster.at(3)), true)).toMatchObject({ epoch: 6 })
  await cluster.settled()
  await closed(cluster)
  expect(cluster.at(0).node.cluster.status().quorum).toMatchObject({ members: 4, alive: 4 })
  await readsAll(cluster.at(1))
}, 30_000)

test('with fewer than the copies groups shrink to what is there, and the last node is never drained', async () => {
  await using cluster = await filled(3)
  const [first, second, third] = cluster.nodes as [MemoryNode, MemoryNode, MemoryNode]
  expect(await second.codeOf(drain(second, idOf(third)))).toBe('permission-denied')
  expect(await drain(first, idOf(third))).toEqual({ epoch: 4, storingNodes: 2, replication: 3 })
  expect(await drain(second, idOf(second))).toEqual({ epoch: 5, storingNodes: 1, replication: 3 })
  expect(await first.codeOf(drain(first, idOf(first)))).toBe('invalid-argument')
  await cluster.settled()
  await closed(cluster)
  for (const gone of [second, third]) await gone.stop()
  await cluster.pass(10_000)
  await readsAll(first)
  expect(await first.put('key-0', 'alone')).toMatchObject({ kind: 'done' })
}, 30_000)

test('a node leaves: nothing is lost, it serves no more, and neither does its next start', async () => {
  await using cluster = await filled(4)
  const gone = cluster.at(3)
  const said = await leaving(cluster, gone)
  expect(said.at(0)).toMatchObject({ phase: 'draining' })
  expect(said.at(-1)).toMatchObject({ phase: 'left', groupsPending: 0, copiesPending: 0 })
  const removal = { how: 'left', epoch: 6 }
  expect(gone.node.cluster.status()).toMatchObject({ withdrawn: true, removal })
  expect(await gone.codeOf(gone.put('key-0', 'mine'))).toBe('unavailable')
  expect(await leaving(cluster, gone)).toEqual([expect.objectContaining({ phase: 'left' })])
  await gone.stop()
  await gone.start()
  expect(gone.node.cluster.status()).toMatchObject({ withdrawn: true, removal })
  expect(gone.node.cluster.status().nodes.filter(({ isSelf }) => isSelf)).toMatchObject([{ state: 'left' }])
  expect(await gone.codeOf(gone.get('key-0'))).toBe('unavailable')
  await gone.stop()
  await cluster.settled()
  await closed(cluster)
  expect(cluster.at(0).node.cluster.status()).toMatchObject({ epoch: 6, quorum: { members: 3, alive: 3 } })
  await cluster.at(1).stop()
  await readsAll(cluster.at(2))
}, 60_000)

test('keys are put while a node leaves, and none is lost', async () => {
  await using cluster = await filled(4)
  let isOver = false
  const put: string[] = []
  const writing = (async () => {
    for (let count = 0; !isOver; count++) {
      const key = `during-${count}`
      expect(await cluster.at(count % 3).put(key, 'value')).toMatchObject({ kind: 'done' })
      put.push(key)
      await cluster.pass(20)
    }
  })()
  await leaving(cluster, cluster.at(3))
  isOver = true
  await writing
  await cluster.at(3).stop()
  await cluster.settled()
  await cluster.at(1).stop()
  expect(put.length).toBeGreaterThan(20)
  for (const key of put) expect(await cluster.at(2).get(key)).toBe('value')
}, 30_000)

test('of two one leaves, and the other goes on alone, also after a restart', async () => {
  await using cluster = await filled(2)
  await leaving(cluster, cluster.at(1))
  await cluster.at(1).stop()
  await cluster.pass(5000)
  await readsAll(cluster.at(0))
  await cluster.at(0).stop()
  await cluster.at(0).start()
  await readsAll(cluster.at(0))
  expect(await cluster.at(0).put('key-0', 'alone')).toMatchObject({ kind: 'done' })
}, 30_000)

test('who stops waiting leaves the node draining, which goes on when it is asked again', async () => {
  await using cluster = await filled(4)
  const controller = new AbortController()
  const ended = leaving(cluster, cluster.at(3), controller.signal).catch((error: unknown) => error)
  await cluster.pass(300)
  controller.abort(new CodedError('cancelled', 'the caller gave up'))
  expect(await ended).toMatchObject({ code: 'cancelled' })
  expect(cluster.at(3).node.cluster.status()).toMatchObject({ withdrawn: false, removal: undefined })
  expect((await leaving(cluster, cluster.at(3))).at(-1)).toMatchObject({ phase: 'left' })
}, 30_000)

test('a leave that is undone meanwhile ends, and the node stays; the owner’s node never leaves', async () => {
  await using cluster = await filled(4)
  const ended = leaving(cluster, cluster.at(3)).catch((error: unknown) => error)
  await cluster.pass(200)
  expect(await cluster.at(3).codeOf(leaving(cluster, cluster.at(3)))).toBe('contended')
  await drain(cluster.at(0), idOf(cluster.at(3)), true)
  expect(await ended).toMatchObject({ code: 'contended' })
  expect(await cluster.at(0).codeOf(leaving(cluster, cluster.at(0)))).toBe('invalid-argument')
  expect(
    cluster
      .at(0)
      .node.cluster.status()
      .nodes.every(({ isDraining }) => !isDraining),
  ).toBe(true)
}, 30_000)

test('another node joins in the place of one that left, and one that left is not admitted with its key', async () => {
  await using cluster = await filled(3)
  await leaving(cluster, cluster.at(2))
  await cluster.at(2).stop()
  const fresh = await cluster.grow('node-4')
  await cluster.settled()
  await readsAll(fresh)
  expect(fresh.node.cluster.status().nodes).toHaveLength(3)
}, 30_000)
