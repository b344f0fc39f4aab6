import { describe, expect, test } from 'vitest'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { ContentWorld, never, page } from './content-world.ts'

const coded = (code: string) => expect.objectContaining({ code })
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const place = { page, key: new Uint8Array([1, 2]) }

describe('an insertion', () => {
  test('reaches every member, and each keeps the same birth stamp', async () => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value')
    const birth = await world.settled(world.node(1).put(block))
    await world.until('everybody has it', () => world.nodes.every((node) => node.has(block)))
    expect(world.nodes.map((node) => node.birthOf(block.address))).toEqual([birth, birth, birth])
  })

  test('is answered with one of three down, and brought there as long as others wait', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    expect(world.nodes.map((node) => node.has(block))).toEqual([true, true, false])
    world.mend(3)
    await world.until('the late one has it', () => world.node(3).has(block))
  })

  test('is unavailable with two of three down, after the time that it may take', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(2)
    world.isolate(3)
    const startMs = world.time.nowMs
    await expect(world.settled(world.node(1).put(world.block('value')))).rejects.toEqual(coded('unavailable'))
    expect(world.time.nowMs - startMs).toBeGreaterThanOrEqual(world.limits.contentTimeoutMs)
  })

  test('waits for a member that comes back in time', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    await world.settled(world.node(2).stop())
    const block = world.block('value')
    const put = world.node(1).put(block)
    await world.pass(500)
    await world.settled(world.node(2).start())
    await world.settled(put)
    expect(world.node(2).has(block)).toBe(true)
  })

  test.each([
    ['all', 'unavailable'],
    ['majority', 'done'],
    // A reader counts on a majority, whatever the block says.
    ['one', 'done'],
  ] as const)('with acknowledgements %s and one of three down is %s', async (acknowledgements, expected) => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    expect(await world.settled(codeOf(world.node(1).put(world.block('value', { acknowledgements }))))).toBe(expected)
  })

  test('asked to be with one is never with fewer than readers count on', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(2)
    world.isolate(3)
    const put = world.node(1).put(world.block('value', { acknowledgements: 'one' }))
    expect(await world.settled(codeOf(put))).toBe('unavailable')
  })

  test('from a node outside the group leaves nothing there', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => [2, 3, 4].every((number) => world.node(number).has(block)))
    expect(world.node(1).has(block)).toBe(false)
    expect(await world.settled(world.node(1).read(block.address))).toBe('value')
    expect(world.node(1).has(block)).toBe(false)
  })

  test('that nothing names yet has a candidate at every member, which is renewed and settled everywhere', async () => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value', { place })
    const birth = await world.settled(world.node(1).put(block, place))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    const grace = BigInt(world.limits.collectGraceMs) << 16n
    const [first] = await world.node(1).candidates()
    for (const node of world.nodes) expect(await node.candidates()).toEqual([first])
    const renewal = { address: block.address, due: birth + grace, next: birth + 2n * grace }
    await world.settled(world.node(2).replicas.renew(place, [renewal]))
    await world.pass(100)
    const [second] = await world.node(1).candidates()
    expect(second).not.toEqual(first)
    for (const node of world.nodes) expect(await node.candidates()).toEqual([second])
    const settling = { address: block.address, due: birth + 2n * grace, next: undefined }
    await world.settled(world.node(2).replicas.renew(place, [settling]))
    await world.pass(100)
    for (const node of world.nodes) expect(await node.candidates()).toEqual([])
  })

  test('is not renewed where too few still have it', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    const block = world.block('value', { place })
    const birth = await world.settled(world.node(1).put(block, place))
    const grace = BigInt(world.limits.collectGraceMs) << 16n
    await world.node(2).store.commit([{ kind: 'delete', family: 'content', key: block.address }])
    const renewal = { address: block.address, due: birth + grace, next: birth + 2n * grace }
    expect(await world.settled(codeOf(world.node(1).replicas.renew(place, [renewal])))).toBe('unavailable')
  })

  test('by a map that is outdated goes to the group of the newer one', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 2 }
    const node = world.node(1)
    node.groups = { newest: [1, 2, 3], differing: [], epoch: 1 }
    const block = world.block('value')
    const put = node.put(block)
    await world.pass(200)
    expect([2, 3].map((number) => world.node(number).has(block))).toEqual([false, false])
    node.groups = undefined
    await world.settled(put)
    await world.until('all have it', () => [2, 3, 4].every((number) => world.node(number).has(block)))
  })
})

describe('a read', () => {
  test('is served here without a question where this node has a copy', async () => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    for (const node of world.nodes) node.asked.length = 0
    expect(await world.settled(world.node(2).read(block.address))).toBe('value')
    expect(world.nodes.flatMap(({ asked }) => asked)).toEqual([])
  })

  test('is served by a member, and a copy that is missing here is mended', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    const block = world.block('value')
    const birth = await world.settled(world.node(1).put(block))
    await world.pass(world.limits.contentTimeoutMs)
    await world.settled(world.node(3).stop())
    world.mend(3)
    await world.settled(world.node(3).start())
    expect(await world.settled(world.node(3).read(block.address))).toBe('value')
    await world.until('it is mended', () => world.node(3).has(block))
    expect(world.node(3).birthOf(block.address)).toBe(birth)
  })

  test('mends the value of a store with a candidate, since it may have been collected here', async () => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value', { place })
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    await world.node(2).store.commit([{ kind: 'delete', family: 'content', key: block.address }])
    expect(await world.settled(world.node(2).replicas.inspect(block.address, never))).toMatchObject({ address: block.address })
    await world.pass(100)
    expect(world.node(2).has(block)).toBe(false)
    expect(await world.settled(world.node(2).read(block.address))).toBe('value')
    await world.until('it is mended', () => world.node(2).has(block))
    expect((await world.node(2).candidates()).length).toBe(1)
  })

  test.each([
    ['the record', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['the bytes', (bytes: Uint8Array) => bytes.with(bytes.length - 1, 7)],
  ])('never serves a bad copy of this node (%s), and replaces it', async (_, spoil) => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    const { store } = world.node(2)
    const good = store.get('content', block.address) as Uint8Array
    await store.commit([{ kind: 'put', family: 'content', key: block.address, value: spoil(good) }])
    expect(await world.settled(world.node(2).read(block.address))).toBe('value')
    await world.until('it is mended', () => Buffer.compare(store.get('content', block.address) as Uint8Array, good) === 0)
  })

  test('never serves a bad copy of another node, which replaces it once it knows', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => [2, 3, 4].every((number) => world.node(number).has(block)))
    const good = world.node(3).store.get('content', block.address) as Uint8Array
    for (const number of [2, 3]) {
      const value = good.with(good.length - 1, 7)
      await world.node(number).store.commit([{ kind: 'put', family: 'content', key: block.address, value }])
    }
    expect(await world.settled(world.node(1).read(block.address))).toBe('value')
    const isGood = (number: number) =>
      Buffer.compare(world.node(number).store.get('content', block.address) as Uint8Array, good) === 0
    await world.until('both are mended', () => isGood(2) && isGood(3))
  })

  test('of a block of which no copy verifies is damage and not absence', async () => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    for (const { store } of world.nodes) {
      const good = store.get('content', block.address) as Uint8Array
      await store.commit([{ kind: 'put', family: 'content', key: block.address, value: good.with(good.length - 1, 7) }])
    }
    for (const node of world.nodes) expect(await world.settled(codeOf(node.read(block.address)))).toBe('data-corrupt')
  })

  test('asks another member when one takes long, and goes on without it', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.pass(100)
    world.node(2).delayMs = 3000
    for (const node of world.nodes) node.asked.length = 0
    const startMs = world.time.nowMs
    expect(await world.settled(world.node(1).read(block.address))).toBe('value')
    expect(world.time.nowMs - startMs).toBe(world.limits.contentHedgeMs)
    expect(world.nodes.map(({ asked }) => asked.length)).toEqual([0, 1, 1, 0])
    // From then on it is not asked first.
    const againMs = world.time.nowMs
    expect(await world.settled(world.node(1).read(block.address))).toBe('value')
    expect(world.time.nowMs).toBe(againMs)
  })

  test('asks those last that are known to be gone', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.pass(100)
    world.dead.add(2)
    world.isolate(2)
    const startMs = world.time.nowMs
    expect(await world.settled(world.node(1).read(block.address))).toBe('value')
    expect(world.time.nowMs).toBe(startMs)
  })

  test('ends when its caller leaves', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(2)
    world.isolate(3)
    const leaving = new AbortController()
    const read = codeOf(world.node(1).read(world.block('value').address, leaving.signal))
    await world.pass(100)
    leaving.abort(Object.assign(new Error('left'), { code: 'left' }))
    expect(await world.settled(read)).toBe('left')
  })
})

describe('absence', () => {
  test('of three takes two', async () => {
    await using world = await ContentWorld.start(3)
    const { address } = world.block('never stored')
    expect(await world.settled(world.node(1).read(address))).toBeUndefined()
    world.isolate(3)
    expect(await world.settled(world.node(1).read(address))).toBeUndefined()
    world.isolate(2)
    expect(await world.settled(codeOf(world.node(1).read(address)))).toBe('unavailable')
  })

  test('of four takes two, of five three', async () => {
    for (const [count, down, expected] of [
      [4, 2, 'done'],
      [4, 3, 'unavailable'],
      [5, 2, 'done'],
      [5, 3, 'unavailable'],
    ] as const) {
      await using world = await ContentWorld.start(count)
      for (let number = count; number > count - down; number--) world.isolate(number)
      expect(await world.settled(codeOf(world.node(1).read(world.block('x').address)))).toBe(expected)
    }
  })

  test('is not said while a member that answers has a copy, however many say no', async () => {
    await using world = await ContentWorld.start(3)
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    // As of members that have accepted the entry with the block and not applied it.
    for (const number of [2, 3])
      await world.node(number).store.commit([{ kind: 'delete', family: 'content', key: block.address }])
    world.node(1).delayMs = 40
    expect(await world.settled(world.node(3).read(block.address))).toBe('value')
  })

  test('takes every open epoch that differs, where copies are found as well', async () => {
    await using world = await ContentWorld.start(5)
    world.groups = { newest: [1, 2, 3], differing: [], epoch: 1 }
    const block = world.block('value')
    await world.settled(world.node(1).put(block))
    await world.pass(100)
    world.groups = { newest: [4, 5], differing: [[1, 2, 3]], epoch: 2 }
    expect(await world.settled(world.node(4).read(block.address))).toBe('value')
    const { address } = world.block('never stored')
    expect(await world.settled(world.node(4).read(address))).toBeUndefined()
    world.isolate(1)
    world.isolate(2)
    expect(await world.settled(codeOf(world.node(4).read(address)))).toBe('unavailable')
  })

  test('is not learned by an outdated map', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [4], differing: [], epoch: 2 }
    const block = world.block('value')
    await world.settled(world.node(4).put(block))
    world.node(1).groups = { newest: [1, 2, 3], differing: [], epoch: 1 }
    expect(await world.settled(codeOf(world.node(1).read(block.address)))).toBe('unavailable')
  })

  test('is not said by another directory than the group names', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    const node = world.node(2)
    Object.defineProperty(node, 'member', { value: { nodeId: node.member.nodeId, storeId: new Uint8Array(16).fill(99) } })
    await world.settled(node.stop())
    await world.settled(node.start())
    expect(await world.settled(codeOf(world.node(1).read(world.block('x').address)))).toBe('unavailable')
  })
})

describe('a removal', () => {
  test('is durable at a majority and hides copies that missed it', async () => {
    await using world = await ContentWorld.start(3)
    const [one, two, three] = [world.node(1), world.node(2), world.node(3)]
    const block = world.block('value', { remover: one })
    await world.settled(one.put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    world.isolate(3)
    await world.settled(one.remove(block.address))
    expect([one.has(block), two.has(block), three.has(block)]).toEqual([false, false, true])
    await world.pass(world.limits.contentTimeoutMs)
    await world.settled(three.stop())
    world.mend(3)
    await world.settled(three.start())
    for (const node of [one, two]) {
      expect(await world.settled(node.read(block.address))).toBeUndefined()
      expect(node.has(block)).toBe(false)
    }
  })

  test('by a node outside the group is forgotten by it at once', async () => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
    const one = world.node(1)
    const block = world.block('value', { remover: one })
    await world.settled(one.put(block))
    await world.until('all have it', () => [2, 3, 4].every((number) => world.node(number).has(block)))
    world.isolate(2)
    await world.settled(one.remove(block.address))
    world.mend(2)
    world.isolate(4)
    expect(await world.settled(one.read(block.address))).toBeUndefined()
  })

  test('does not stand against an insertion that came after it, which finds a later stamp where its clock is behind', async () => {
    await using world = await ContentWorld.start(3)
    const [one, two] = [world.node(1), world.node(2)]
    const block = world.block('value', { remover: one })
    one.skewMs = 20_000
    await world.settled(one.put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    await world.settled(one.remove(block.address))
    await world.pass(100)
    two.hybrid.observe(0n)
    const birth = await world.settled(two.replicas.put({ block, birth: 1n, lifts: true }))
    expect(birth).toBeGreaterThan(1n)
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    for (const node of world.nodes) expect(node.store.has('tombstone', block.address)).toBe(false)
  })

  test('that one member alone has heard of does not hide an insertion from those who ask it', async () => {
    await using world = await ContentWorld.start(3)
    const [one, two, three] = [world.node(1), world.node(2), world.node(3)]
    const block = world.block('value', { remover: one })
    two.delayMs = 10
    const birth = one.hybrid.next()
    await world.settled(three.replicas.copies.remove(one.tombstone(block.address)))
    expect(await world.settled(one.replicas.put({ block, birth, lifts: true }))).toBeGreaterThan(birth)
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    for (const node of world.nodes) expect(await world.settled(node.read(block.address))).toBe('value')
  })

  test('by another key than the header names is refused, and its tombstone hides nothing', async () => {
    await using world = await ContentWorld.start(3)
    const [one, two, three] = [world.node(1), world.node(2), world.node(3)]
    const block = world.block('value', { remover: one })
    world.isolate(3)
    await world.settled(one.put(block))
    await world.pass(world.limits.contentTimeoutMs)
    await world.settled(three.stop())
    world.mend(3)
    await world.settled(three.start())
    expect(await world.settled(codeOf(two.remove(block.address)))).toBe('permission-denied')
    // The member without a copy could not tell.
    expect(three.store.has('tombstone', block.address)).toBe(true)
    expect(await world.settled(three.read(block.address))).toBe('value')
    await world.until('it is mended', () => three.has(block))
    expect(three.store.has('tombstone', block.address)).toBe(false)
  })

  test('that reaches too few is unknown, and may be asked for again', async () => {
    await using world = await ContentWorld.start(3)
    const one = world.node(1)
    const block = world.block('value', { remover: one })
    await world.settled(one.put(block))
    await world.until('all have it', () => world.nodes.every((node) => node.has(block)))
    world.isolate(2)
    world.isolate(3)
    expect(await world.settled(codeOf(one.remove(block.address)))).toBe('outcome-unknown')
    expect(one.has(block)).toBe(true)
    world.mend(2)
    await world.settled(one.remove(block.address))
    expect(world.nodes.map((node) => node.has(block))).toEqual([false, false, true])
  })
})

describe('another node', () => {
  const forbidden = { read: false, write: false, store: false, invite: false, administer: false }

  test.each([
    ['read', { ...forbidden, write: true }, { put: 'done', read: 'permission' }],
    ['write', { ...forbidden, read: true }, { put: 'permission-denied', read: 'value' }],
    ['no right', forbidden, { put: 'permission-denied', read: 'permission' }],
    ['all but store', { ...forbidden, store: true }, { put: 'done', read: 'value' }],
  ])('without %s is refused', async (_, rights, expected) => {
    await using world = await ContentWorld.start(4)
    world.groups = { newest: [2, 3, 4], differing: [], epoch: 1 }
    const block = world.block('value')
    await world.settled(world.node(2).put(block))
    await world.pass(100)
    world.node(1).rights = rights
    expect(await world.settled(codeOf(world.node(1).put(world.block('other'))))).toBe(expected.put)
    const read = await world.settled(
      world
        .node(1)
        .read(block.address)
        .catch((error: { code: string }) => error.code),
    )
    expect(read).toBe(expected.read === 'permission' ? 'unavailable' : expected.read)
  })

  test('cannot store what is not what its address says', async () => {
    await using world = await ContentWorld.start(3)
    const block = { ...world.block('value'), address: world.block('other').address }
    world.groups = { newest: [2, 3], differing: [], epoch: 1 }
    expect(await world.settled(codeOf(world.node(1).put(block)))).toBe('invalid-argument')
    expect(world.node(2).has(block)).toBe(false)
  })

  test('with a clock too far ahead stores nothing', async () => {
    await using world = await ContentWorld.start(3)
    world.groups = { newest: [2, 3], differing: [], epoch: 1 }
    world.node(1).skewMs = 10 * 60_000
    expect(await world.settled(codeOf(world.node(1).put(world.block('value'))))).toBe('invalid-argument')
  })

  test('is told that the disks are full', async () => {
    await using world = await ContentWorld.start(3)
    for (const { store } of world.nodes) {
      const commit = store.commit.bind(store)
      store.commit = (batch, options) => (options?.space === 'reserve' ? commit(batch, options) : Promise.reject(fullDisk()))
    }
    expect(await world.settled(codeOf(world.node(1).put(world.block('value'))))).toBe('storage-full')
  })

  test('has this node judge what it found to be named by nothing, where this one has a copy', async () => {
    await using world = await ContentWorld.start(3)
    world.isolate(3)
    const block = world.block('value', { place })
    await world.settled(world.node(1).put(block))
    world.mend(3)
    const due = world.node(1).hybrid.next()
    await world.settled(world.node(1).replicas.collect([{ due, address: block.address, place }]))
    await world.pass(100)
    expect((await world.node(2).candidates()).length).toBe(1)
    world.node(2).rights = { ...forbidden, write: true }
    const before = await world.node(1).candidates()
    await world.settled(world.node(2).replicas.collect([{ due: due + 1n, address: block.address, place }]))
    expect(await world.node(1).candidates()).toEqual(before)
  })
})

function fullDisk(): Error {
  return new CodedError('storage-full', 'full')
}
