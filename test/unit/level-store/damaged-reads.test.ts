import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { damagedScan } from '../../conformance/record-store/damaged-scan.ts'
import { bytes, filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { openLevelStoreAt } from '../../integration/store/level-bed.ts'
import { flip, oneTable, removeScrubbedStores, scrubbedStore, scrubLimits } from './scrub-bed.ts'

afterEach(removeScrubbedStores)

const hidden = {
  code: 'data-corrupt',
  message: expect.stringMatching(
    /^whether this is stored cannot be told: the index is damaged: .*: restart the node, which makes the index anew from the journal$/,
  ),
}

/** Where a value's bytes lie in the table; -1 for a block that is compressed. */
function placeOf(path: string, number: number): number {
  return readFileSync(path).indexOf(filler(500, number + 1).subarray(100, 140))
}

/** Overwrites the heads of the entries around a value, so that LevelDB cannot go on in their block. */
function breakBlock(path: string, number: number): void {
  const table = readFileSync(path)
  const at = placeOf(path, number)
  expect(at).toBeGreaterThan(0)
  table.fill(0xff, at - 700, at + 700)
  writeFileSync(path, table)
}

const allKeys = Array.from({ length: 40 }, (_, index) => `e/${index}`).sort()

test('once the index is known to be damaged a miss of it is damage, and a removal in memory is none', async () => {
  const { root, store, clock, first } = await scrubbedStore()
  await first
  expect(await store.get('entry', bytes('e/none'))).toBeUndefined()
  expect(await store.has('entry', bytes('e/none'))).toBe(false)
  flip(join(root, 'index', await oneTable(root)), 300)
  await clock.round()
  await store.commit([remove('entry', 'e/39')])
  const get = async (key: string) => store.get('entry', bytes(key))
  const has = async (key: string) => store.has('entry', bytes(key))
  await expect(get('e/none')).rejects.toMatchObject(hidden)
  await expect(has('e/none')).rejects.toMatchObject(hidden)
  expect(await get('e/39')).toBeUndefined()
  expect(await has('e/39')).toBe(false)
  await store.close()
  const again = await openLevelStoreAt(root, { limits: scrubLimits })
  expect(await again.get('entry', bytes('e/none'))).toBeUndefined()
  expect((await again.verify()).findings).toEqual([])
  await again.close()
})

test('a scan goes on behind a record that does not verify, names it, and throws for those who cannot be told', async () => {
  const { root, store, first } = await scrubbedStore()
  await first
  const table = join(root, 'index', await oneTable(root))
  flip(table, placeOf(table, 17))
  expect(await damagedScan(store, { limit: 100 })).toEqual({
    keys: allKeys.filter((key) => key !== 'e/17'),
    unreadable: ['e/17'],
    incomplete: false,
  })
  const page = await damagedScan(store, { from: bytes('e/16'), limit: 2 })
  expect(page, 'it counts for the limit').toEqual({ keys: ['e/16'], unreadable: ['e/17'], incomplete: false })
  const reverse = await damagedScan(store, { before: bytes('e/18'), limit: 2, reverse: true })
  expect(reverse).toEqual({ keys: ['e/16'], unreadable: ['e/17'], incomplete: false })
  await expect(store.scan('entry', { limit: 100 })).rejects.toMatchObject({ code: 'data-corrupt' })
  await store.close()
})

test.each([false, true])(
  'a scan goes on behind a block that LevelDB cannot read, says so, and stops the changes, reverse: %s',
  async (reverse) => {
    const { root, store, stalled, first } = await scrubbedStore()
    await first
    breakBlock(join(root, 'index', await oneTable(root)), 17)
    const { keys, unreadable, incomplete } = await damagedScan(store, { limit: 100, reverse })
    expect(incomplete).toBe(true)
    expect(keys.length + unreadable.length).toBeLessThan(40)
    expect(keys, 'what lies before and behind the block').toEqual(expect.arrayContaining([allKeys[0], allKeys.at(-1)]))
    const found = allKeys.filter((key) => keys.includes(key))
    expect(keys).toEqual(reverse ? found.toReversed() : found)
    expect(stalled).toEqual([expect.objectContaining({ code: 'data-corrupt' })])
    await expect(store.commit([put('entry', 'e/new', 'x')])).rejects.toMatchObject({ code: 'data-corrupt' })
    await store.close()
  },
)

test.each([false, true])(
  'a page that is full before the end of its range tells of a block that was passed over, reverse: %s',
  async (reverse) => {
    const { root, store, stalled, first } = await scrubbedStore()
    await first
    breakBlock(join(root, 'index', await oneTable(root)), 17)
    const { keys, unreadable, incomplete } = await damagedScan(store, { limit: reverse ? 32 : 15, reverse })
    expect(keys.length + unreadable.length).toBe(reverse ? 32 : 15)
    expect(incomplete).toBe(true)
    expect(stalled.length).toBe(1)
    await store.close()
  },
)

test('who reads a record in a block that LevelDB cannot read is told what to do, and not what LevelDB says', async () => {
  const { root, store, first } = await scrubbedStore()
  await first
  breakBlock(join(root, 'index', await oneTable(root)), 17)
  const told: string[] = []
  for (let index = 0; index < 40; index++) {
    try {
      await store.get('entry', bytes(`e/${index}`))
    } catch (error) {
      expect(error).toMatchObject({ code: 'data-corrupt' })
      told.push(String(error))
    }
  }
  expect(told.length).toBeGreaterThan(0)
  for (const text of told) expect(text).toMatch(/: the index is damaged: .*: restart the node|does not verify/)
  await store.close()
})
