import { expect, test } from 'vitest'
import type { CommitOptions, RecordStore } from '../../../src/node/ports/record-store.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'
import type { StoreBed } from './store-bed.ts'
import { bytes, filler, put, remove } from './store-bed.ts'

const byteLimit = 1024 * 1024
const valueBytes = 8 * 1024

/** Puts values until one is refused; the number that was taken. */
async function fill(store: RecordStore, prefix: string, options: CommitOptions, puts = 1000): Promise<number> {
  for (let index = 0; index < puts; index++) {
    try {
      await store.commit([put('content', `${prefix}/${index}`, filler(valueBytes, index))], options)
    } catch (error) {
      if (!isCoded(error, 'storage-full')) throw error
      expect(await store.has('content', bytes(`${prefix}/${index}`))).toBe(false)
      return index
    }
  }
  return puts
}

export function describeCapacity(makeBed: () => Promise<StoreBed>): void {
  test('a full store refuses what is normal, keeps a reserve, and takes deletes', async () => {
    await using bed = await makeBed()
    const settings = { byteLimit }
    const store = await bed.open(settings)
    const { reserveBytes } = store.usage()
    expect(store.usage().byteLimit).toBe(byteLimit)
    expect(reserveBytes).toBeGreaterThanOrEqual(4 * valueBytes)
    expect(reserveBytes).toBeLessThan(byteLimit / 4)
    const normal = await fill(store, 'normal', {})
    expect(normal).toBeGreaterThan(0)
    expect(normal).toBeLessThan(1000)
    expect(store.usage().liveBytes).toBeLessThanOrEqual(byteLimit - reserveBytes)
    const reserve = await fill(store, 'reserve', { space: 'reserve' })
    expect(reserve).toBeGreaterThanOrEqual(Math.floor(reserveBytes / 2 / valueBytes))
    expect(reserve).toBeLessThan(1000)
    expect(store.usage().liveBytes).toBeLessThanOrEqual(byteLimit)
    await expect(store.commit([put('content', 'more', filler(valueBytes))])).rejects.toMatchObject({ code: 'storage-full' })
    await store.close()

    await using again = await bed.open(settings)
    expect(again.usage().families.content.records).toBe(normal + reserve)
    await expect(again.commit([put('content', 'more', filler(valueBytes))])).rejects.toMatchObject({ code: 'storage-full' })
    const gone = Array.from({ length: reserve }, (_, index) => remove('content', `reserve/${index}`))
    await again.commit(gone, { space: 'reserve' })
    await again.commit(
      Array.from({ length: 10 }, (_, index) => remove('content', `normal/${index}`)),
      { space: 'reserve' },
    )
    await expect.poll(() => again.usage().liveBytes).toBeLessThanOrEqual(byteLimit - reserveBytes - 9 * valueBytes)
    expect(await fill(again, 'after', {}, 5)).toBe(5)
    expect((await again.verify()).findings).toEqual([])
  })

  test('a store above a limit that was lowered opens, refuses what is normal, and still has a reserve', async () => {
    await using bed = await makeBed()
    const wide = await bed.open({ byteLimit: 2 * byteLimit })
    await fill(wide, 'normal', {})
    await wide.close()

    await using store = await bed.open({ byteLimit })
    const { liveBytes, reserveBytes } = store.usage()
    expect(liveBytes).toBeGreaterThan(byteLimit)
    await expect(store.commit([put('content', 'more', filler(valueBytes))])).rejects.toMatchObject({ code: 'storage-full' })
    expect(await fill(store, 'reserve', { space: 'reserve' })).toBeGreaterThanOrEqual(Math.floor(reserveBytes / 2 / valueBytes))
    expect(store.usage().liveBytes).toBeLessThanOrEqual(liveBytes + reserveBytes)
    await store.commit([remove('content', 'normal/0')], { space: 'reserve' })
    await expect(store.commit([put('content', 'more', filler(valueBytes))])).rejects.toMatchObject({ code: 'storage-full' })
  })

  test('batches that wait count as well', async () => {
    await using bed = await makeBed()
    await using store = await bed.open({ byteLimit })
    const { reserveBytes } = store.usage()
    const commits = Array.from({ length: 300 }, (_, index) =>
      store.commit([put('content', `k/${index}`, filler(valueBytes, index))]),
    )
    const settled = await Promise.allSettled(commits)
    const refused = settled.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    for (const each of refused) expect(each).toMatchObject({ reason: { code: 'storage-full' } })
    await expect.poll(() => store.usage().families.content.records, { timeout: 10_000 }).toBe(settled.length - refused.length)
    expect(store.usage().liveBytes).toBeLessThanOrEqual(byteLimit - reserveBytes)
  })
}
