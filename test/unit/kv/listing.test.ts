import { afterEach, describe, expect, test } from 'vitest'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { call, KeyValueWorld, text } from '../../support/key-value-world.ts'

const any = { precondition: { kind: 'any' } } as const
const worlds: KeyValueWorld[] = []
const counts = { scans: 0, scanned: 0, gets: 0, writes: 0 }

function counting(store: RecordStore): RecordStore {
  return {
    traits: store.traits,
    scrub: undefined,
    identity: store.identity,
    condition: store.condition,
    commit: (batch, options) => {
      counts.writes += batch.length
      return store.commit(batch, options)
    },
    get: (family, key) => {
      counts.gets++
      return store.get(family, key)
    },
    has: (family, key) => store.has(family, key),
    scan: async (family, options) => {
      const found = await store.scan(family, options)
      counts.scans++
      counts.scanned += found.length
      return found
    },
    usage: () => store.usage(),
    verify: (signal) => store.verify(signal),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  }
}

async function counted<T>(run: () => Promise<T>): Promise<T & { readonly counts: typeof counts }> {
  Object.assign(counts, { scans: 0, scanned: 0, gets: 0, writes: 0 })
  const result = await run()
  return Object.assign(Object(result) as object, { counts: { ...counts } }) as never
}

async function make(keys: readonly string[]): Promise<KeyValueWorld> {
  const world = await KeyValueWorld.make({ wrap: counting })
  worlds.push(world)
  for (let from = 0; from < keys.length; from += 5000) {
    const operations = keys.slice(from, from + 5000).map((key) => ({ kind: 'put' as const, key, value: text(key), options: any }))
    await world.kv.batch('', operations, call)
  }
  return world
}

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close()
})

const numbered = (count: number, prefix = '') =>
  Array.from({ length: count }, (_, index) => prefix + String(index).padStart(6, '0'))

describe('a listing', () => {
  test('of folders seeks once for each and never reads through one', async () => {
    const world = await make(['a', ...['x', 'y', 'z'].flatMap((folder) => numbered(3000, `${folder}/`)), 'zz'])
    for (const reverse of [false, true]) {
      const page = await counted(() => world.kv.list('', { delimiter: '/', reverse }, call))
      const folders = ['x/', 'y/', 'z/']
      expect(page.commonPrefixes).toEqual(reverse ? folders.toReversed() : folders)
      expect(page.items.map(({ metadata }) => metadata.key)).toEqual(reverse ? ['zz', 'a'] : ['a', 'zz'])
      expect(page.counts.scans).toBeLessThanOrEqual(5)
      expect(page.counts.scanned).toBeLessThanOrEqual(5 * 4)
    }
  })

  test('reads no more than the page and one record', async () => {
    const world = await make(numbered(2000))
    const page = await counted(() => world.kv.list('', { limit: 10 }, call))
    expect(page.items).toHaveLength(10)
    expect(page.counts).toMatchObject({ scans: 1, scanned: 11, gets: 0 })
  })

  test('ends at the limit of keys or bytes and goes on from there', async () => {
    const world = await make(numbered(100, 'k'))
    const small = await world.kv.list('', { bytesMax: 70 }, call)
    expect(small.items).toHaveLength(10)
    const next = await world.kv.list('', { bytesMax: 70, pageToken: small.nextPageToken! }, call)
    expect(next.items[0]?.metadata.key).toBe('k000010')
    const valued = await world.kv.list('', { bytesMax: 70, withValues: true }, call)
    expect(valued.items.map(({ value }) => Buffer.from(value!).toString())).toEqual(numbered(5, 'k'))
    expect((await world.kv.list('', { bytesMax: 1 }, call)).items).toHaveLength(1)
    expect((await world.kv.list('', { limit: 100 }, call)).nextPageToken).toBeUndefined()
    expect((await world.kv.list('', { limit: 99 }, call)).nextPageToken).toBeDefined()
  })

  test('refuses tokens of another listing and bounds that are no text', async () => {
    const world = await make(numbered(5))
    const { nextPageToken } = await world.kv.list('', { limit: 2 }, call)
    const list = (query: object) => world.kv.list('', query, call)
    const other = Uint8Array.from(nextPageToken!)
    other[30]! ^= 1
    for (const query of [
      { pageToken: nextPageToken, prefix: '1' },
      { pageToken: nextPageToken, reverse: true },
      { pageToken: other },
      { pageToken: new Uint8Array(0) },
      { pageToken: nextPageToken!.subarray(1) },
      { prefix: '\ud800' },
      { startAfter: 'x'.repeat(4097) },
      { limit: -1 },
      { limit: 1.5 },
    ]) {
      await expect(list(query)).rejects.toMatchObject({ code: 'invalid-argument' })
    }
    expect((await list({ pageToken: nextPageToken })).items).toHaveLength(3)
  })
})

test('what a put, a get and a page cost does not grow with the number of keys', async () => {
  const cost = async (world: KeyValueWorld) => {
    const put = await counted(() => world.kv.put('', '000500', text('again'), any, call))
    const fresh = await counted(() => world.kv.put('', 'fresh', text('new'), any, call))
    const got = await counted(() => world.kv.get('', '000700', {}, call))
    const removed = await counted(() => world.kv.delete('', '000900', { kind: 'any' }, call))
    const page = await counted(() => world.kv.list('', { limit: 100, startAfter: '000800' }, call))
    return [put, fresh, got, removed, page].map((each) => each.counts)
  }
  const small = await cost(await make(numbered(1000)))
  const large = await cost(await make(numbered(100_000)))
  expect(large).toEqual(small)
  expect(small[0]).toEqual({ scans: 0, scanned: 0, gets: 1, writes: 4 })
  expect(small[2]!.gets).toBeLessThanOrEqual(2)
}, 60_000)
