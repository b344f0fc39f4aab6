import { expect, test } from 'vitest'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import type { MemoryNode } from '../../support/memory-cluster.ts'
import { MemoryCluster } from '../../support/memory-cluster.ts'

const none = new Uint8Array(0)
const keys = Array.from({ length: 16 }, (_, index) => `key-${index}`)

async function insertContent(node: MemoryNode, text: string) {
  const made = await node.node.blocks.makeContent(Buffer.from(text), none)
  return await node.call((at, context) => at.blocks.insert(made, context))
}

async function namedBlocks(node: MemoryNode, count: number) {
  const blocks: BlockView[] = []
  for (let index = 0; index < count; index++) {
    const draft = await node.node.blocks.makeNamed(Buffer.from(`name-${index}`))
    const data = Buffer.from(`data ${index}`)
    blocks.push(await node.call((at, context) => at.blocks.insert({ ...draft, data }, context)))
  }
  return blocks
}

test('a node that was away while groups moved changes by what it is told, not by the groups that it knew', async () => {
  await using cluster = await MemoryCluster.of(3)
  const away = cluster.at(2)
  const blocks = await namedBlocks(cluster.at(0), 8)
  await cluster.at(0).put('key', 'before')
  await away.stop()
  for (const name of ['node-4', 'node-5']) await cluster.grow(name)
  await cluster.pass(30_000)
  await away.start()
  expect(await away.put('key', 'after')).toMatchObject({ kind: 'done' })
  for (const node of cluster.nodes) expect(await node.get('key')).toBe('after')
  for (const [index, { address }] of blocks.entries()) {
    const found = await away.call((at, context) => at.blocks.fetch(address, { decrypt: false }, context))
    expect(found && Buffer.from(found.data).toString()).toBe(`data ${index}`)
  }
})

test('ten blocks read at once are found by any node, also after one has gone', async () => {
  await using cluster = await MemoryCluster.of(5)
  const signed = await namedBlocks(cluster.at(0), 5)
  const content = await Promise.all([0, 1, 2, 3, 4].map((index) => insertContent(cluster.at(1), `content ${index}`)))
  const readAll = async (node: MemoryNode) =>
    await Promise.all(
      [...signed, ...content].map(({ address }) =>
        node.call((at, context) => at.blocks.fetch(address, { decrypt: false }, context)),
      ),
    )
  for (const node of cluster.nodes) expect((await readAll(node)).filter(Boolean)).toHaveLength(10)
  await cluster.at(2).stop()
  for (const node of cluster.nodes.filter(({ isRunning }) => isRunning)) {
    expect((await readAll(node)).filter(Boolean)).toHaveLength(10)
  }
})

test('a content block that too few members can take is refused, and counts for nothing', async () => {
  await using cluster = await MemoryCluster.of(3)
  for (const gone of [cluster.at(1), cluster.at(2)]) await gone.stop()
  const alone = cluster.at(0)
  await cluster.pass(20_000)
  expect(await alone.codeOf(insertContent(alone, 'nowhere'))).toBe('unavailable')
})

test('a member that was full gets its copy when it has room again', async () => {
  await using cluster = await MemoryCluster.of(3)
  const full = cluster.at(2)
  full.disk.capacityBytes = 1
  const { address } = await insertContent(cluster.at(0), 'content')
  await cluster.pass(20_000)
  expect(await full.store.has('content', address)).toBe(false)
  full.disk.capacityBytes = undefined
  await full.stop()
  await full.start()
  await cluster.pass(60_000)
  expect(await full.store.has('content', address)).toBe(true)
})

test('three nodes read sixteen blocks at once with room for four of them in memory', async () => {
  const limits = { hostedBlocksMax: 4 }
  await using cluster = await MemoryCluster.of(3, limits)
  const blocks = await namedBlocks(cluster.at(0), 16)
  for (const key of keys) await cluster.at(0).put(key, key)
  await Promise.all(
    cluster.nodes.flatMap((node) =>
      blocks.map(async ({ address }, index) => {
        const found = await node.call((at, context) => at.blocks.fetch(address, { decrypt: false }, context))
        expect(found && Buffer.from(found.data).toString()).toBe(`data ${index}`)
      }),
    ),
  )
  for (const node of cluster.nodes) for (const key of keys) expect(await node.get(key)).toBe(key)
})
