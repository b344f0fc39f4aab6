import { expect, test } from 'vitest'
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
const limits = {
  inlinePayloadBytesMax: 1024,
  replayBytesMax: 16 * 1024 * 1024,
  replayRecordsMax: 100_000,
  segmentBytes,
  firstSegmentBytes: segmentBytes,
  groupBytesMax: 1024 * 1024,
  reserveBytes,
}

/** A journal with one segment, on a disk that has no room for another. */
async function lastSegment() {
  const memory = new MemoryFiles()
  let freeBytes = segmentBytes
  const files = { ...memory.files, freeBytes: async () => freeBytes }
  const maker = new SegmentMaker({
    ...{ files, directory: 'journal', events: silentStoreEvents, leaveFreeBytes: () => 0, retryMs: 60_000 },
    ...{ onMade: () => undefined, onUnmade: () => undefined, onFull: () => undefined },
  })
  const journal = new JournalWriter({
    ...{ salt: Buffer.alloc(16, 7), maker, overlay: new Overlay(1024 * 1024), events: silentStoreEvents, limits },
    ...{ position: { segment: 0, offset: 0, sequence: 0 }, current: undefined, giveUpReserve: async () => undefined },
    ...{ indexStalled: () => undefined, onDurable: () => undefined },
    onFailed: (error) => {
      throw error
    },
  })
  await journal.prepare()
  freeBytes = 0
  const commit = (kind: 'batch' | 'move', write: FrameWrite, room: FrameRoom) =>
    journal.commit(kind, [write], frameSize([write], limits.inlinePayloadBytesMax), room)
  return { journal, commit }
}

const key = Buffer.from('key')
const from = { segment: 1, offset: 4096, length: 8192, checksum: 1 }
const removal: FrameWrite = { kind: 'delete', family: 'entry', key }
const value: FrameWrite = { kind: 'put', family: 'content', key, value: Buffer.alloc(8192) }
const move: FrameWrite = { kind: 'move', family: 'content', key, from, value: Buffer.alloc(8192) }

async function untilRefused(commit: () => Promise<void>): Promise<void> {
  for (let count = 0; count < 100; count++) {
    try {
      await commit()
    } catch (error) {
      expect(error).toMatchObject({ code: 'storage-full' })
      return
    }
  }
  throw new Error('nothing was refused')
}

test('without another segment values leave the reserve to moves, and moves a part of it to removals', async () => {
  const { journal, commit } = await lastSegment()
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
