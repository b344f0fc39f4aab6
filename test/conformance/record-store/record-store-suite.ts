import { describe, expect, test } from 'vitest'
import type { RecordStore, StoreUsage } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { describeCapacity } from './record-store-capacity.ts'
import { describeDamagedIndex } from './record-store-damaged-index.ts'
import { describeFaults } from './record-store-faults.ts'
import { describeModel } from './record-store-model.ts'
import { describeScans } from './record-store-scans.ts'
import type { StoreBed, StoreTraits } from './store-bed.ts'
import { bytes, filler, largeLimits, put, remove } from './store-bed.ts'
import { dumpOf, StoreTwin } from './store-twin.ts'

/** What every record store must do, whatever it is made of. */
export function describeRecordStore(name: string, makeBed: () => Promise<StoreBed>, traits: StoreTraits): void {
  describe(name, () => {
    describeCommits(makeBed, traits)
    describeLife(makeBed)
    describeScans(makeBed)
    describeCapacity(makeBed)
    describeModel(makeBed, traits)
    describeFaults(makeBed, traits)
    describeDamagedIndex(makeBed)
  })
}

function describeCommits(makeBed: () => Promise<StoreBed>, traits: StoreTraits): void {
  test('a batch is seen when it is durable, and not before', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    expect(store.traits.durable).toBe(traits.durable)
    await store.commit([put('entry', 'a', 'old')])
    await expect.poll(() => store.usage().families.entry.records).toBe(1)
    const before = store.usage()
    const release = bed.holdSync()
    using _ = { [Symbol.dispose]: release }
    let answered = false
    const commit = store.commit([put('entry', 'a', 'new'), put('block', 'b', '1'), remove('entry', 'c')]).then(() => {
      answered = true
    })
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 2))
    expect(answered).toBe(false)
    expect(Buffer.from((await store.get('entry', bytes('a')))!)).toEqual(Buffer.from('old'))
    expect(await store.has('block', bytes('b'))).toBe(false)
    expect(await store.scan('block', { limit: 10 })).toEqual([])
    expect(store.usage().families).toEqual(before.families)
    release()
    await commit
    expect(Buffer.from((await store.get('entry', bytes('a')))!)).toEqual(Buffer.from('new'))
    expect(await store.has('block', bytes('b'))).toBe(true)
    expect((await store.scan('block', { limit: 10 })).length).toBe(1)
    expect(store.usage().syncedPosition).toBeGreaterThan(before.syncedPosition)
  })

  test('the writes of a batch apply in their order, the last of a key wins', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    await store.commit([
      put('local', 'a', '1'),
      remove('local', 'a'),
      put('local', 'a', '2'),
      put('local', 'b', '1'),
      remove('local', 'b'),
    ])
    expect(Buffer.from((await store.get('local', bytes('a')))!)).toEqual(Buffer.from('2'))
    expect(await store.get('local', bytes('b'))).toBeUndefined()
    await expect.poll(() => store.usage().families.local.records).toBe(1)
  })

  test('concurrent commits keep the order of their calls', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    const answered: number[] = []
    const commits = Array.from({ length: 300 }, async (_, index) => {
      await store.commit([put('entry', 'same', String(index)), put('entry', `own/${index}`, 'x')])
      answered.push(index)
      const seen = Number(Buffer.from((await store.get('entry', bytes('same')))!).toString())
      expect(seen).toBeGreaterThanOrEqual(index)
    })
    await Promise.all(commits)
    expect(answered).toEqual(answered.toSorted((left, right) => left - right))
    expect(Buffer.from((await store.get('entry', bytes('same')))!).toString()).toBe('299')
    await expect.poll(() => store.usage().families.entry.records).toBe(301)
  })

  test('families hold the same key apart', async () => {
    await using bed = await makeBed()
    await using store = await bed.open()
    await store.commit(recordFamilies.map((family) => put(family, 'key', family)))
    for (const family of recordFamilies) {
      expect(Buffer.from((await store.get(family, bytes('key')))!).toString()).toBe(family)
      expect((await store.scan(family, { limit: 10 })).length).toBe(1)
    }
    await store.commit([remove('entry', 'key')])
    for (const family of recordFamilies) expect(await store.has(family, bytes('key'))).toBe(family !== 'entry')
  })

  test.each([0, 1, 16_383, 16_384, 16_385, 1_048_576, largeLimits.batchBytesMax - 4096])(
    'a value of %d bytes comes back whole, before and after a restart',
    async (length) => {
      await using bed = await makeBed()
      const value = Buffer.from(filler(length, length + 7))
      const readBack = async (store: RecordStore) => {
        expect(Buffer.compare((await store.get('content', bytes('big'))) ?? Buffer.from('missing'), value)).toBe(0)
        const page = await store.scan('content', { limit: 10 })
        expect(page.length).toBe(2)
        expect(Buffer.compare(page[0]!.value, value)).toBe(0)
      }
      const store = await bed.open({ limits: largeLimits })
      await store.commit([put('content', 'big', value), put('content', 'small', 'x')])
      await readBack(store)
      await bed.crash()
      const replayed = await bed.open({ limits: largeLimits })
      await readBack(replayed)
      await replayed.close()
      await using again = await bed.open({ limits: largeLimits })
      await readBack(again)
      expect(await again.verify()).toEqual({ records: 2, bytes: length + 9, findings: [], journal: [] })
    },
  )

  test('a batch above the limit is refused and changes nothing', async () => {
    await using bed = await makeBed()
    await using store = await bed.open({ limits: largeLimits })
    const before = store.usage()
    const large = [put('content', 'a', 'x'), put('content', 'b', filler(largeLimits.batchBytesMax + 1))]
    await expect(store.commit(large)).rejects.toMatchObject({ code: 'limit-exceeded' })
    expect(await store.get('content', bytes('a'))).toBeUndefined()
    expect(store.usage().liveBytes).toBe(before.liveBytes)
    await store.commit([put('content', 'a', 'x')])
    expect(await store.has('content', bytes('a'))).toBe(true)
  })
}

function describeLife(makeBed: () => Promise<StoreBed>): void {
  test('a start counts, and the store keeps its identity', async () => {
    await using bed = await makeBed()
    const ids = new Set<string>()
    let position = 0n
    for (let start = 1; start <= 5; start++) {
      const store = await bed.open()
      ids.add(Buffer.from(store.identity.storeId).toString('hex'))
      expect(store.identity.storeId.length).toBe(16)
      expect(store.identity.bootCount).toBe(start)
      expect(store.condition).toEqual({ kind: 'sound' })
      expect(store.usage().syncedPosition).toBeGreaterThanOrEqual(position)
      await store.commit([put('local', `start/${start}`, 'x')])
      position = store.usage().syncedPosition
      if (start % 2 === 0) await bed.crash()
      else await store.close()
    }
    expect(ids.size).toBe(1)
    await using other = await makeBed()
    await using store = await other.open()
    expect(ids.has(Buffer.from(store.identity.storeId).toString('hex'))).toBe(false)
  })

  test('a closed store answers nothing, and closing again is nothing', async () => {
    await using bed = await makeBed()
    const store = await bed.open()
    const accepted = store.commit([put('entry', 'a', '1')])
    const closing = store.close()
    await expect(store.commit([put('entry', 'b', '1')])).rejects.toMatchObject({ code: 'not-running' })
    await accepted
    await closing
    await store.close()
    const calls = [
      async () => store.get('entry', bytes('a')),
      async () => store.has('entry', bytes('a')),
      async () => store.scan('entry', { limit: 1 }),
      async () => store.commit([put('entry', 'a', '2')]),
      async () => store.verify(),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'not-running' })
    await using again = await bed.open()
    expect(Buffer.from((await again.get('entry', bytes('a')))!).toString()).toBe('1')
    expect(await again.get('entry', bytes('b'))).toBeUndefined()
  })

  test('one store at a time', async () => {
    await using bed = await makeBed()
    const store = await bed.open()
    await expect(bed.open()).rejects.toMatchObject({ code: 'store-locked' })
    await store.commit([put('entry', 'a', '1')])
    await store.close()
    await using again = await bed.open()
    expect(again.identity.bootCount).toBe(2)
  })

  test('usage and verify agree with what was written', async () => {
    await using bed = await makeBed()
    const store = await bed.open()
    const twin = new StoreTwin()
    const same = async (opened: RecordStore) => {
      await expect.poll(() => opened.usage().families).toEqual(twin.counts)
      const usage: StoreUsage = opened.usage()
      expect(usage.liveBytes).toBe(twin.liveBytes)
      expect(usage.diskBytes).toBeGreaterThanOrEqual(opened.traits.durable ? 1 : usage.liveBytes)
      expect(usage.byteLimit).toBeUndefined()
      expect(usage.segments).toBeGreaterThan(0)
      const records = Object.values(twin.counts).reduce((sum, each) => sum + each.records, 0)
      expect(await opened.verify()).toEqual({ records, bytes: twin.liveBytes, findings: [], journal: [] })
      expect(await dumpOf(opened, 7)).toEqual(twin.dump())
    }
    for (let round = 0; round < 40; round++) {
      const family = recordFamilies[round % recordFamilies.length]!
      const batch = [
        put(family, `k/${round % 11}`, filler((round * 977) % 3000, round)),
        remove(family, `k/${(round * 3) % 11}`),
        put('entry', `e/${round}`, filler(round % 5 === 0 ? 20_000 : 30, round)),
      ]
      await store.commit(batch)
      twin.apply(batch)
    }
    await same(store)
    await bed.crash()
    const replayed = await bed.open()
    await same(replayed)
    await replayed.close()
    await using again = await bed.open()
    await same(again)
  })
}
