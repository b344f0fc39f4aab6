import { describe, expect, test } from 'vitest'
import { MemoryCluster } from '../../support/memory-cluster.ts'

describe('three nodes', () => {
  test('read at each what was put at each', async () => {
    await using cluster = await MemoryCluster.of(3)
    for (const [index, node] of cluster.nodes.entries()) await node.put(`key-${index}`, `value ${index}`)
    for (const node of cluster.nodes) {
      for (const index of cluster.nodes.keys()) expect(await node.get(`key-${index}`)).toBe(`value ${index}`)
      expect(await node.get('unknown')).toBeUndefined()
    }
  })
})
