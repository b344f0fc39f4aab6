import { expect, test } from 'vitest'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { closed, filled, idOf, readsAll } from './filled-cluster.ts'
import { mapRecord, rootSections } from './held-state.ts'

const evict = (by: MemoryNode, nodeId: Uint8Array, force = false) =>
  by.call((node, context) => node.cluster.evict(nodeId, { force }, context))

test('a dead node of four is evicted: groups and copies are whole again without it, and any one more may go', async () => {
  await using cluster = await filled(4)
  const gone = cluster.at(3)
  const goneId = idOf(gone)
  gone.vanish()
  expect(await cluster.at(0).codeOf(evict(cluster.at(0), goneId))).toBe('invalid-argument')
  await cluster.pass(20_000)
  expect(await evict(cluster.at(0), goneId)).toEqual({ epoch: 5, storingNodes: 3, replication: 3 })
  await cluster.settled()
  await closed(cluster)
  for (const { store, node } of cluster.nodes.slice(0, 3)) {
    const { nodes, quorum } = node.cluster.status()
    expect(nodes).toHaveLength(3)
    expect(quorum).toEqual({ members: 3, alive: 3, needed: 2 })
    for (const page of ['root', 'key-value'] as const) {
      const members = (await mapRecord(store, page))?.group.members ?? []
      expect(members).toHaveLength(3)
      expect(members.some(({ nodeId }) => equalBytes(nodeId, goneId))).toBe(false)
    }
    expect((await rootSections(store)).filter((name) => name.startsWith('placement/'))).toEqual(['placement/5'])
  }
  for (const away of cluster.nodes.slice(0, 3)) {
    await away.stop()
    const [one] = cluster.nodes.filter(({ isRunning }) => isRunning) as [MemoryNode]
    await readsAll(one)
    expect(await one.put('key-0', 'value of key-0')).toMatchObject({ kind: 'done' })
    await away.start()
    await cluster.settled()
  }
}, 60_000)

test('evicted again nothing is changed', async () => {
  await using cluster = await filled(4)
  const goneId = idOf(cluster.at(3))
  cluster.at(3).vanish()
  await cluster.pass(20_000)
  await evict(cluster.at(0), goneId)
  expect(await evict(cluster.at(0), goneId)).toMatchObject({ epoch: 5 })
})

test('one that comes back is let in by nobody, and the others go on', async () => {
  await using cluster = await filled(4)
  const gone = cluster.at(3)
  const goneId = idOf(gone)
  gone.vanish()
  await cluster.pass(20_000)
  await evict(cluster.at(0), goneId)
  await gone.start()
  await cluster.pass(10_000)
  expect(cluster.at(0).refusedHellos.concat(cluster.at(1).refusedHellos)).toContain('revoked')
  expect(await gone.codeOf(gone.put('key-0', 'mine'))).toBe('unavailable')
  expect(await gone.codeOf(gone.get('key-0'))).toBe('unavailable')
  expect(await gone.codeOf(gone.get('unknown'))).toBe('unavailable')
  await readsAll(cluster.at(1))
  await gone.stop()
  await cluster.settled()
  await closed(cluster)
}, 30_000)

test('one that answers is evicted by force alone: it is cut off at once', async () => {
  await using cluster = await filled(4)
  const gone = cluster.at(3)
  expect(await cluster.at(0).codeOf(evict(cluster.at(0), idOf(gone)))).toBe('invalid-argument')
  await evict(cluster.at(0), idOf(gone), true)
  await cluster.pass(3000)
  expect(gone.node.cluster.status().nodes.filter(({ isSelf }) => isSelf)).toHaveLength(1)
  expect(await gone.codeOf(gone.put('key-0', 'mine'))).toBe('unavailable')
  expect(await gone.codeOf(gone.get('key-0'))).toBe('unavailable')
  await gone.stop()
  await cluster.settled()
  await readsAll(cluster.at(2))
}, 30_000)

test('births and absences wait for the moves, and for no report of the evicted', async () => {
  await using cluster = await filled(4)
  const goneId = idOf(cluster.at(3))
  cluster.at(3).vanish()
  await cluster.pass(20_000)
  await evict(cluster.at(0), goneId)
  await cluster.settled()
  await closed(cluster)
  for (let name = 0; name < 8; name++) {
    const draft = await cluster.at(1).node.blocks.makeNamed(Buffer.from(`name-${name}`))
    const { address } = await cluster.at(1).call((node, context) => {
      return node.blocks.insert({ ...draft, data: Buffer.from('data') }, context)
    })
    expect(address).toHaveLength(32)
  }
  expect(await cluster.at(2).get('unknown')).toBeUndefined()
}, 30_000)

test('another node joins at once', async () => {
  await using cluster = await filled(4)
  const goneId = idOf(cluster.at(3))
  cluster.at(3).vanish()
  await cluster.pass(20_000)
  await evict(cluster.at(0), goneId)
  const fresh = await cluster.grow('node-5')
  await cluster.settled()
  await closed(cluster)
  expect(fresh.node.cluster.status()).toMatchObject({ epoch: 6, quorum: { members: 4, alive: 4 } })
  await cluster.at(1).stop()
  await readsAll(fresh)
}, 30_000)

test('whom the evicted node invited stays, and has its passport from another one', async () => {
  await using cluster = await MemoryCluster.of(2, { passportLookMs: 2000 })
  const inviter = cluster.at(1)
  for (const name of ['node-3', 'node-4']) {
    const invited = cluster.add(name)
    await invited.join(await inviter.invite())
    await invited.start()
  }
  await cluster.settled()
  await cluster.at(2).put('key', 'value')
  const inviterId = idOf(inviter)
  inviter.vanish()
  await cluster.pass(20_000)
  await evict(cluster.at(0), inviterId)
  await cluster.settled()
  await cluster.pass(10_000)
  // Sessions that begin anew show what the node has.
  await cluster.at(2).stop()
  await cluster.at(2).start()
  await cluster.settled()
  expect(await cluster.at(2).put('key', 'other')).toMatchObject({ kind: 'done' })
  expect(await cluster.at(3).get('key')).toBe('other')
  expect(cluster.at(0).refusedHellos).not.toContain('revoked')
}, 30_000)

test('a minority evicts nobody', async () => {
  await using cluster = await filled(4)
  const ids = cluster.nodes.map(idOf)
  for (const gone of [cluster.at(2), cluster.at(3)]) gone.vanish()
  await cluster.pass(20_000)
  expect(await cluster.at(0).codeOf(evict(cluster.at(0), ids[3] ?? new Uint8Array(32)))).toBe('unavailable')
  expect(cluster.at(0).epoch).toBe(4)
})

test('who may not administer, the owner’s node, this node, a stranger and one of two that store are refused', async () => {
  await using cluster = await filled(3)
  const [owner, second, third] = cluster.nodes as [MemoryNode, MemoryNode, MemoryNode]
  expect(await second.codeOf(evict(second, idOf(third), true))).toBe('permission-denied')
  expect(await second.codeOf(evict(second, idOf(owner), true))).toBe('invalid-argument')
  expect(await owner.codeOf(evict(owner, idOf(owner), true))).toBe('invalid-argument')
  expect(await owner.codeOf(evict(owner, new Uint8Array(32), true))).toBe('invalid-argument')
  await evict(owner, idOf(third), true)
  expect(await owner.codeOf(evict(owner, idOf(second), true))).toBe('invalid-argument')
  expect(owner.epoch).toBe(4)
})
