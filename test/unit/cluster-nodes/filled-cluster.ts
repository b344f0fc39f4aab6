import { expect } from 'vitest'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`)
const large = Uint8Array.from({ length: 3 * 1024 * 1024 }, (_, index) => (index * 31) ^ (index >> 8))

export const idOf = (node: MemoryNode): Uint8Array => node.node.status().identity.nodeId

/** A network of so many nodes with keys, one of them of several chunks. */
export async function filled(count: number): Promise<MemoryCluster> {
  const cluster = await MemoryCluster.of(count)
  await Promise.all(keys.map((key) => cluster.at(0).put(key, `value of ${key}`)))
  await cluster.at(0).put('large', large)
  return cluster
}

/** Until one map is left at all nodes that run. */
export async function closed(cluster: MemoryCluster): Promise<void> {
  const open = () => cluster.nodes.filter(({ isRunning }) => isRunning).map(({ node }) => node.cluster.status().openEpochs)
  for (let looks = 0; looks < 200 && open().some((maps) => maps > 1); looks++) await cluster.pass(500)
  expect(open().every((maps) => maps === 1)).toBe(true)
}

export async function readsAll(node: MemoryNode): Promise<void> {
  for (const key of keys) expect(await node.get(key)).toBe(`value of ${key}`)
  const copy = await node.bytes('large')
  expect(copy && Buffer.from(copy).equals(large)).toBe(true)
}
