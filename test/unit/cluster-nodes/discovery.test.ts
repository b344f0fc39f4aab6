import { expect, test } from 'vitest'
import { MemoryCluster } from '../../support/memory-cluster.ts'

const states = (cluster: MemoryCluster) =>
  cluster.nodes.map(({ node }) => node.cluster.status().nodes.filter(({ state }) => state === 'alive').length)

test('five nodes that start at once know all others within ten seconds', async () => {
  await using cluster = await MemoryCluster.of(5)
  await cluster.stop()
  const startMs = cluster.time.nowMs
  await Promise.all(cluster.nodes.map((node) => node.start()))
  while (states(cluster).some((alive) => alive < 5)) {
    expect(cluster.time.nowMs - startMs).toBeLessThan(10_000)
    await cluster.pass(100)
  }
})

test('who joined by another one than the founder is asked by all, and asks all', async () => {
  const cluster = new MemoryCluster()
  await using _ = cluster
  await cluster.add('node-1').start()
  const second = await cluster.grow('node-2')
  const third = cluster.add('node-3')
  await third.join(await second.invite())
  await third.start()
  await cluster.settled()
  for (const [index, node] of cluster.nodes.entries()) {
    for (let count = 0; count < 10; count++) await node.put(`of-${index}-${count}`, `value ${count}`)
  }
  for (const node of cluster.nodes) {
    for (const index of cluster.nodes.keys()) expect(await node.get(`of-${index}-9`)).toBe('value 9')
    // Each holds all of it: factor and number of nodes are the same.
    expect(node.store.usage().families.content.records).toBe(30)
  }
})

test('what one node puts is spread over all that a network has', async () => {
  await using cluster = await MemoryCluster.of(5)
  for (let count = 0; count < 60; count++) await cluster.at(0).put(`key-${count}`, `value ${count}`)
  await cluster.pass(1000)
  const held = cluster.nodes.map(({ store }) => store.usage().families.content.records)
  // Three of five hold each of them, and none holds far more than its share of 36.
  expect(held.reduce((sum, each) => sum + each, 0)).toBe(180)
  for (const each of held) expect(each).toBeGreaterThan(18)
  for (const each of held) expect(each).toBeLessThan(54)
})
