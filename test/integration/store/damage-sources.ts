import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { decodeFrameHeader, frameHeaderBytes, frameLengthOf } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import { segmentHeaderBytes, segmentOfName, segmentSeed } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { readStoreFile } from '../../../src/node/adapters/level-store/store-files.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { History } from '../../conformance/record-store/store-verdict.ts'
import { SeededNumbers } from './crash-images.ts'
import { copyStoreFolder, filesBelow, indexPositionOf, openLevelStoreAt, tightLimits } from './level-bed.ts'
import { copyLevelFolder } from './power-loss-recording.ts'
import { randomBatch } from './store-workload.ts'

/** A store's folder, at rest, and everything that was acknowledged in it. */
export interface DamageSource {
  readonly root: string
  readonly history: History
  readonly storeId: Uint8Array
  readonly frames: readonly JournalFrame[]
}

export interface JournalFrame {
  readonly file: string
  readonly from: number
  readonly to: number
  readonly sequence: number
  readonly payloads: boolean
  readonly indexed: boolean
  /** Nothing proves that it was synced. */
  readonly last: boolean
}

/** Nothing is reclaimed, however long a run takes: the journal holds everything. The index follows before it is copied. */
const keepingLimits = { ...tightLimits, reclaimLivePercent: 0, indexDelayMs: 10 }

export function journalFrames({ frames }: DamageSource): readonly JournalFrame[] {
  return frames
}

/** Three lives of a store, each closed in order: tables, a log, several segments. */
export async function closedSource(root: string): Promise<DamageSource> {
  const history = new History()
  const numbers = new SeededNumbers(41)
  let storeId = new Uint8Array(0)
  for (let life = 0; life < 3; life++) {
    const store = await openLevelStoreAt(root, { limits: keepingLimits })
    storeId = Uint8Array.from(store.identity.storeId)
    await write(store, history, numbers, 70)
    await store.close()
  }
  return { root, history, storeId, frames: await readFrames(root) }
}

/** Many lives of a store that gave its first segments back, so that no index can be built anew from its journal. */
export async function reclaimedSource(root: string): Promise<DamageSource> {
  const history = new History()
  const numbers = new SeededNumbers(43)
  let storeId = new Uint8Array(0)
  for (let life = 0; life < 8; life++) {
    const store = await openLevelStoreAt(root, { limits: { ...tightLimits, reclaimLivePercent: 95 } })
    storeId = Uint8Array.from(store.identity.storeId)
    await write(store, history, numbers, 90)
    await store.verify()
    await store.close()
  }
  if (filesBelow(root).includes('journal/0000000000000001.seg')) throw new Error('the first segment is still there')
  return { root, history, storeId, frames: await readFrames(root) }
}

/** A store whose power was lost with many frames in the journal that LevelDB does not hold yet. */
export async function crashedSource(root: string): Promise<DamageSource> {
  const live = `${root}-live`
  const history = new History()
  const numbers = new SeededNumbers(42)
  const first = await openLevelStoreAt(live, { limits: keepingLimits })
  await write(first, history, numbers, 70)
  await first.close()
  const store = await openLevelStoreAt(live, { limits: keepingLimits })
  const storeId = Uint8Array.from(store.identity.storeId)
  await write(store, history, numbers, 10)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const index = copyLevelFolder(join(live, 'index'), `${root}-index`)
  if (index === undefined) throw new Error('the index never came to rest')
  await write(store, history, numbers, 60)
  // The next segment is made behind the last answer. A file that gets its name during the copy would be in none of the two places.
  await new Promise((resolve) => setTimeout(resolve, 100))
  while (filesBelow(live).some((file) => file.endsWith('.new'))) await new Promise((resolve) => setTimeout(resolve, 5))
  copyStoreFolder(live, root)
  await store.close()
  rmSync(join(root, 'index'), { recursive: true })
  mkdirSync(join(root, 'index'))
  copyStoreFolder(index.folder, join(root, 'index'))
  return { root, history, storeId, frames: await readFrames(root) }
}

async function write(store: RecordStore, history: History, numbers: SeededNumbers, batches: number): Promise<void> {
  for (let index = 0; index < batches; index++) {
    const batch = randomBatch(numbers, index)
    await store.commit(batch)
    history.acknowledged(batch)
  }
}

/** All frames of a store at rest, up to the first of each segment that does not verify. */
export async function readFrames(root: string): Promise<readonly JournalFrame[]> {
  const identity = await readStoreFile(nodeFiles, root)
  if (identity === undefined) throw new Error('the store has no identity')
  const indexedThrough = await indexPositionOf(join(root, 'index'))
  const found = filesBelow(root)
    .filter((file) => file.startsWith('journal/'))
    .flatMap((file) => {
      const segment = segmentOfName(file.slice('journal/'.length))
      if (segment === undefined) return []
      const bytes = readFileSync(join(root, file))
      const seed = segmentSeed(identity.salt, segment)
      return framesOf(bytes, seed).map((frame) => ({ ...frame, file }))
    })
  const proven = Math.max(indexedThrough, identity.provenThrough, ...found.map(({ syncedThrough }) => syncedThrough))
  return found.map((frame) => ({ ...frame, indexed: frame.sequence <= indexedThrough, last: frame.sequence > proven }))
}

function framesOf(bytes: Buffer, seed: number) {
  const frames: { from: number; to: number; sequence: number; syncedThrough: number; payloads: boolean }[] = []
  for (let from = segmentHeaderBytes; from + frameHeaderBytes <= bytes.length; ) {
    const header = decodeFrameHeader(bytes, from, seed)
    if (header === undefined) break
    const to = from + frameLengthOf(header)
    frames.push({ from, to, sequence: header.sequence, syncedThrough: header.syncedThrough, payloads: header.payloadsLength > 0 })
    from = to
  }
  return frames
}
