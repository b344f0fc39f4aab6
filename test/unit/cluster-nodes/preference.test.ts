import { expect, test } from 'vitest'
import { preferredOrder } from '../../../src/node/engine/cluster/preferred-order.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'
import { mapRecord } from './held-state.ts'

/** Which of them leads the page, as all of them see it. */
async function leading(cluster: MemoryCluster): Promise<MemoryNode | undefined> {
  const record = await mapRecord(cluster.at(0).store, 'key-value')
  if (record === undefined) throw new Error('the page is held by each of three')
  const told = await Promise.all(
    cluster.nodes.map(async (node) => {
      const replicas = await node.call((at, context) =>
        at.cluster.replicas(record.address, { ...context, consistency: { kind: 'eventual' } }),
      )
      return replicas?.find(({ role }) => role === 'primary')?.storeId.join()
    }),
  )
  expect(new Set(told).size).toBe(1)
  return cluster.nodes.find(({ store }) => store.identity.storeId.join() === told[0])
}

async function preferred(cluster: MemoryCluster): Promise<MemoryNode> {
  const record = await mapRecord(cluster.at(0).store, 'key-value')
  const [first] = record === undefined ? [] : preferredOrder(record.address, record.group.members)
  const found = cluster.nodes.find(({ store }) => store.identity.storeId.join() === first?.storeId.join())
  if (found === undefined) throw new Error('the page has members')
  return found
}

test('a member that was away does not take the lead when it is back, but when nobody has used the block for a minute', async () => {
  await using cluster = await MemoryCluster.of(3)
  const first = await preferred(cluster)
  const others = cluster.nodes.filter((node) => node !== first)
  const [other] = others as [MemoryNode]
  await cluster.pass(61_000)
  await other.put('key', '0')
  expect(await leading(cluster)).toBe(first)
  await first.stop()
  await other.put('key', '1')
  await first.start()
  await cluster.settled()
  for (let second = 0; second < 70; second += 10) {
    await cluster.pass(10_000)
    for (const node of cluster.nodes) await node.put('key', `${node.name} ${second}`)
  }
  const between = await leading(cluster)
  expect(others).toContain(between)
  await cluster.pass(61_000)
  expect(await leading(cluster)).toBe(between)
  await other.put('key', '2')
  expect(await leading(cluster)).toBe(first)
  for (const node of cluster.nodes) expect(await node.get('key')).toBe('2')
})

test('who leads asks the preferred one of a block that nobody has used, and goes on itself where that is not there', async () => {
  await using cluster = await MemoryCluster.of(3)
  const first = await preferred(cluster)
  await first.stop()
  const [other] = cluster.nodes.filter((node) => node !== first) as [MemoryNode]
  await other.put('key', '0')
  await cluster.pass(120_000)
  const before = cluster.time.nowMs
  await other.put('key', '1')
  expect(cluster.time.nowMs - before).toBeLessThan(1000)
  await first.start()
  await cluster.settled()
  expect(await first.get('key')).toBe('1')
})

test('a member whose disk is slow gives up the lead, and is preferred again only after a minute of health', async () => {
  await using cluster = new MemoryCluster()
  const slowMs = new Map<string, number>()
  const slowed = (name: string) => ({
    wrapStore: (store: RecordStore): RecordStore => {
      const commit = store.commit.bind(store)
      let last: Promise<unknown> = Promise.resolve()
      store.commit = (...batch) => {
        const before = last.catch(() => undefined)
        const done = before.then(() => cluster.clock.sleep(slowMs.get(name) ?? 0)).then(() => commit(...batch))
        last = done
        return done
      }
      return store
    },
  })
  await cluster.add('node-1', slowed('node-1')).start()
  for (const name of ['node-2', 'node-3']) await cluster.grow(name, slowed(name))
  await cluster.settled()
  const first = await preferred(cluster)
  const [other] = cluster.nodes.filter((node) => node !== first) as [MemoryNode]
  await cluster.pass(61_000)
  await other.put('key', '0')
  expect(await leading(cluster)).toBe(first)
  slowMs.set(first.name, 400)
  for (let count = 0; count < 12; count++) await other.put('key', `slow ${count}`)
  await cluster.pass(2000)
  const successor = await leading(cluster)
  expect(successor).not.toBe(first)
  // The next one answers without the slow disk.
  const startMs = cluster.time.nowMs
  await other.put('key', 'quick')
  expect(await other.get('key')).toBe('quick')
  expect(cluster.time.nowMs - startMs).toBeLessThan(200)
  // Nobody has seen it write quickly yet.
  await cluster.pass(61_000)
  await other.put('key', 'idle')
  expect(await leading(cluster)).not.toBe(first)
  slowMs.clear()
  await cluster.pass(5000)
  await other.put('key', 'healed')
  await cluster.pass(61_000)
  await other.put('key', 'well')
  expect(await leading(cluster)).toBe(first)
  for (const node of cluster.nodes) expect(await node.get('key')).toBe('well')
})
