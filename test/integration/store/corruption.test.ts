import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DamageCategory } from '../../conformance/record-store/store-verdict.ts'
import { judge } from '../../conformance/record-store/store-verdict.ts'
import { SeededNumbers } from './crash-images.ts'
import type { DamageSource } from './damage-sources.ts'
import { closedSource, crashedSource, journalFrames } from './damage-sources.ts'
import { copyStoreFolder, filesBelow, openLevelStoreAt, temporaryFolder } from './level-bed.ts'

const reader = fileURLToPath(new URL('./read-everything.ts', import.meta.url))
const flips = Number(process.env.MEMO_STORE_FLIPS ?? 20)

const folder = temporaryFolder('corruption')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Target {
  readonly file: string
  readonly from: number
  readonly to: number
}

interface FileKind {
  readonly name: string
  /** Whether the damaged store had crashed, with frames that only the journal holds. */
  readonly crashed?: boolean
  readonly targets: (source: DamageSource) => readonly Target[]
  /**
   * LevelDB does not verify the blocks of its tables when it reads them: a damaged one may end the process (so another one goes
   * first), or hide a newer entry behind an older one until verify counts the records.
   */
  readonly unverifiedByLevel?: boolean
  /** Every flip has to be found: no byte of these is dead. */
  readonly alive?: boolean
}

const wholeFiles = (matches: RegExp) => (source: DamageSource) =>
  filesBelow(source.root)
    .filter((file) => matches.test(file))
    .map((file) => ({ file, from: 0, to: readFileSync(join(source.root, file)).length }))
    .filter(({ to }) => to > 0)

const segmentHeaders = (source: DamageSource) =>
  wholeFiles(/^journal\/.*\.seg$/)(source).map(({ file }) => ({ file, from: 0, to: 4096 }))

/** Of a segment that a start has to read on into: only its header says that its first frame follows. */
const headersToReplay = (source: DamageSource) =>
  segmentHeaders(source).filter(({ file }) => {
    const [first] = journalFrames(source).filter((frame) => frame.file === file)
    return first !== undefined && !first.indexed && !first.last
  })

/** Frames that the index does not cover, but for those of the last write: nothing proves that a bad one of these was synced. */
const replayFrames = (source: DamageSource) =>
  journalFrames(source)
    .filter(({ indexed, last }) => !indexed && !last)
    .map(({ file, from, to }) => ({ file, from, to }))

const indexedFrames = (source: DamageSource) =>
  journalFrames(source)
    .filter(({ indexed, payloads }) => indexed && payloads)
    .map(({ file, from, to }) => ({ file, from, to }))

/** From the end of the frames to the end of the file. */
const preallocated = (source: DamageSource) =>
  wholeFiles(/^journal\/.*\.seg$/)(source).flatMap(({ file, to }) => {
    const end = Math.max(4096, ...journalFrames(source).map((frame) => (frame.file === file ? frame.to : 0)))
    return end < to ? [{ file, from: end, to }] : []
  })

const kinds: readonly FileKind[] = [
  { name: 'segment header', targets: segmentHeaders },
  { name: 'segment header of a crashed store', crashed: true, targets: segmentHeaders },
  { name: 'segment header in the replay window', crashed: true, targets: headersToReplay, alive: true },
  { name: 'frame in the replay window', crashed: true, targets: replayFrames, alive: true },
  { name: 'indexed frame with payloads', targets: indexedFrames },
  { name: 'preallocated zeros', targets: preallocated },
  { name: 'preallocated zeros of a crashed store', crashed: true, targets: preallocated },
  { name: 'LevelDB log', targets: wholeFiles(/^index\/\d+\.log$/) },
  { name: 'LevelDB log of a crashed store', crashed: true, targets: wholeFiles(/^index\/\d+\.log$/) },
  { name: 'LevelDB table', targets: wholeFiles(/^index\/\d+\.(ldb|sst)$/), unverifiedByLevel: true },
  { name: 'LevelDB MANIFEST', targets: wholeFiles(/^index\/MANIFEST-\d+$/) },
  { name: 'LevelDB CURRENT', targets: wholeFiles(/^index\/CURRENT$/) },
  { name: 'FORMAT', targets: wholeFiles(/^FORMAT$/) },
  { name: 'identity', targets: wholeFiles(/^store$/), alive: true },
]

let closed: DamageSource
let crashed: DamageSource
type Ending = DamageCategory | 'process ended'
const table: Record<string, Partial<Record<Ending, number>>> = {}

beforeAll(async () => {
  closed = await closedSource(join(folder, 'closed'))
  crashed = await crashedSource(join(folder, 'crashed'))
})

afterAll(() => console.table(table))

type Change = (bytes: Buffer, target: Target, numbers: SeededNumbers) => string

const flipBit: Change = (bytes, { from, to }, numbers) => {
  const offset = from + numbers.below(to - from)
  const bit = numbers.below(8)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ (1 << bit), offset)
  return `bit ${bit} at ${offset}`
}

const zeroSectors: Change = (bytes, { from, to }, numbers) => {
  const offset = from + numbers.below(to - from)
  const end = Math.min(to, offset + 512)
  bytes.fill(0, offset, end)
  return `zeros from ${offset} to ${end}`
}

/** Whether a process that reads a copy of the whole store lives to its end. */
function livesThrough(root: string, { history }: DamageSource): boolean {
  const copy = `${root}-read`
  rmSync(copy, { recursive: true, force: true })
  copyStoreFolder(root, copy)
  const keys = join(folder, 'keys.json')
  writeFileSync(keys, JSON.stringify(history.keys.map(({ family, key }) => [family, Buffer.from(key).toString('hex')])))
  const { stdout, signal } = spawnSync(process.execPath, [reader, copy, keys], { encoding: 'utf8', timeout: 30_000 })
  if (stdout !== 'done') expect(signal, 'only LevelDB itself ends the process').toBe('SIGABRT')
  return stdout === 'done'
}

async function damageOnce(kind: FileKind, source: DamageSource, seed: number, change: Change): Promise<Ending> {
  const numbers = new SeededNumbers(seed)
  const targets = kind.targets(source)
  expect(targets.length, `there is a ${kind.name}`).toBeGreaterThan(0)
  const target = targets[numbers.below(targets.length)]!
  const root = join(folder, 'damaged')
  rmSync(root, { recursive: true, force: true })
  copyStoreFolder(source.root, root)
  const path = join(root, target.file)
  const before = readFileSync(path)
  const after = Buffer.from(before)
  const what = change(after, target, numbers)
  writeFileSync(path, after)
  const label = `${kind.name}, seed ${seed}: ${target.file} of ${before.length} bytes, ${what}`
  if (kind.unverifiedByLevel === true && !livesThrough(root, source)) return 'process ended'
  try {
    const { category, store, detail } = await judge(() => openLevelStoreAt(root), source.history)
    if (category === 'suspect') {
      const { storeId } = store!.identity
      expect(Buffer.compare(storeId, source.storeId), `${label}: a suspect store has a new id`).not.toBe(0)
    }
    await store?.close()
    if (kind.unverifiedByLevel !== true) expect(category, `${label} (${detail})`).not.toBe('stale-until-verify')
    if (kind.alive === true && !before.equals(after)) expect(category, `${label} (${detail})`).not.toBe('equal')
    return category
  } catch (error) {
    throw new Error(label, { cause: error })
  }
}

describe.each(kinds)('$name', (kind) => {
  test.each([
    ['flipped bits', flipBit, flips],
    ['zeroed sectors', zeroSectors, Math.ceil(flips / 4)],
  ] as const)('%s are found, healed or without effect', async (name, change, count) => {
    const source = kind.crashed === true ? crashed : closed
    const row: Partial<Record<Ending, number>> = {}
    for (let seed = 1; seed <= count; seed++) {
      const category = await damageOnce(kind, source, seed, change)
      row[category] = (row[category] ?? 0) + 1
    }
    table[`${kind.name}: ${name}`] = row
  })
})
