import { expect, test } from 'vitest'
import { MemoryCluster } from '../../support/memory-cluster.ts'

const none = new Uint8Array(0)

test('a block that was removed while a node was away is gone there too when it is back', async () => {
  await using cluster = await MemoryCluster.of(3)
  const away = cluster.at(2)
  const made = await cluster.at(0).node.blocks.makeContent(Buffer.from('content'), none)
  const { address } = await cluster.at(0).call((node, context) => node.blocks.insert(made, context))
  await cluster.pass(1000)
  expect(await away.store.has('content', address)).toBe(true)
  await away.stop()
  await cluster.at(0).call((node, context) => node.blocks.remove(address, context))
  // Longer than anybody tries to tell it.
  await cluster.pass(30_000)
  await away.start()
  await cluster.pass(2 * cluster.limits.spreadReviewDelayMs)
  expect(await away.store.has('content', address)).toBe(false)
  for (const node of cluster.nodes) {
    expect(await node.call((at, context) => at.blocks.fetch(address, { decrypt: false }, context))).toBeUndefined()
  }
})

test('a signed block and a key that were removed while a node was away are gone there too', async () => {
  await using cluster = await MemoryCluster.of(3)
  const away = cluster.at(2)
  const one = cluster.at(0)
  const draft = await one.node.blocks.makeNamed(Buffer.from('name'))
  const named = await one.call((node, context) => node.blocks.insert({ ...draft, data: Buffer.from('data') }, context))
  await one.put('key', 'value')
  await away.stop()
  await one.call((node, context) => node.blocks.remove(named.address, context))
  await one.call((node, context) => node.keyValues.delete('', 'key', { kind: 'any' }, context))
  await away.start()
  expect(await away.get('key')).toBeUndefined()
  const fetched = await away.call((node, context) => node.blocks.fetch(named.address, { decrypt: false }, context))
  expect(fetched).toBeUndefined()
  // Alone with one other it may not bring either back.
  await cluster.at(1).stop()
  expect(await away.get('key')).toBeUndefined()
})
