import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import type { RecordStore, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { filler, put } from '../../conformance/record-store/store-bed.ts'
import { SeededNumbers } from './crash-images.ts'
import { indexPositionOf, openLevelStoreAt, tightLimits } from './level-bed.ts'
import type { DiskEvent } from './recording-files.ts'
import { DiskRecording } from './recording-files.ts'
import { randomBatch } from './store-workload.ts'

/** A run of a store with everything that reached its disk, from the empty folder on. */
export interface PowerLossRecording {
  readonly root: string
  readonly events: readonly DiskEvent[]
  /** In the order of their commits; notes number them from 1. */
  readonly batches: readonly (readonly RecordWrite[])[]
  /** Folders of LevelDB as they were synced, by the number of their note. */
  readonly copies: readonly IndexCopy[]
  /** Store id by boot count. */
  readonly storeIds: ReadonlyMap<number, Uint8Array>
  /** Segments that were given back meanwhile. */
  readonly reclaimed: number
}

interface IndexCopy {
  readonly folder: string
  /** Name and length of LevelDB's newest log. */
  readonly log: { readonly name: string; readonly length: number } | undefined
  /** Index in the events at which it was complete. */
  readonly at: number
  /** Sequence number that it reaches. */
  readonly sequence: number
}

/** Each frame takes one sector: one of a write may be lost while the next is there, and another one fits into its place. */
export function uniformBatch(number: number): readonly RecordWrite[] {
  return [put('entry', `same/${number % 7}`, filler(450, number))]
}

export async function recordRun(folder: string, seed: number, steps: number): Promise<PowerLossRecording> {
  const root = join(folder, 'store')
  const numbers = new SeededNumbers(seed)
  const batches: (readonly RecordWrite[])[] = []
  const copies: Omit<IndexCopy, 'sequence'>[] = []
  const storeIds = new Map<number, Uint8Array>()
  let reclaimed = 0
  const copyIndex = () => {
    if (!existsSync(join(root, 'index', 'CURRENT'))) return
    const copy = copyLevelFolder(join(root, 'index'), join(folder, `index-${copies.length}`))
    if (copy === undefined) return
    copies.push({ ...copy, at: recording.events.length })
    recording.note('index', copies.length - 1)
  }
  const recording = new DiskRecording(nodeFiles, copyIndex)
  const open = async (): Promise<RecordStore> => {
    const store = await openLevelStoreAt(root, {
      files: recording.files,
      limits: tightLimits,
      events: { indexed: copyIndex, segmentReclaimed: () => void reclaimed++ },
    })
    storeIds.set(store.identity.bootCount, store.identity.storeId)
    recording.note('opened', store.identity.bootCount)
    copyIndex()
    return store
  }
  const uniform = seed % 2 === 1
  const commit = async (store: RecordStore) => {
    const number = batches.length + 1
    const batch = uniform ? uniformBatch(number) : randomBatch(numbers, number)
    batches.push(batch)
    recording.note('submitted', number)
    await store.commit(batch)
    recording.note('acknowledged', number)
    recording.note('synced', Number(store.usage().syncedPosition))
  }
  let store = await open()
  for (let step = 0; step < steps; step++) {
    await Promise.all(Array.from({ length: 1 + numbers.below(5) }, () => commit(store)))
    if (step === Math.floor(steps / 2)) {
      await store.close()
      store = await open()
    }
    if (numbers.below(8) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await store.close()
  const reached = await Promise.all(copies.map(async ({ folder: copy }) => indexPositionOf(copy)))
  return {
    root,
    events: recording.events,
    batches,
    copies: copies.map((copy, at) => ({ ...copy, sequence: reached[at]! })),
    storeIds,
    reclaimed,
  }
}

/** A copy of LevelDB's folder in which nothing moved meanwhile; undefined when it never came to rest. */
export function copyLevelFolder(from: string, to: string): Pick<IndexCopy, 'folder' | 'log'> | undefined {
  const state = () => readdirSync(from).map((name) => `${name} ${statSync(join(from, name), { throwIfNoEntry: false })?.size}`)
  for (let attempt = 0; attempt < 5; attempt++) {
    const target = `${to}.${attempt}`
    const before = state()
    if (!copyFiles(from, target)) continue
    if (before.join() !== state().join()) continue
    const name = readdirSync(target)
      .filter((each) => each.endsWith('.log'))
      .sort()
      .at(-1)
    return { folder: target, log: name === undefined ? undefined : { name, length: statSync(join(target, name)).size } }
  }
  return undefined
}

/** LevelDB's lock is never opened: the process would lose it. */
function copyFiles(from: string, to: string): boolean {
  mkdirSync(to, { recursive: true })
  try {
    for (const name of readdirSync(from)) if (name !== 'LOCK') copyFileSync(join(from, name), join(to, name))
  } catch {
    return false
  }
  return true
}

/** The folder of LevelDB at an event: the last one synced by then, or what was being written on top of it. */
export function placeIndex(recording: PowerLossRecording, at: number, numbers: SeededNumbers, target: string): string {
  const base = recording.copies.findLastIndex((copy) => copy.at <= at)
  const copy = recording.copies[base]
  if (copy === undefined) return 'no index'
  const next = recording.copies[base + 1]
  if (next !== undefined && next.sequence <= lastNote(recording.events, at, 'synced') && numbers.below(2) === 0) {
    copyFiles(next.folder, target)
    if (next.log === undefined || next.log.name !== copy.log?.name) return `index ${base + 1}`
    const length = copy.log.length + numbers.below(next.log.length - copy.log.length + 1)
    truncateSync(join(target, next.log.name), length)
    return `index ${base + 1} with its log cut to ${length} of ${next.log.length}`
  }
  copyFiles(copy.folder, target)
  return `index ${base}`
}

/** The highest number of such a note before the event; 0 where there is none. */
export function lastNote(events: readonly DiskEvent[], at: number, note: string): number {
  let last = 0
  for (const event of events.slice(0, at)) if (event.kind === 'note' && event.note === note) last = Math.max(last, event.number)
  return last
}
