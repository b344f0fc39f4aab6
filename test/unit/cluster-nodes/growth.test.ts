import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { equalBytes } from '../../../src/node/core/base/bytes.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { heldPage, mapRecord, rootSections } from './held-state.ts'

const keys = Array.from({ length: 200 }, (_, index) => `key-${String(index).padStart(3, '0')}`)
const noMember = { nodeId: new Uint8Array(32), storeId: new Uint8Array(16) }
const large = Uint8Array.from({ length: 5 * 1024 * 1024 }, (_, index) => (index * 31) ^ (index >> 8))

async function filledFounder(): Promise<MemoryCluster> {
  const cluster = new MemoryCluster()
  const founder = cluster.add('node-1')
  await founder.start()
  await Promise.all(keys.map((key) => founder.put(key, `value of ${key}`)))
  await founder.put('large', large)
  return cluster
}

test('all that one node held is at the second too, which reads it alone', async () => {
  await using cluster = await filledFounder()
  const second = await cluster.grow('node-2')
  await cluster.settled()
  const page = await heldPage(cluster.at(0).store)
  expect(page.records.length).toBeGreaterThanOrEqual(201)
  expect((await heldPage(second.store)).records).toEqual(page.records)
  await cluster.at(0).stop()
  for (const key of keys) expect(await second.get(key)).toBe(`value of ${key}`)
  const copy = await second.bytes('large')
  expect(copy && Buffer.from(copy).equals(large)).toBe(true)
})

describe('five nodes', () => {
  let cluster: MemoryCluster
  beforeAll(async () => {
    cluster = await filledFounder()
    for (const name of ['node-2', 'node-3']) await cluster.grow(name)
    await cluster.settled()
    for (const name of ['node-4', 'node-5']) await cluster.grow(name)
    await cluster.settled()
  }, 60_000)
  afterAll(async () => await cluster.stop())

  test('read at each what was put before they joined, which three of them hold', async () => {
    for (const node of cluster.nodes) {
      expect(await node.get('key-000')).toBe('value of key-000')
      const found = await node.bytes('large')
      expect(found && Buffer.from(found).equals(large)).toBe(true)
    }
    const held = await Promise.all(
      cluster.nodes.map(async ({ node, store }) => {
        const group = (await mapRecord(store, 'key-value'))?.group
        return { nodeId: node.status().identity.nodeId, group }
      }),
    )
    // Whoever was a member may keep its copy: those who are have the newest group.
    const newest = held.reduce(
      (latest, { group }) => (group && group.index > latest.index ? group : latest),
      bornGroup([noMember]),
    )
    expect(newest.members).toHaveLength(3)
    for (const { nodeId } of newest.members) {
      expect(held.find((each) => equalBytes(each.nodeId, nodeId))?.group).toEqual(newest)
    }
  })

  test('go on with any one of them gone', async () => {
    for (const gone of cluster.nodes) {
      await gone.stop()
      const stays = cluster.nodes.find((node) => node !== gone)
      expect(await stays?.put('key-000', `without ${gone.name}`)).toMatchObject({ kind: 'done' })
      expect(await stays?.get('key-199')).toBe('value of key-199')
      const found = await stays?.bytes('large')
      expect(found && Buffer.from(found).equals(large)).toBe(true)
      await gone.start()
      await cluster.settled()
    }
  }, 60_000)
})

test('epochs close when everything was moved: one map is left', async () => {
  await using cluster = await MemoryCluster.of(3)
  const maps = async () => {
    const names = await Promise.all(cluster.nodes.map(({ store }) => rootSections(store)))
    return names.map((each) => each.filter((name) => name.startsWith('placement/')))
  }
  for (let looks = 0; looks < 100 && (await maps()).some(({ length }) => length > 1); looks++) await cluster.pass(500)
  expect(await maps()).toEqual([['placement/3'], ['placement/3'], ['placement/3']])
})

test('what is put while a node joins is nowhere lost', async () => {
  await using cluster = await MemoryCluster.of(2)
  let isOver = false
  const put: string[] = []
  const writing = (async () => {
    for (let count = 0; !isOver; count++) {
      const key = `during-${String(count).padStart(4, '0')}`
      const result = await cluster.at(count % 2).put(key, 'value', { precondition: { kind: 'absent' } })
      if (result.kind !== 'done') throw new Error(`${key} was there before it was put`)
      put.push(key)
      await cluster.pass(20)
    }
  })()
  const third = await cluster.grow('node-3')
  await cluster.settled()
  isOver = true
  await writing
  expect(put.length).toBeGreaterThan(20)
  await cluster.at(0).stop()
  for (const key of put) expect(await third.get(key)).toBe('value')
})

test('a founder that has put much alone goes on at once when others hold its page too', async () => {
  await using cluster = new MemoryCluster()
  const founder = cluster.add('node-1')
  await founder.start()
  for (let turn = 0; turn < 20; turn++) await founder.put('key', `value ${turn}`)
  await cluster.grow('node-2')
  await cluster.settled()
  expect(await founder.put('key', 'shared')).toMatchObject({ kind: 'done' })
  expect(await cluster.at(1).get('key')).toBe('shared')
})
