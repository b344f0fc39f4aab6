import { describe, expect, test } from 'vitest'
import type { ContentBlock } from '../../../src/node/core/block/content-block.ts'
import { encodeTombstone } from '../../../src/node/core/block/removal.ts'
import { decodeSpreadCursor, encodeSpreadCursor } from '../../../src/node/engine/content/spread-cursor.ts'
import type { ContentNode } from './content-world.ts'
import { ContentWorld, page } from './content-world.ts'

const limits = { spreadBlocksAtOnce: 8, spreadRetryMs: 1000, spreadRetryMaxMs: 4000 }

/** Blocks of the nodes 1 and 2, before node 3 is a member. */
async function grown(count: number, changed: Partial<typeof limits & { spreadBytesPerSecond: number }> = {}) {
  const world = await ContentWorld.start(3, { ...limits, ...changed })
  world.groups = { newest: [1, 2], differing: [], epoch: 1 }
  const blocks: ContentBlock[] = []
  for (let index = 0; index < count; index++) {
    const block = world.block(`value ${index}`)
    await world.settled(world.node(1).put(block))
    blocks.push(block)
  }
  await world.until('both have all', () => blocks.every((block) => world.node(2).has(block)))
  world.groups = { newest: [1, 2, 3], differing: [[1, 2]], epoch: 2 }
  return { world, blocks }
}

const hasAll = (node: ContentNode, blocks: readonly ContentBlock[]) => blocks.every((block) => node.has(block))

/** Makes the copy of a node one that does not verify; resolves with what it was. */
async function spoil({ store }: ContentNode, { address }: ContentBlock): Promise<Uint8Array> {
  const good = store.get('content', address) as Uint8Array
  await store.commit([{ kind: 'put', family: 'content', key: address, value: good.with(good.length - 1, 7) }])
  return good
}

const isDone = (node: ContentNode) => node.spread.status().state === 'done'

describe('handing on', () => {
  test('brings a newcomer every block once, with its birth stamp', async () => {
    const { world, blocks } = await grown(30)
    await using _ = world
    for (const node of world.nodes) node.spread.start()
    await world.until('the newcomer has all', () => hasAll(world.node(3), blocks))
    await world.until('all have ended', () => world.nodes.every(isDone))
    for (const { address } of blocks) expect(world.node(3).birthOf(address)).toBe(world.node(1).birthOf(address))
    const made = world.nodes.map((node) => node.spread.status().copiesMade)
    expect(made).toEqual([30, 0, 0])
    expect(world.node(1).spread.status()).toMatchObject({ epoch: 2, blocks: 30, blocksLeft: 0, failures: 0 })
    expect(world.node(1).spread.status().bytesCopied).toBeGreaterThan(30 * 100)
    expect(await world.node(3).candidates()).toEqual([])
  })

  test('is done by the next one where the first is gone, and by a former member where nobody else has a copy', async () => {
    const { world, blocks } = await grown(5)
    await using _ = world
    world.groups = { newest: [1, 3], differing: [[1, 2]], epoch: 2 }
    world.dead.add(1)
    world.isolate(1)
    world.node(2).spread.start()
    await world.until('the newcomer has all', () => hasAll(world.node(3), blocks))
    // What the first one has cannot be known: nothing is said to be done.
    await world.until('the walk has ended', () => world.node(2).spread.status().state === 'resting')
    expect(world.node(2).spread.status().failures).toBe(5)
    world.dead.delete(1)
    world.mend(1)
    await world.until('it is done after all', () => isDone(world.node(2)))
  })

  test('goes on where it was after a crash, and is not begun anew once it is done', async () => {
    const { world, blocks } = await grown(40, { spreadBytesPerSecond: 4000 })
    await using _ = world
    const node = world.node(1)
    node.spread.start()
    await world.until('it is on its way', () => node.spread.status().copiesMade >= 20)
    await world.settled(node.stop())
    node.disk.crash({})
    await world.settled(node.start())
    node.asked.length = 0
    const before = world.node(3).asked.filter((kind) => kind === 'content-look').length
    node.spread.start()
    await world.until('it is done', () => isDone(node))
    expect(hasAll(world.node(3), blocks)).toBe(true)
    expect(node.spread.status().copiesMade).toBeLessThanOrEqual(24)
    expect(world.node(3).asked.filter((kind) => kind === 'content-look').length - before).toBeLessThanOrEqual(3)
    await world.settled(node.stop())
    await world.settled(node.start())
    const looks = world.node(3).asked.length
    node.spread.start()
    await world.until('it knows that it is done', () => isDone(node))
    expect(world.node(3).asked.length).toBe(looks)
  })

  test('keeps to its rate', async () => {
    const { world, blocks } = await grown(20, { spreadBytesPerSecond: 1000 })
    await using _ = world
    const startMs = world.time.nowMs
    world.node(1).spread.start()
    await world.until('it is done', () => isDone(world.node(1)))
    const { bytesCopied } = world.node(1).spread.status()
    expect(hasAll(world.node(3), blocks)).toBe(true)
    expect(world.time.nowMs - startMs).toBeGreaterThanOrEqual(bytesCopied - 1)
  })

  test('begins for each map, also where one arrives while it is under way', async () => {
    const { world, blocks } = await grown(10)
    await using _ = world
    const node = world.node(1)
    node.spread.start()
    await world.until('it is done', () => isDone(node))
    world.groups = { newest: [1, 2, 3], differing: [], epoch: 3 }
    for (const { address } of blocks) await world.node(2).store.commit([{ kind: 'delete', family: 'content', key: address }])
    node.spread.placementChanged()
    await world.until('the other has all again', () => hasAll(world.node(2), blocks))
    await world.until('it is done', () => isDone(node) && node.spread.status().epoch === 3)
  })

  test('replaces bad copies, and never hands one on', async () => {
    const { world, blocks } = await grown(3)
    await using _ = world
    const [bad] = blocks
    if (bad === undefined) throw new Error('there are blocks')
    const { store } = world.node(1)
    const good = await spoil(world.node(1), bad)
    world.node(1).spread.start()
    await world.until('it is mended and handed on', () => isDone(world.node(1)) && hasAll(world.node(3), blocks))
    expect(world.node(3).store.get('content', bad.address)).toEqual(good)
    expect(store.get('content', bad.address)).toEqual(good)
  })

  test('ends where a block is lost: nobody has a good copy of it, and all were asked', async () => {
    const { world, blocks } = await grown(3)
    await using _ = world
    const [lost] = blocks
    if (lost === undefined) throw new Error('there are blocks')
    for (const number of [1, 2]) await spoil(world.node(number), lost)
    for (const node of world.nodes) node.spread.start()
    await world.until('all have ended', () => world.nodes.every(isDone))
    expect(world.nodes.map((node) => node.spread.status().failures)).toEqual([0, 0, 0])
    expect(hasAll(world.node(3), blocks.slice(1))).toBe(true)
    expect(world.node(3).has(lost)).toBe(false)
  })

  test('of what is collected meanwhile has the newcomer judge it', async () => {
    await using world = await ContentWorld.start(3, limits)
    const place = { page, key: new Uint8Array([1]) }
    world.groups = { newest: [1, 2], differing: [], epoch: 1 }
    const one = world.node(1)
    const block = world.block('value', { place })
    await world.settled(one.put(block))
    world.groups = { newest: [1, 2, 3], differing: [[1, 2]], epoch: 2 }
    world.node(3).delayMs = 100
    one.spread.start()
    await world.until('it is on its way', () => world.node(3).asked.includes('content-put'))
    await one.store.commit([{ kind: 'delete', family: 'content', key: block.address }])
    await world.until('it is done', () => isDone(one))
    expect(world.node(3).has(block)).toBe(true)
    expect((await world.node(3).candidates()).length).toBe(1)
  })

  test('leaves out what was removed at the newcomer', async () => {
    await using world = await ContentWorld.start(3, limits)
    world.groups = { newest: [1, 2], differing: [], epoch: 1 }
    const one = world.node(1)
    const block = world.block('value', { remover: one })
    await world.settled(one.put(block))
    world.groups = { newest: [1, 2, 3], differing: [[1, 2]], epoch: 2 }
    world.isolate(1)
    await world.settled(
      world
        .node(2)
        .replicas.remove({ tombstone: one.tombstone(block.address), acknowledgements: 'majority', also: [] }, 'reserve')
        .catch(() => undefined),
    )
    world.mend(1)
    one.spread.start()
    await world.until('it is done', () => isDone(one))
    expect(world.node(3).has(block)).toBe(false)
  })
})

describe('a review', () => {
  const ended = (node: ContentNode) => node.asked.length
  /** Three members with a block, of which the first was away when it was removed. */
  async function missedRemoval(before: (world: ContentWorld) => Promise<void> = async () => undefined) {
    const world = await ContentWorld.start(3, limits)
    const remover = world.node(2)
    const block = world.block('value', { remover })
    await world.settled(remover.put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    await before(world)
    world.isolate(1)
    await world.settled(remover.remove(block.address))
    await world.until('two have removed it', () => !world.node(2).has(block) && !world.node(3).has(block))
    // Until nobody tries any more to tell it.
    await world.pass(world.limits.contentTimeoutMs + 1000)
    world.mend(1)
    return { world, block }
  }

  test('learns of a removal that was missed, after a start', async () => {
    const { world, block } = await missedRemoval()
    await using _ = world
    const one = world.node(1)
    expect(one.has(block)).toBe(true)
    one.spread.start()
    await world.until('it is gone here too', () => !one.has(block))
    expect(one.spread.status()).toMatchObject({ state: 'done', removalsLearned: 1, copiesDropped: 0 })
    expect(await one.read(block.address)).toBeUndefined()
    // With the tombstone: an old copy does not bring it back.
    expect(await one.replicas.copies.see(block.address)).toBe('removed')
  })

  test('is made now and then, and when a node is back', async () => {
    const { world, block } = await missedRemoval(async (at) => {
      at.node(1).spread.start()
      await at.pass(at.limits.spreadReviewDelayMs + 60_000)
    })
    await using _ = world
    const one = world.node(1)
    await world.pass(60_000)
    expect(one.has(block)).toBe(true)
    one.spread.reviewSoon()
    await world.until('it is gone here too', () => !one.has(block))
    const looks = ended(world.node(2))
    await world.pass(world.limits.spreadReviewMs + world.limits.spreadReviewDelayMs)
    // There is nothing left to ask about.
    expect(ended(world.node(2))).toBe(looks)
  })

  test('believes no removal by a key that may not remove the block', async () => {
    await using world = await ContentWorld.start(3, limits)
    const block = world.block('value', { remover: world.node(2) })
    await world.settled(world.node(2).put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    // As a member would have it that lies.
    const { store, signer } = world.node(3)
    const value = encodeTombstone(world.node(3).tombstone(block.address, signer))
    await store.commit([
      { kind: 'delete', family: 'content', key: block.address },
      { kind: 'put', family: 'tombstone', key: block.address, value },
    ])
    const one = world.node(1)
    one.spread.start()
    await world.until('it was reviewed', () => one.asked.length > 0 || world.node(3).asked.includes('content-get'))
    await world.pass(10_000)
    expect(one.has(block)).toBe(true)
    expect(one.spread.status().removalsLearned).toBe(0)
  })

  test('lets a copy go that belongs to others by now, and not before all of them have theirs and no older map counts', async () => {
    await using world = await ContentWorld.start(3, { ...limits, spreadReviewMs: 60_000 })
    world.groups = { newest: [1, 2], differing: [], epoch: 1 }
    const block = world.block('value')
    const one = world.node(1)
    await world.settled(one.put(block))
    await world.until('both have it', () => world.node(2).has(block))
    world.isolate(3)
    world.groups = { newest: [2, 3], differing: [[1, 2]], epoch: 2 }
    for (const node of world.nodes) node.spread.start()
    await world.pass(120_000)
    expect(one.has(block)).toBe(true)
    world.mend(3)
    await world.until('the newcomer has it', () => world.node(3).has(block) && isDone(one))
    await world.pass(120_000)
    expect(one.has(block)).toBe(true)
    world.groups = { newest: [2, 3], differing: [], epoch: 2 }
    for (const node of world.nodes) node.spread.placementChanged()
    await world.until('it is gone here', () => !one.has(block))
    expect(world.node(2).has(block) && world.node(3).has(block)).toBe(true)
    expect(one.spread.status().copiesDropped).toBe(1)
    expect(await one.read(block.address)).toBe('value')
  })
})

test('a cursor is read as it was written, and nothing else is', () => {
  const { address: after } = { address: new Uint8Array(32).fill(1) as ContentBlock['address'] }
  for (const cursor of [
    { epoch: 1, after: undefined, failures: 0, isDone: false },
    { epoch: 9, after, failures: 3, isDone: true },
  ]) {
    const bytes = encodeSpreadCursor(cursor)
    expect(decodeSpreadCursor(bytes)).toEqual(cursor)
    expect(decodeSpreadCursor(bytes.subarray(1))).toBeUndefined()
    expect(decodeSpreadCursor(new Uint8Array([...bytes, 0]))).toBeUndefined()
  }
})
