import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { bytes, filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { openLevelStoreAt } from '../../integration/store/level-bed.ts'
import { flip, oneTable, removeScrubbedStores, scrubbedStore, scrubLimits } from './scrub-bed.ts'

afterEach(removeScrubbedStores)

const told = /^the index is damaged: puts are refused, .*: restart the node, which makes the index anew from the journal$/

/** Writes over what the damaged table holds until the store refuses; the numbers of the writes that were acknowledged. */
async function writeUntilRefused(write: (number: number) => Promise<void>): Promise<number> {
  for (let number = 1; number < 2000; number++) {
    try {
      await write(number)
    } catch (error) {
      expect(error).toMatchObject({ code: 'data-corrupt', message: expect.stringMatching(told) })
      return number - 1
    }
  }
  throw new Error('nothing was refused')
}

test('a damaged table under a running store stops the changes and not the reads, and the next start heals it', async () => {
  const { root, store, found, failed, stalled, first } = await scrubbedStore()
  await first
  flip(join(root, 'index', await oneTable(root)), 300)
  const written = await writeUntilRefused((number) => store.commit([put('entry', `e/${number % 40}`, filler(400, number))]))
  expect(written).toBeGreaterThan(0)
  expect([failed, stalled]).toEqual([[], [expect.objectContaining({ code: 'data-corrupt' })]])
  expect(found, 'told once').toEqual([expect.stringMatching(told)])
  expect(store.scrub?.findings).toEqual(found)
  expect(store.usage().full).toBe(false)
  const last = (await store.get('entry', bytes(`e/${written % 40}`))) ?? []
  expect(Buffer.from(last).equals(filler(400, written)), 'what was acknowledged is read').toBe(true)
  await store.close()
  expect(failed).toEqual([])
  const again = await openLevelStoreAt(root, { limits: scrubLimits })
  expect(again.condition.kind).toBe('sound')
  for (let number = Math.max(1, written - 38); number <= written; number++) {
    const value = (await again.get('entry', bytes(`e/${number % 40}`))) ?? []
    expect(Buffer.from(value).equals(filler(400, number)), `e/${number % 40}`).toBe(true)
  }
  expect((await again.verify()).findings).toEqual([])
  await again.close()
})

test('what a table misread is not written again as sound: nothing goes into the index once it is known to be damaged', async () => {
  const { root, store, clock, found, reclaimed, failed, first } = await scrubbedStore()
  await first
  flip(join(root, 'index', await oneTable(root)), 300)
  await clock.round()
  expect(found).toEqual([expect.stringMatching(/a block does not match its checksum$/), expect.stringMatching(told)])
  const refused = store.commit([put('entry', 'e/new', filler(400, 1))])
  await expect(refused).rejects.toMatchObject({ code: 'data-corrupt', message: expect.stringMatching(told) })
  // A removal goes into the journal, and no segment goes for it.
  for (let index = 0; index < 40; index++) await store.commit([remove('content', `c/${index}`)])
  await clock.round()
  await store.close()
  expect([reclaimed, failed]).toEqual([[], []])
  const again = await openLevelStoreAt(root, { limits: scrubLimits })
  expect(again.condition.kind).toBe('sound')
  expect(await again.verify()).toMatchObject({ records: 40, findings: [] })
  for (let index = 0; index < 40; index++) {
    const value = (await again.get('entry', bytes(`e/${index}`))) ?? []
    expect(Buffer.from(value).equals(filler(500, index + 1)), `e/${index}`).toBe(true)
  }
  await again.close()
})
