import { expect, test } from 'vitest'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

/** Whether a node reaches another one over a session. */
const reaches = (node: MemoryNode, other: MemoryNode) =>
  node.node.cluster.status().nodes.some(({ endpoints, state }) => endpoints.includes(other.endpoint) && state === 'alive')

async function until(cluster: MemoryCluster, what: string, holds: () => boolean): Promise<void> {
  for (let looks = 0; !holds(); looks++) {
    if (looks > 600) throw new Error(`never happened: ${what}`)
    await cluster.pass(100)
  }
}

test('a node that starts again where it was is reached again by itself', async () => {
  await using cluster = await MemoryCluster.of(3)
  const again = cluster.at(1)
  await again.put('key', 'before')
  await again.stop()
  await cluster.at(0).put('key', 'meanwhile')
  await again.start()
  await until(cluster, 'all reach it', () => reaches(cluster.at(0), again) && reaches(cluster.at(2), again))
  expect(await again.get('key')).toBe('meanwhile')
  // It counts for a majority: another one may go.
  await cluster.at(2).stop()
  expect(await again.put('key', 'after')).toMatchObject({ kind: 'done' })
})

test('a node that starts again elsewhere is found there by all, and found back when it returns', async () => {
  await using cluster = await MemoryCluster.of(3)
  const moved = cluster.at(1)
  for (const endpoint of ['elsewhere:9', moved.endpoint]) {
    await moved.stop()
    moved.endpoint = endpoint
    await moved.start()
    await until(cluster, `all know ${endpoint}`, () => reaches(cluster.at(0), moved) && reaches(cluster.at(2), moved))
    await moved.put('where', endpoint)
    await cluster.at(0).stop()
    // The two others are a majority, and one of them is the one that has moved.
    expect(await cluster.at(2).get('where')).toBe(endpoint)
    expect(await cluster.at(2).put('where', `${endpoint}, again`)).toMatchObject({ kind: 'done' })
    await cluster.at(0).start()
    await until(cluster, 'the first is back', () => reaches(cluster.at(2), cluster.at(0)))
  }
})

test('two nodes that both have moved while they were down find each other by the one that stayed', async () => {
  await using cluster = await MemoryCluster.of(3)
  const [stayed, one, two] = cluster.nodes as [MemoryNode, MemoryNode, MemoryNode]
  for (const node of [one, two]) await node.stop()
  one.endpoint = 'new-one:1'
  two.endpoint = 'new-two:1'
  for (const node of [one, two]) await node.start()
  await until(cluster, 'they know each other', () => reaches(one, two) && reaches(two, one))
  await stayed.stop()
  expect(await one.put('key', 'of one')).toMatchObject({ kind: 'done' })
  expect(await two.get('key')).toBe('of one')
})
