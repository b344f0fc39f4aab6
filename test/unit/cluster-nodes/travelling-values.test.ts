import { afterEach, expect, test, vi } from 'vitest'
import { ContentReplicas } from '../../../src/node/engine/content/content-replicas.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

afterEach(() => void vi.restoreAllMocks())

test('whoever leads a page takes no value with an entry that others are to hold, whatever its node thought of the page', async () => {
  await using cluster = await MemoryCluster.of(7)
  vi.spyOn(ContentReplicas.prototype, 'travels').mockReturnValue(true)
  const keys = cluster.nodes.flatMap((node) => Array.from({ length: 10 }, (_, index) => ({ node, key: `${node.name}/${index}` })))
  const put = await Promise.all(keys.map(({ node, key }) => node.put(key, `value of ${key}`)))
  expect(put.every(({ kind }) => kind === 'done')).toBe(true)
  for (const reader of [cluster.at(0), cluster.at(6)]) {
    for (const { key } of keys) expect(await reader.get(key)).toBe(`value of ${key}`)
  }
})
