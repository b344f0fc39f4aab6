import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest, tableName } from '../../../src/node/adapters/level-store/index/index-files.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import type { DamageCategory } from '../../conformance/record-store/store-verdict.ts'
import { judge } from '../../conformance/record-store/store-verdict.ts'
import { SeededNumbers } from './crash-images.ts'
import type { DamageSource } from './damage-sources.ts'
import { closedSource, crashedSource, journalFrames, reclaimedSource } from './damage-sources.ts'
import { copyStoreFolder, filesBelow, openLevelStoreAt, recoverLevelStoreAt, temporaryFolder } from './level-bed.ts'

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
  readonly source?: 'closed' | 'crashed' | 'reclaimed'
  readonly targets: (source: DamageSource) => readonly Target[] | Promise<readonly Target[]>
  /** Every flip has to be found: no byte of these is dead. */
  readonly alive?: boolean
  /** Whether the file is cut too: not the segments, whose size nothing tells. */
  readonly cuts?: boolean
  /** How many times the usual number of changes is made. */
  readonly rounds?: number
}

const wholeFiles = (matches: RegExp) => (source: DamageSource) =>
  filesBelow(source.root)
    .filter((file) => matches.test(file))
    .map((file) => ({ file, from: 0, to: readFileSync(join(source.root, file)).length }))
    .filter(({ to }) => to > 0)

/** Obsolete tables, which LevelDB removes when it likes, do not count. */
const liveTables = async (source: DamageSource) => {
  const reading = await readManifest(nodeFiles, join(source.root, 'index'))
  if (reading.kind === 'damaged') throw new Error(reading.damage.reason)
  return reading.files.tables.map(({ number, size }) => ({ file: `index/${tableName(number)}`, from: 0, to: size }))
}

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
    .filter(({ indexed }) => indexed)
    .map(({ file, from, to }) => ({ file, from, to }))

/** From the end of the frames to the end of the file. */
const preallocated = (source: DamageSource) =>
  wholeFiles(/^journal\/.*\.seg$/)(source).flatMap(({ file, to }) => {
    const end = Math.max(4096, ...journalFrames(source).map((frame) => (frame.file === file ? frame.to : 0)))
    return end < to ? [{ file, from: end, to }] : []
  })

const kinds: readonly FileKind[] = [
  { name: 'segment header', targets: segmentHeaders, alive: true },
  { name: 'segment header of a crashed store', source: 'crashed', targets: segmentHeaders },
  { name: 'segment header in the replay window', source: 'crashed', targets: headersToReplay, alive: true },
  { name: 'frame in the replay window', source: 'crashed', targets: replayFrames, alive: true },
  { name: 'indexed frame', targets: indexedFrames, alive: true },
  { name: 'preallocated zeros', targets: preallocated },
  { name: 'preallocated zeros of a crashed store', source: 'crashed', targets: preallocated },
  { name: 'LevelDB log', cuts: true, targets: wholeFiles(/^index\/\d+\.log$/) },
  { name: 'LevelDB log of a crashed store', cuts: true, source: 'crashed', targets: wholeFiles(/^index\/\d+\.log$/) },
  { name: 'LevelDB table', cuts: true, targets: liveTables, alive: true, rounds: 5 },
  {
    name: 'LevelDB table of a store without its first segments',
    cuts: true,
    source: 'reclaimed',
    targets: liveTables,
    alive: true,
    rounds: 15,
  },
  { name: 'LevelDB MANIFEST', cuts: true, targets: wholeFiles(/^index\/MANIFEST-\d+$/) },
  { name: 'LevelDB CURRENT', cuts: true, targets: wholeFiles(/^index\/CURRENT$/) },
  { name: 'FORMAT', cuts: true, targets: wholeFiles(/^FORMAT$/), alive: true },
  { name: 'identity', cuts: true, targets: wholeFiles(/^store$/), alive: true },
]

let sources: Readonly<Record<'closed' | 'crashed' | 'reclaimed', DamageSource>>
type Ending = DamageCategory | 'healed'
const table: Record<string, Partial<Record<Ending, number>>> = {}

beforeAll(async () => {
  const closed = await closedSource(join(folder, 'closed'))
  const crashed = await crashedSource(join(folder, 'crashed'))
  sources = { closed, crashed, reclaimed: await reclaimedSource(join(folder, 'reclaimed')) }
})

afterAll(() => console.table(table))

/** Changes the bytes, in place or not. */
type Change = (bytes: Buffer, target: Target, numbers: SeededNumbers) => { readonly bytes: Buffer; readonly what: string }

const flipBit: Change = (bytes, { from, to }, numbers) => {
  const offset = from + numbers.below(to - from)
  const bit = numbers.below(8)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ (1 << bit), offset)
  return { bytes, what: `bit ${bit} at ${offset}` }
}

const zeroSectors: Change = (bytes, { from, to }, numbers) => {
  const offset = from + numbers.below(to - from)
  const end = Math.min(to, offset + 512)
  bytes.fill(0, offset, end)
  return { bytes, what: `zeros from ${offset} to ${end}` }
}

/** Everything behind a place is gone. */
const cutOff: Change = (bytes, { from, to }, numbers) => {
  const length = from + numbers.below(to - from)
  return { bytes: bytes.subarray(0, length), what: `cut to ${length}` }
}

/** A damaged table is healed, or the start names the place and the way out, which shows nothing that was replaced or removed. */
async function judgeTable(root: string, source: DamageSource, category: DamageCategory, detail: string, isSame: boolean) {
  if (source !== sources.reclaimed) return expect(category, detail).toBe('equal')
  if (isSame) return
  expect(category).toBe('open-error')
  expect(detail).toMatch(/^store-damaged: .*index: \d+\.ldb at \d+: .*"memo cluster recover"/)
  const { findings } = await recoverLevelStoreAt(root)
  expect(findings.join('\n')).toMatch(/index: \d+\.ldb at \d+/)
  await using store = await openLevelStoreAt(root)
  expect(store.condition).toEqual({ kind: 'sound' })
  for (const { family, key } of source.history.keys) {
    const value = await store.get(family, key)
    if (value !== undefined) expect(Buffer.compare(value, source.history.twin.get(family, key) ?? Buffer.from('removed'))).toBe(0)
  }
  expect((await store.verify()).findings).toEqual([])
}

async function damageOnce(kind: FileKind, source: DamageSource, seed: number, change: Change): Promise<Ending> {
  const numbers = new SeededNumbers(seed)
  const targets = await kind.targets(source)
  expect(targets.length, `there is a ${kind.name}`).toBeGreaterThan(0)
  const target = targets[numbers.below(targets.length)]!
  const root = join(folder, 'damaged')
  rmSync(root, { recursive: true, force: true })
  copyStoreFolder(source.root, root)
  const path = join(root, target.file)
  const before = readFileSync(path)
  const { bytes: after, what } = change(Buffer.from(before), target, numbers)
  writeFileSync(path, after)
  const label = `${kind.name}, seed ${seed}: ${target.file} of ${before.length} bytes, ${what}`
  const reported: string[] = []
  const events = { damageFound: ({ finding }: { readonly finding: string }) => void reported.push(finding) }
  try {
    const { category, store, detail } = await judge(() => openLevelStoreAt(root, { events }), source.history)
    if (category === 'suspect') {
      const { storeId } = store!.identity
      expect(Buffer.compare(storeId, source.storeId), `${label}: a suspect store has a new id`).not.toBe(0)
    }
    await store?.close()
    expect(category, `${label} (${detail})`).not.toBe('stale-until-verify')
    const ending = category === 'equal' && reported.length > 0 ? 'healed' : category
    if (kind.alive === true && !before.equals(after)) expect(ending, `${label} (${detail})`).not.toBe('equal')
    if (kind.targets === liveTables) await judgeTable(root, source, category, detail, before.equals(after))
    return ending
  } catch (error) {
    throw new Error(label, { cause: error })
  }
}

describe.each(kinds)('$name', (kind) => {
  const changes: readonly (readonly [string, Change, number])[] = [
    ['flipped bits', flipBit, flips],
    ['zeroed sectors', zeroSectors, Math.ceil(flips / 4)],
  ]
  const cuts: typeof changes = kind.cuts === true ? [['cut files', cutOff, Math.ceil(flips / 4)]] : []
  test.each([...changes, ...cuts])('%s are found, healed or without effect', async (name, change, count) => {
    const source = sources[kind.source ?? 'closed']
    const row: Partial<Record<Ending, number>> = {}
    for (let seed = 1; seed <= count * (kind.rounds ?? 1); seed++) {
      const category = await damageOnce(kind, source, seed, change)
      row[category] = (row[category] ?? 0) + 1
    }
    table[`${kind.name}: ${name}`] = row
  })
})
