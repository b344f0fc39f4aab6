import { afterEach, expect, test } from 'vitest'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import { candidateKey, candidateReason, entryKey } from '../../../src/node/core/kv/record-keys.ts'
import { call, KeyValueWorld, noise, text } from '../../support/key-value-world.ts'

const any = { precondition: { kind: 'any' } } as const
const limits = { chunkBytes: 300, collectStepMax: 3 }
const worlds: KeyValueWorld[] = []

async function make(...options: Parameters<typeof KeyValueWorld.make>): Promise<KeyValueWorld> {
  const world = await KeyValueWorld.make(...options)
  worlds.push(world)
  return world
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

/** Claims of every stored block that it may be collected. */
async function suspectAll(world: KeyValueWorld, key: string): Promise<number> {
  const blocks = await world.store.scan('content', { limit: 1000, keysOnly: true })
  const value = candidateReason(world.page, text(key))
  await world.store.commit(
    blocks.map((block) => ({
      kind: 'put',
      family: 'collect',
      key: candidateKey(world.hybrid.last - hlcFromMs(1), block.key as never),
      value,
    })),
  )
  return blocks.length
}

test.each([100, 700, 3000])(
  'blocks of a value of %i bytes stay while its key names them, whoever suspects them',
  async (size) => {
    const world = await make({ limits, manifestPartsMax: 3 })
    await world.kv.put('', 'a', noise(size), any, call)
    const blocks = await suspectAll(world, 'a')
    await world.kv.collect(call.signal)
    expect(world.count('content')).toBe(blocks)
    expect(world.count('collect')).toBe(0)
    await world.kv.delete('', 'a', { kind: 'any' }, call)
    await world.kv.collect(call.signal)
    expect(world.count('content')).toBe(blocks)
    world.clock.advance(world.limits.collectGraceMs + 1)
    await world.kv.collect(call.signal)
    expect(world.count('content')).toBe(0)
    expect(world.count('collect')).toBe(0)
  },
)

test('blocks that another key names in no way go', async () => {
  const world = await make({ limits })
  await world.kv.put('', 'a', noise(700), any, call)
  await suspectAll(world, 'b')
  await world.kv.collect(call.signal)
  expect(world.count('content')).toBe(0)
})

test('a replaced value is kept for the grace and collected by itself after it', async () => {
  const world = await make()
  for (const value of ['1', '2', '3']) await world.kv.put('', 'a', text(value), any, call)
  expect(world.count('content')).toBe(3)
  const wait = async (durationMs: number) => {
    world.clock.advance(durationMs)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  await wait(world.limits.collectGraceMs - 1000)
  expect(world.count('content')).toBe(3)
  await wait(world.limits.collectIntervalMs + 1000)
  expect(world.count('content')).toBe(1)
  expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(text('3'))
})

test('a crash amid the collection of a large value loses nothing and leaves nothing', async () => {
  const world = await make({ limits, manifestPartsMax: 3 })
  await world.kv.put('', 'a', noise(3000), any, call)
  await world.kv.put('', 'b', noise(2000, 2), any, call)
  const named = world.count('content')
  await world.kv.delete('', 'a', { kind: 'any' }, call)
  world.clock.advance(world.limits.collectGraceMs + 1)
  const held: (() => void)[] = []
  world.disk.scheduleSync = (complete) => void held.push(complete)
  const collecting = world.kv.collect(call.signal).catch(() => undefined)
  for (let sync = 0; sync < 3; sync++) {
    await new Promise((resolve) => setImmediate(resolve))
    held.shift()?.()
  }
  world.disk.scheduleSync = queueMicrotask
  await world.crash()
  void collecting
  expect(world.count('content')).toBeLessThan(named)
  expect(world.count('content')).toBeGreaterThan(9)
  await world.kv.collect(call.signal)
  expect(world.count('content')).toBe(7 + 3 + 1)
  expect((await world.kv.get('', 'b', {}, call))?.value).toEqual(noise(2000, 2))
  expect(world.count('collect')).toBe(0)
})

test('what a damaged list or entry hides is kept and told of once, and the rest is collected', async () => {
  const told: string[] = []
  const world = await make({ limits, damageRead: ({ code }) => void told.push(code) })
  const garbage = text('no record')
  await world.kv.put('', 'a', noise(700), any, call)
  const manifest = (await world.kv.stat('', 'a', call))?.metadata.address
  if (manifest === undefined) throw new Error('the key is there')
  const suspected = await suspectAll(world, 'a')
  expect(suspected).toBe(4)
  await world.kv.put('', 'c', text('1'), any, call)
  await world.kv.put('', 'c', text('2'), any, call)
  for (let value = 0; value < 8; value++) await world.kv.put('', 'b', text(`${value}`), any, call)
  await world.store.commit([
    { kind: 'put', family: 'content', key: manifest, value: garbage },
    { kind: 'put', family: 'entry', key: entryKey(world.page, text('c')), value: garbage },
  ])
  await world.restart()
  world.clock.advance(world.limits.collectGraceMs + 1)
  for (let round = 0; round < 3; round++) await world.kv.collect(call.signal)
  // The manifest itself is named by its entry; its three chunks and the first value of `c` cannot be judged.
  expect(world.count('collect')).toBe(3 + 1)
  expect(world.count('content')).toBe(4 + 2 + 1)
  expect(told).toEqual(Array(3 + 1).fill('data-corrupt'))
  await world.kv.delete('', 'a', { kind: 'any' }, call)
  world.clock.advance(world.limits.collectGraceMs + 1)
  await world.kv.collect(call.signal)
  expect(world.count('collect')).toBe(1)
  expect(world.count('content')).toBe(2 + 1)
})

test('a damaged candidate keeps no other from being judged, and is told of once', async () => {
  const told: string[] = []
  const world = await make({ limits, damageRead: ({ code }) => void told.push(code) })
  for (let value = 0; value < 12; value++) await world.kv.put('', 'a', text(`${value}`), any, call)
  const candidates = await world.store.scan('collect', { limit: 100, keysOnly: true })
  expect(candidates.length).toBe(11)
  // The first one, one in the middle of a step, and the last.
  for (const index of [0, 4, 10]) expect(world.disk.flipBit('collect', candidates[index]!.key, 40)).toBe(true)
  world.clock.advance(world.limits.collectGraceMs + 1)
  await world.restart()
  for (let round = 0; round < 3; round++) await world.kv.collect(call.signal)
  expect(world.count('collect')).toBe(3)
  expect(world.count('content')).toBe(3 + 1)
  expect(told).toEqual(Array(3).fill('data-corrupt'))
  expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(text('11'))
})
