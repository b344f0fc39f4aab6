import { expect, test } from 'vitest'
import type { Files } from '../../../src/node/adapters/level-store/files.ts'
import type { FrameWrite } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import { frameSize } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import type { FrameRoom } from '../../../src/node/adapters/level-store/journal/journal-writer.ts'
import { JournalWriter } from '../../../src/node/adapters/level-store/journal/journal-writer.ts'
import { SegmentMaker } from '../../../src/node/adapters/level-store/journal/segment-maker.ts'
import { Overlay } from '../../../src/node/adapters/level-store/overlay.ts'
import { silentStoreEvents } from '../../integration/store/level-bed.ts'
import { MemoryFiles } from './memory-files.ts'

const segmentBytes = 512 * 1024
const reserveBytes = 128 * 1024
const valuesLeaveBytes = 256 * 1024
const smallSegmentBytes = 64 * 1024
const limits = {
  inlinePayloadBytesMax: 1024,
  replayBytesMax: 16 * 1024 * 1024,
  replayRecordsMax: 100_000,
  segmentBytes,
  firstSegmentBytes: smallSegmentBytes,
  groupBytesMax: 1024 * 1024,
  reserveBytes,
}

/** A journal in a whole segment, on a disk that has `freeBytes` besides. */
async function lastSegment(freeBytes: number) {
  const memory = new MemoryFiles()
  const used = () => [...memory.contents.values()].reduce((sum, { length }) => sum + length, 0)
  let diskBytes = segmentBytes + valuesLeaveBytes
  const made: number[] = []
  /** Of each sync, whether the thread waits for it. */
  const syncs: boolean[] = []
  let isStarved = false
  let gate: Promise<void> | undefined
  const open: Files['open'] = async (path, mode) => {
    await gate
    if (isStarved) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    const file = await memory.files.open(path, mode)
    const datasync: typeof file.datasync = (blocking) => {
      syncs.push(blocking === true)
      return file.datasync(blocking)
    }
    return { ...file, datasync }
  }
  const files = { ...memory.files, open, freeBytes: async () => diskBytes - used() }
  const maker = new SegmentMaker({
    ...{
      files,
      directory: 'journal',
      events: silentStoreEvents,
      leaveFreeBytes: (use) => (use === 'values' ? valuesLeaveBytes : 0),
      retryMs: 60_000,
    },
    ...{ onMade: (_, size) => void made.push(size), onUnmade: () => undefined, onFull: () => undefined },
  })
  const journal = new JournalWriter({
    ...{ salt: Buffer.alloc(16, 7), maker, overlay: new Overlay(1024 * 1024), events: silentStoreEvents, limits },
    ...{ position: { segment: 1, offset: segmentBytes, sequence: 10 }, current: undefined, giveUpReserve: async () => undefined },
    ...{ indexStalled: () => undefined, onDurable: () => undefined },
    onFailed: (error) => {
      throw error
    },
  })
  await journal.prepare()
  diskBytes = segmentBytes + freeBytes
  const commit = (kind: 'batch' | 'move', write: FrameWrite, room: FrameRoom, inBackground?: boolean) =>
    journal.commit(kind, [write], frameSize([write], limits.inlinePayloadBytesMax), room, inBackground)
  const starve = (starved: boolean) => {
    isStarved = starved
  }
  /** Until it is called, no file is opened. */
  const holdFiles = (): (() => void) => {
    const held = Promise.withResolvers<void>()
    gate = held.promise
    return held.resolve
  }
  return { journal, commit, made, syncs, starve, holdFiles }
}

const key = Buffer.from('key')
const from = { segment: 1, offset: 4096, length: 8192, checksum: 1 }
const removal: FrameWrite = { kind: 'delete', family: 'entry', key }
const value: FrameWrite = { kind: 'put', family: 'content', key, value: Buffer.alloc(8192) }
const move: FrameWrite = { kind: 'move', family: 'content', key, from, value: Buffer.alloc(8192) }

/** How many were taken before. */
async function untilRefused(commit: () => Promise<void>, code = 'storage-full'): Promise<number> {
  for (let count = 0; count < 10_000; count++) {
    try {
      await commit()
    } catch (error) {
      expect(error).toMatchObject({ code })
      return count
    }
  }
  throw new Error('nothing was refused')
}

test('without another segment values leave the reserve to moves, and moves a part of it to removals', async () => {
  const { journal, commit } = await lastSegment(0)
  const roomLeft = () => segmentBytes - journal.position.offset
  await untilRefused(() => commit('batch', value, 'normal'))
  expect(roomLeft()).toBeGreaterThanOrEqual(reserveBytes)
  expect(roomLeft()).toBeLessThan(reserveBytes + 16 * 1024)
  await untilRefused(() => commit('move', move, 'move'))
  expect(roomLeft()).toBeGreaterThanOrEqual(reserveBytes / 4)
  expect(roomLeft()).toBeLessThan(reserveBytes / 4 + 16 * 1024)
  for (let count = 0; count < 100; count++) await commit('batch', removal, 'reserve')
  await journal.close()
})

test('a disk that is too full for values has small segments for removals, and they take no values', async () => {
  const { journal, commit, made } = await lastSegment(valuesLeaveBytes - 1)
  await untilRefused(() => commit('batch', value, 'normal'))
  expect(made).toEqual([segmentBytes])
  const ofOneSegment = Math.floor((smallSegmentBytes - 4096) / frameSize([removal], 1024).frameLength)
  expect(await untilRefused(() => commit('batch', removal, 'reserve'))).toBeGreaterThan(3 * ofOneSegment)
  expect(made).toEqual([segmentBytes, smallSegmentBytes, smallSegmentBytes, smallSegmentBytes])
  await journal.close()
})

test('a segment that is left takes no more frames, unless there is no room for another', async () => {
  const { journal, commit, made } = await lastSegment(4 * segmentBytes)
  await commit('batch', value, 'normal')
  journal.leave(1)
  await commit('batch', value, 'normal')
  expect(journal.segment).toBe(2)
  journal.leave(2)
  await commit('move', move, 'move')
  expect([journal.segment, made]).toEqual([3, [segmentBytes, segmentBytes]])
  await journal.close()
  const full = await lastSegment(0)
  await full.commit('batch', value, 'normal')
  full.journal.leave(2)
  await full.commit('batch', value, 'normal')
  expect(full.journal.segment).toBe(2)
  await full.journal.close()
})

test('a segment that is left while the next one is being made is left for that one, which takes a frame', async () => {
  const { journal, commit, holdFiles } = await lastSegment(8 * segmentBytes)
  await commit('batch', value, 'normal')
  const go = holdFiles()
  const large: FrameWrite = { kind: 'put', family: 'content', key, value: Buffer.alloc(300 * 1024) }
  const waiting = [large, large].map((write) => commit('batch', write, 'normal'))
  await new Promise((resolve) => setImmediate(resolve))
  journal.leave(2)
  go()
  await Promise.all(waiting)
  expect(journal.position).toMatchObject({ segment: 3 })
  journal.leave(2)
  await commit('batch', removal, 'reserve')
  expect(journal.position).toMatchObject({ segment: 3 })
  await journal.close()
})

test('a lack of file descriptors refuses a change and ends nothing', async () => {
  const { journal, commit, starve } = await lastSegment(4 * segmentBytes)
  await commit('batch', value, 'normal')
  starve(true)
  await untilRefused(() => commit('batch', value, 'normal'), 'queue-full')
  const { offset } = journal.position
  starve(false)
  await commit('batch', value, 'normal')
  expect(journal.position.offset).toBeGreaterThan(offset)
  await journal.close()
})

test('the thread waits for the disk with a change that is alone, unless it has something else to do meanwhile', async () => {
  const { journal, commit, syncs } = await lastSegment(8 * segmentBytes)
  for (let times = 0; times < 2; times++) await commit('batch', removal, 'reserve')
  syncs.length = 0
  await commit('batch', removal, 'reserve')
  await commit('batch', removal, 'reserve', true)
  await commit('batch', removal, 'reserve')
  expect(syncs).toEqual([true, false, true])
  await journal.close()
})
