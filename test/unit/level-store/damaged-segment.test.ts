import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { segmentHeaderBytes } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { bytes, filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { openLevelStoreAt } from '../../integration/store/level-bed.ts'
import { flip, removeScrubbedStores, scrubbedStore, scrubLimits } from './scrub-bed.ts'

afterEach(removeScrubbedStores)

const segmentFile = (segment: number) => `${String(segment).padStart(16, '0')}.seg`
const firstSegment = segmentFile(1)
/** The journal ends in it. */
const last = 2
/** A record that the index holds whole, in the first frame of a segment. */
const inFirstFrame = segmentHeaderBytes + 100
/** Somewhere in the payload of c/4. */
const inPayload = 100_000

const notVerified = expect.stringMatching(new RegExp(`^journal: segment 1 does not verify from ${segmentHeaderBytes} to \\d+$`))

async function expectAllThere(store: RecordStore, except: readonly number[] = []): Promise<void> {
  for (let index = 0; index < 40; index++) {
    const entry = (await store.get('entry', bytes(`e/${index}`))) ?? []
    expect(Buffer.from(entry).equals(filler(500, index + 1)), `e/${index}`).toBe(true)
    if (except.includes(index)) continue
    const content = (await store.get('content', bytes(`c/${index}`))) ?? []
    expect(Buffer.from(content).equals(filler(20_000, index + 1)), `c/${index}`).toBe(true)
  }
}

/** Everything verifies, in this life and the next. */
async function expectSound(root: string, store: RecordStore): Promise<void> {
  expect(await store.verify()).toMatchObject({ records: 80, findings: [], journal: [] })
  await store.close()
  const again = await openLevelStoreAt(root, { limits: scrubLimits })
  expect(again.condition.kind).toBe('sound')
  expect(await again.verify()).toMatchObject({ records: 80, findings: [], journal: [] })
  await expectAllThere(again)
  await again.close()
}

const journalOf = (root: string) => readdirSync(join(root, 'journal'))

test('what is alive in a damaged segment moves, and the segment goes', async () => {
  const { root, store, clock, found, reclaimed, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', firstSegment), inFirstFrame)
  flip(join(root, 'journal', firstSegment), 10)
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([1])
  expect(found, 'told once').toEqual(['journal: the header of segment 1 does not verify', notVerified])
  await clock.round()
  expect([found.length, store.scrub?.findings]).toEqual([2, []])
  expect(journalOf(root)).not.toContain(firstSegment)
  await expectAllThere(store)
  await expectSound(root, store)
})

test('the last segment is left when it is damaged, though nobody writes', async () => {
  const { root, store, clock, reclaimed, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', segmentFile(last)), inFirstFrame)
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([last])
  await expectSound(root, store)
})

test('what is being written into the last segment when it is left is not lost', async () => {
  const { root, store, clock, faulty, reclaimed, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', segmentFile(last)), inFirstFrame)
  const release = faulty.holdSync()
  const writing = store.commit([put('content', 'late', filler(20_000, 99))])
  await clock.round()
  release()
  await writing
  await expect.poll(() => reclaimed).toEqual([last])
  const late = (await store.get('content', bytes('late'))) ?? []
  expect(Buffer.from(late).equals(filler(20_000, 99))).toBe(true)
  await store.commit([remove('content', 'late')])
  await expectSound(root, store)
})

test('a segment with a damaged payload stays until nothing needs that, and all the others are moved before', async () => {
  const { root, store, clock, found, reclaimed, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', firstSegment), inFirstFrame)
  flip(join(root, 'journal', firstSegment), inPayload)
  await clock.round()
  await clock.round()
  const payload = expect.stringMatching(/^content: segment 1 at \d+: the payload does not match its checksum$/)
  expect(found).toEqual([payload, notVerified, 'journal: segment 1 holds a payload that does not verify'])
  expect(reclaimed).toEqual([])
  await expect(async () => store.get('content', bytes('c/4'))).rejects.toMatchObject({ code: 'data-corrupt' })
  await expectAllThere(store, [4])
  await store.commit([remove('content', 'c/4')])
  await store.commit([put('content', 'c/4', filler(20_000, 5))])
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([1])
  await expectSound(root, store)
})

test('a torn first write of the next segment does not take the index into one that goes', async () => {
  // Everything lies in the index, so that no move takes it into the next segment.
  const limits = { inlinePayloadBytesMax: 32 * 1024 }
  const { root, store, clock, reclaimed, first } = await scrubbedStore({ limits, tornNext: true })
  await first
  expect(store.condition.kind).toBe('sound')
  flip(join(root, 'journal', segmentFile(last)), inFirstFrame)
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([last])
  await expectSound(root, store)
})

test('a segment whose file is gone is told, and ends nothing', async () => {
  const { root, store, clock, found, reclaimed, first } = await scrubbedStore()
  await first
  for (let index = 0; index < 40; index++) await store.commit([put('content', `c/${index}`, filler(20_000, index + 1))])
  rmSync(join(root, 'journal', firstSegment))
  // The index moves on, and the first segment is due.
  await expect
    .poll(async () => {
      await store.commit([put('entry', 'e/0', filler(500, 1))])
      return found
    })
    .toContain('journal: segment 1 is missing')
  await clock.round()
  expect(reclaimed).not.toContain(1)
  await store.commit([put('entry', 'e/0', filler(500, 1))])
  await store.close()
})

test('the first write of a segment is no damage while it is on its way', async () => {
  // More than a window of the reader.
  const limits = { segmentBytes: 4 * 1024 * 1024, batchBytesMax: 2 * 1024 * 1024 }
  const { root, store, clock, found, faulty, first } = await scrubbedStore({ limits })
  await first
  let writing: Promise<void> | undefined
  // Behind the header of the prepared segment, which was read when there was none.
  faulty.beforeRead = (path, position) => {
    if (!path.endsWith(segmentFile(2)) || position === 0) return undefined
    writing ??= store.commit([put('content', 'big', filler(1_500_000, 7))])
    return writing
  }
  await store.commit([put('entry', 'e/0', filler(500, 1))])
  await expect.poll(() => journalOf(root)).toContain(segmentFile(2))
  await clock.round()
  faulty.beforeRead = undefined
  expect([found, store.scrub?.findings]).toEqual([[], []])
  await store.close()
})

test('a segment that lies on bad sectors is kept where nothing uses them again', async () => {
  const { root, store, clock, found, faulty, reclaimed, first } = await scrubbedStore()
  await first
  const range = { from: inFirstFrame, to: inFirstFrame + 50 }
  faulty.readFaults = [{ path: join(root, 'journal', firstSegment), range, code: 'EIO' }]
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([1])
  expect(found).toEqual([expect.stringMatching(/^journal: segment 1 .*cannot be read from \d+ to \d+ \(EIO\)$/)])
  expect(readdirSync(root)).toContain(`journal.damaged-${firstSegment}`)
  expect(journalOf(root)).not.toContain(firstSegment)
  await expectSound(root, store)
})

test('without file descriptors a damaged segment stays, nothing ends, and a later round takes it out', async () => {
  const { root, store, clock, failed, reclaimed, faulty, first } = await scrubbedStore()
  await first
  const { open } = faulty.files
  let isStarved = true
  faulty.files.open = async (path, mode) => {
    if (isStarved && mode === 'create') throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    return await open(path, mode)
  }
  // More has to move than the last segment has room for.
  for (const key of ['large/1', 'large/2']) await store.commit([put('content', key, filler(180_000, 1))])
  flip(join(root, 'journal', firstSegment), inFirstFrame)
  await clock.round()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect([failed, reclaimed]).toEqual([[], []])
  isStarved = false
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([1])
  await store.commit([remove('content', 'large/1'), remove('content', 'large/2')])
  await expectAllThere(store)
  await expectSound(root, store)
})

test('a segment goes though its folder cannot be synced for want of a file descriptor', async () => {
  const { root, store, clock, failed, reclaimed, faulty, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', firstSegment), inFirstFrame)
  const { unlink } = faulty.files
  faulty.files.unlink = async (path) => {
    await unlink(path)
    if (path.endsWith(firstSegment)) faulty.starved = true
  }
  await clock.round()
  await expect.poll(() => reclaimed).toEqual([1])
  expect(failed).toEqual([])
  faulty.starved = false
  await expectAllThere(store)
  await expectSound(root, store)
})
