import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { serialize } from 'node:v8'
import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { openLevelStore as openRealStore } from '../../../src/node/adapters/level-store/open-level-store.ts'
import type { LevelStoreOptions } from '../../../src/node/adapters/level-store/opening.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { copyLevelFolder } from '../store/power-loss-recording.ts'
import type { DiskEvent } from '../store/recording-files.ts'
import { DiskRecording } from '../store/recording-files.ts'
import { sharedClockUs } from './acknowledged-writes.ts'

/**
 * What a process did to its disk. Notes among the events: `clock`, the shared clock in microseconds; `index`, the number of a copy
 * of LevelDB's folder as it was synced just then; `indexed`, LevelDB has synced more, so that the copy before it is out of date.
 */
export interface NodeRecording {
  readonly root: string
  readonly events: readonly DiskEvent[]
  readonly copies: readonly string[]
}

/** Copies of LevelDB's folder take time that the node does not have for each of its batches. */
const copyEveryMs = 120

export async function openLevelStore(options: LevelStoreOptions): Promise<RecordStore> {
  const path = process.env.MEMOTEST_RECORDING ?? ''
  const copies: string[] = []
  let copiedMs = Number.NEGATIVE_INFINITY
  const copyIndex = (always: boolean) => {
    const due = always || performance.now() - copiedMs > copyEveryMs
    const index = join(options.directory, 'index')
    const copy = due && existsSync(join(index, 'CURRENT')) ? copyLevelFolder(index, `${path}-index-${copies.length}`) : undefined
    if (copy === undefined) return recording.note('indexed', 0)
    copies.push(copy.folder)
    recording.note('index', copies.length - 1)
    copiedMs = performance.now()
  }
  const recording = new DiskRecording(nodeFiles, () => copyIndex(true))
  const { events } = options
  const store = await openRealStore({
    ...options,
    files: timed(recording),
    events: {
      ...events,
      indexed: (facts) => {
        events.indexed(facts)
        copyIndex(false)
      },
    },
  })
  copyIndex(true)
  process.on('exit', () => {
    writeFileSync(path, serialize({ root: options.directory, events: recording.events, copies } satisfies NodeRecording))
  })
  return store
}

/** Notes the clock before everything that is written or synced. */
function timed(recording: DiskRecording): Files {
  const clock = () => recording.note('clock', sharedClockUs())
  const wrap = (file: OpenFile): OpenFile => ({
    read: (buffer, position) => file.read(buffer, position),
    size: () => file.size(),
    close: () => file.close(),
    write: (buffers, position) => {
      clock()
      return file.write(buffers, position)
    },
    datasync: (blocking) => {
      clock()
      return file.datasync(blocking)
    },
  })
  return { ...recording.files, open: async (path, mode) => wrap(await recording.files.open(path, mode)) }
}
