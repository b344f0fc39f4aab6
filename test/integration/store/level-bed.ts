import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Files } from '../../../src/node/adapters/level-store/files.ts'
import { decodeMarker, markerKeyRange } from '../../../src/node/adapters/level-store/index/index-state.ts'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import type { StoreSoundness } from '../../../src/node/adapters/level-store/needs-recovery.ts'
import { storeSoundness } from '../../../src/node/adapters/level-store/needs-recovery.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { openLevelStore } from '../../../src/node/adapters/level-store/open-level-store.ts'
import type { RecoveryReport } from '../../../src/node/adapters/level-store/recover-level-store.ts'
import { recoverLevelStore } from '../../../src/node/adapters/level-store/recover-level-store.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import type { Random } from '../../../src/node/ports/random.ts'
import type { RecordStore, StoreEvents } from '../../../src/node/ports/record-store.ts'
import type { StoreBed } from '../../conformance/record-store/store-bed.ts'
import { smallLimits } from '../../conformance/record-store/store-bed.ts'
import { FaultyFiles } from './faulty-files.ts'

export interface LevelSettings {
  readonly files?: Files
  readonly limits?: Limits
  readonly byteLimit?: number
  readonly events?: Partial<StoreEvents>
}

/** Segments that hold a few dozen batches, so that a short run fills several and gives some back. */
export const tightLimits: Limits = {
  ...smallLimits,
  batchBytesMax: 128 * 1024,
  segmentBytes: 160 * 1024,
  replayBytesMax: 192 * 1024,
}

const random: Random = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  integerBelow: (limit) => Math.floor(Math.random() * limit),
}

export const silentStoreEvents: StoreEvents = {
  committed: () => undefined,
  indexed: () => undefined,
  segmentMade: () => undefined,
  segmentReclaimed: () => undefined,
  tailCut: () => undefined,
  damageFound: () => undefined,
  scrubbed: () => undefined,
  scrubFailed: () => undefined,
  reserveGivenUp: () => undefined,
  indexStalled: () => undefined,
  failed: () => undefined,
}

export function openLevelStoreAt(directory: string, { events, ...settings }: LevelSettings = {}): Promise<RecordStore> {
  return openLevelStore({ directory, limits: smallLimits, random, ...settings, events: { ...silentStoreEvents, ...events } })
}

export function recoverLevelStoreAt(directory: string, { events, ...settings }: LevelSettings = {}): Promise<RecoveryReport> {
  return recoverLevelStore({ directory, limits: smallLimits, random, ...settings, events: { ...silentStoreEvents, ...events } })
}

export function storeSoundnessAt(directory: string, { events, ...settings }: LevelSettings = {}): Promise<StoreSoundness> {
  return storeSoundness({ directory, limits: smallLimits, random, ...settings, events: { ...silentStoreEvents, ...events } })
}

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `memo-store-${name}-`))
}

/** Every file, by its path below the folder, but for LevelDB's lock: this process would lose it by opening it. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'LOCK')
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

/** Copies a store that may be open. */
export function copyStoreFolder(from: string, to: string): void {
  for (const file of filesBelow(from)) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    copyFileSync(join(from, file), join(to, file))
  }
}

/** The sequence number that a copy of LevelDB's folder reaches. The copy stays as it is. */
export async function indexPositionOf(folder: string): Promise<number> {
  const copy = `${folder}.opened`
  copyStoreFolder(folder, copy)
  const index = new LevelIndex(copy, { cacheBytes: 1024 * 1024, writeBufferBytes: 1024 * 1024 })
  await index.open(false)
  let reached = 0
  for await (const page of index.pages(markerKeyRange)) {
    for (const [key, value] of page) reached = Math.max(reached, decodeMarker(key, value)?.end.sequence ?? 0)
  }
  await index.close()
  rmSync(copy, { recursive: true })
  return reached
}

/** Changes the table that holds a value which no table packs, at a byte of that. */
function overwriteInTable(root: string, value: Uint8Array, change: (table: Buffer, at: number) => void): void {
  const part = value.subarray(100, 140)
  for (const name of filesBelow(root).filter((file) => /^index\/.*\.ldb$/.test(file))) {
    const table = readFileSync(join(root, name))
    const at = table.indexOf(part)
    if (at < 0) continue
    change(table, at)
    writeFileSync(join(root, name), table)
    return
  }
  throw new Error('no table holds the value as it is')
}

export interface LevelBed extends StoreBed {
  /** Where the store is kept now: a crash moves it to a copy. */
  readonly directory: string
  /** The disk below it. */
  readonly faulty: FaultyFiles
}

/** A crash is a copy of the folder as it is; the old store ends on the side, on files that nobody looks at any more. */
export async function levelBed(): Promise<LevelBed> {
  const folder = temporaryFolder('bed')
  const faulty = new FaultyFiles(nodeFiles)
  const ending: Promise<void>[] = []
  let lives = 0
  let directory = join(folder, 'store-0')
  let current: RecordStore | undefined
  let release = () => {}
  return {
    faulty,
    get directory() {
      return directory
    },
    open: async (settings = {}) => {
      const store = await openLevelStoreAt(directory, { files: faulty.files, ...settings })
      current = store
      return store
    },
    crash: async () => {
      const from = directory
      directory = join(folder, `store-${++lives}`)
      copyStoreFolder(from, directory)
      if (current !== undefined) ending.push(current.close())
      faulty.failSyncs = false
    },
    holdSync: () => {
      release = faulty.holdSync()
      return release
    },
    failSync: () => {
      faulty.failSyncs = true
    },
    setFull: (full) => {
      faulty.bytesLeft = full ? 0 : undefined
    },
    spoilRecord: (_family, _key, value) =>
      overwriteInTable(directory, value, (table, at) => table.writeUInt8(table.readUInt8(at) ^ 1, at)),
    damageIndex: async (_key, value) => {
      overwriteInTable(directory, value, (table, at) => table.fill(0xff, at - 700, at + 700))
      await current?.scan('entry', { limit: 100, damage: { unreadable: () => undefined, incomplete: () => undefined } })
    },
    [Symbol.asyncDispose]: async () => {
      release()
      await current?.close()
      await Promise.all(ending)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
