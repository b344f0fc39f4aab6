import { afterEach, describe, expect, test } from 'vitest'
import { entryKey } from '../../../src/node/core/kv/record-keys.ts'
import type { ListQuery } from '../../../src/node/engine/kv/key-value-service.ts'
import { call, KeyValueWorld, noise, text } from '../../support/key-value-world.ts'

const any = { precondition: { kind: 'any' } } as const
const worlds: KeyValueWorld[] = []

async function make(keys: readonly string[] = []): Promise<KeyValueWorld> {
  const world = await KeyValueWorld.make()
  worlds.push(world)
  for (const key of keys) await world.kv.put('', key, text(key), any, call)
  return world
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

const entryOf = (world: KeyValueWorld, key: string) => entryKey(world.page, text(key))
const hidden = { code: 'data-corrupt', message: expect.stringMatching(/^whether this is stored cannot be told/) }
const remove = (world: KeyValueWorld, key: string, context = call) => world.kv.delete('', key, { kind: 'any' }, context)

/** What was put goes into the index, where the damage is met. */
async function damaged(keys: readonly string[] = ['a', 'b']): Promise<KeyValueWorld> {
  const world = await make(keys)
  await world.restart()
  expect(world.disk.damageIndex()).toBe(true)
  return world
}

describe('over an index that is known to be damaged', () => {
  test('a key that is not found is damage for every reader and for a removal', async () => {
    const world = await damaged()
    await expect(world.kv.get('', 'none', {}, call)).rejects.toMatchObject(hidden)
    await expect(world.kv.stat('', 'none', call)).rejects.toMatchObject(hidden)
    await expect(remove(world, 'none')).rejects.toMatchObject(hidden)
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(text('a'))
  })

  test('removals go on, beside puts that are refused, and what was removed is gone', async () => {
    const world = await damaged()
    const put = world.kv.put('', 'b', text('2'), any, call)
    const removal = remove(world, 'a')
    await expect(put).rejects.toMatchObject({ code: 'data-corrupt' })
    expect((await removal).kind).toBe('done')
    expect(await world.kv.get('', 'a', {}, call)).toBeUndefined()
    expect(await remove(world, 'a')).toEqual({ kind: 'conflict', current: undefined })
  })

  test('a removal under an id is carried out once it was certainly issued after the damage was known', async () => {
    const world = await make(['a', 'b'])
    const before = { ...call, requestId: world.nextId() }
    await remove(world, 'b', before)
    await world.restart()
    world.disk.damageIndex()
    await expect(remove(world, 'a', { ...call, requestId: world.nextId() })).rejects.toMatchObject(hidden)
    world.clock.advance(world.limits.clockSkewMaxMs + world.limits.clockReservationMs + 1)
    const later = { ...call, requestId: world.nextId() }
    const done = await remove(world, 'a', later)
    expect(done.kind).toBe('done')
    expect(await remove(world, 'a', later), 'the same id again').toEqual(done)
    expect((await remove(world, 'b', before)).kind, 'one whose outcome can be read').toBe('done')
  })

  test('nothing is collected, so that what a hidden entry names stays', async () => {
    const world = await make()
    for (const value of [1, 2]) await world.kv.put('', 'a', noise(100, value), any, call)
    await world.restart()
    world.clock.advance(world.limits.collectGraceMs + 1)
    const [values, candidates] = [world.count('content'), world.count('collect')]
    world.disk.damageIndex()
    await world.kv.collect(call.signal)
    expect([world.count('content'), world.count('collect')]).toEqual([values, candidates])
    await world.restart()
    await world.kv.collect(call.signal)
    expect([world.count('content'), world.count('collect')]).toEqual([1, 0])
    expect((await world.kv.get('', 'a', {}, call))?.value).toEqual(noise(100, 2))
  })

  test('every list says that keys may be missing', async () => {
    const world = await damaged()
    const page = await world.kv.list('', {}, call)
    expect(page.items.map(({ metadata }) => metadata.key)).toEqual(['a', 'b'])
    expect(page.damage).toEqual({ unreadable: [], incomplete: true })
    await world.restart()
    expect((await world.kv.list('', {}, call)).damage).toBeUndefined()
  })
})

describe('a list', () => {
  async function pages(world: KeyValueWorld, query: ListQuery) {
    const [items, prefixes, unreadable]: string[][] = [[], [], []]
    let [pageToken, count]: [Uint8Array | undefined, number] = [undefined, 0]
    do {
      expect(++count, 'it ends').toBeLessThan(20)
      const page = await world.kv.list('', { ...query, ...(pageToken !== undefined && { pageToken }) }, call)
      items?.push(...page.items.map(({ metadata }) => metadata.key))
      prefixes?.push(...page.commonPrefixes)
      unreadable?.push(...(page.damage?.unreadable ?? []))
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    return { items, prefixes, unreadable, count }
  }
  const keys = ['a', 'b/1', 'b/2', 'c', 'd', 'e']

  test('goes on behind keys that cannot be read and names each once, in either direction', async () => {
    const world = await make(keys)
    for (const key of ['b/2', 'c', 'd']) expect(world.disk.flipBit('entry', entryOf(world, key), 20)).toBe(true)
    const whole = { items: ['a', 'b/1', 'e'], prefixes: [], unreadable: ['b/2', 'c', 'd'] }
    expect(await pages(world, {})).toEqual({ ...whole, count: 1 })
    expect(await pages(world, { limit: 1 }), 'they count for a page').toEqual({ ...whole, count: 6 })
    const reverse = { items: ['e', 'b/1', 'a'], prefixes: [], unreadable: ['d', 'c', 'b/2'] }
    expect(await pages(world, { limit: 2, reverse: true })).toEqual({ ...reverse, count: 3 })
  })

  test('shows a folder for what cannot be read in it', async () => {
    const world = await make(keys)
    for (const key of ['b/1', 'b/2', 'd']) world.disk.flipBit('entry', entryOf(world, key), 20)
    const listed = await pages(world, { delimiter: '/' })
    expect(listed).toMatchObject({ items: ['a', 'c', 'e'], prefixes: ['b/'], unreadable: ['d'] })
  })
})
