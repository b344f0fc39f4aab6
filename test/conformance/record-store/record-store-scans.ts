import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ScanOptions } from '../../../src/node/ports/record-store.ts'
import type { StoreBed } from './store-bed.ts'
import { filler, put, remove } from './store-bed.ts'
import { plain, StoreTwin } from './store-twin.ts'

/** Few letters, so that bounds hit keys, prefixes and the borders of the byte range. */
export const keyArbitrary: fc.Arbitrary<Uint8Array> = fc
  .array(fc.constantFrom(0, 1, 97, 98, 254, 255), { minLength: 1, maxLength: 4 })
  .map((letters) => Uint8Array.from(letters))

type Bounds = Omit<ScanOptions, 'signal'>

export const scanArbitrary: fc.Arbitrary<Bounds> = fc
  .record({
    lower: fc.option(fc.tuple(fc.constantFrom('from' as const, 'after' as const), keyArbitrary), { nil: undefined }),
    before: fc.option(keyArbitrary, { nil: undefined }),
    limit: fc.integer({ min: 1, max: 30 }),
    bytesMax: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    reverse: fc.boolean(),
    keysOnly: fc.boolean(),
  })
  .map(({ lower, before, limit, bytesMax, reverse, keysOnly }) => ({
    limit,
    reverse,
    keysOnly,
    ...(lower !== undefined && { [lower[0]]: lower[1] }),
    ...(before !== undefined && { before }),
    ...(bytesMax !== undefined && { bytesMax }),
  }))

export function describeScans(makeBed: () => Promise<StoreBed>): void {
  test('scans have the order and the bounds of a sorted map', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    const twin = new StoreTwin()
    const letters = [0, 1, 97, 98, 254, 255]
    const keys = letters.flatMap((one) => [
      [one],
      ...letters.flatMap((two) => [
        [one, two],
        [one, two, one],
      ]),
    ])
    for (let half = 0; half < 2; half++) {
      const batch = keys
        .filter((_, index) => index % 2 === half)
        .map((key, index) => put('entry', Uint8Array.from(key), filler(index % 40, index)))
      const gone = [remove('entry', Uint8Array.of(97, 98)), put('collect', Uint8Array.of(97), 'other family')]
      await store.commit([...batch, ...gone])
      twin.apply([...batch, ...gone])
    }
    await fc.assert(
      fc.asyncProperty(scanArbitrary, async (options) => {
        expect(plain(await store.scan('entry', options))).toEqual(plain(twin.scan('entry', options)))
      }),
      { numRuns: 400, seed: 20_260_101 },
    )
  })

  test('a page that is cut by its bytes continues behind its last record', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    const batch = Array.from({ length: 60 }, (_, index) =>
      put('entry', `k/${String(index).padStart(3, '0')}`, filler(1000, index)),
    )
    await store.commit(batch)
    const keys: string[] = []
    let after: Uint8Array | undefined
    for (;;) {
      const page = await store.scan('entry', { limit: 100, bytesMax: 2500, ...(after !== undefined && { after }) })
      if (page.length === 0) break
      expect(page.length).toBe(3)
      keys.push(...page.map(({ key }) => Buffer.from(key).toString()))
      after = page.at(-1)!.key
    }
    expect(keys).toEqual(batch.map(({ key }) => Buffer.from(key).toString()))
  })

  test('a value larger than the page is returned alone', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    await store.commit([put('content', 'a', filler(100_000)), put('content', 'b', filler(10))])
    const page = await store.scan('content', { limit: 10, bytesMax: 1 })
    expect(page.map(({ value }) => value.length)).toEqual([100_000])
  })

  test('a scan sees what was durable when it began, and batches whole', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    const names = Array.from({ length: 500 }, (_, index) => `k/${String(index).padStart(4, '0')}`)
    await store.commit(names.map((name) => put('entry', name, 'before')))
    const pairs = Array.from({ length: 20 }, (_, index) => [names[index * 10]!, names[499 - index * 10]!])
    for (let round = 0; round < 5; round++) {
      const last = store.commit([put('entry', 'z', String(round))])
      await last
      const scan = store.scan('entry', { limit: 1000 })
      const writes = pairs.slice(round * 4, round * 4 + 4).map((pair) => store.commit(pair.map((name) => remove('entry', name))))
      const page = new Map((await scan).map(({ key, value }) => [Buffer.from(key).toString(), Buffer.from(value).toString()]))
      await Promise.all(writes)
      expect(page.get('z')).toBe(String(round))
      expect(page.size).toBeGreaterThanOrEqual(501 - 8 * (round + 1))
      for (const [one, two] of pairs) expect(page.has(one!)).toBe(page.has(two!))
    }
    expect((await store.scan('entry', { limit: 1000 })).length).toBe(461)
  })

  test('a scan whose caller is gone ends with cancelled', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    await store.commit([put('entry', 'a', '1')])
    const signal = AbortSignal.abort()
    await expect(store.scan('entry', { limit: 1, signal })).rejects.toMatchObject({ code: 'cancelled' })
    await expect(store.verify(signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect((await store.scan('entry', { limit: 1, signal: new AbortController().signal })).length).toBe(1)
  })
}
