import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readManifest, tableName } from '../../../src/node/adapters/level-store/index/index-files.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { filler, put } from '../../conformance/record-store/store-bed.ts'
import { judge } from '../../conformance/record-store/store-verdict.ts'
import type { DamageSource, JournalFrame } from './damage-sources.ts'
import { closedSource, crashedSource, reclaimedSource } from './damage-sources.ts'
import type { ReadFault } from './faulty-files.ts'
import { FaultyFiles } from './faulty-files.ts'
import {
  copyStoreFolder,
  filesBelow,
  openLevelStoreAt,
  recoverLevelStoreAt,
  storeSoundnessAt,
  temporaryFolder,
  tightLimits,
} from './level-bed.ts'

const folder = temporaryFolder('unreadable')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type SourceName = 'closed' | 'crashed' | 'reclaimed'
let sources: Readonly<Record<SourceName, DamageSource>>

beforeAll(async () => {
  const closed = await closedSource(join(folder, 'closed'))
  const crashed = await crashedSource(join(folder, 'crashed'))
  sources = { closed, crashed, reclaimed: await withLog(await reclaimedSource(join(folder, 'reclaimed'))) }
})

interface Where extends Pick<ReadFault, 'range'> {
  readonly file: string
}
/** Every reclaim has LevelDB write its tables: one more batch, so that its log holds something. */
async function withLog(source: DamageSource): Promise<DamageSource> {
  const store = await openLevelStoreAt(source.root, { limits: { ...tightLimits, reclaimLivePercent: 0 } })
  const batch = [put('entry', 'in the log', filler(500))]
  await store.commit(batch)
  source.history.acknowledged(batch)
  await store.close()
  return source
}

type Place = (source: DamageSource) => Where | Promise<Where>

const sectorAt = (offset: number) => ({ from: offset - (offset % 4096), to: offset - (offset % 4096) + 4096 })

function frameOf(source: DamageSource, matches: (frame: JournalFrame) => boolean): JournalFrame {
  const found = source.frames.filter(matches)
  const frame = found[Math.floor(found.length / 2)]
  if (frame === undefined) throw new Error('there is no such frame')
  return frame
}

const inFrame =
  (matches: (frame: JournalFrame) => boolean): Place =>
  (source) => {
    const { file, from } = frameOf(source, matches)
    return { file, range: sectorAt(from) }
  }

const replayed = ({ indexed, last }: JournalFrame) => !indexed && !last
const lastSegment: Place = (source) => ({ file: source.frames.at(-1)!.file })
const behindFrames: Place = (source) => {
  const { file, to } = source.frames.at(-1)!
  return { file, range: sectorAt(to + 8192) }
}

const largestTable = async (source: DamageSource) => {
  const reading = await readManifest(nodeFiles, join(source.root, 'index'))
  if (reading.kind === 'damaged') throw new Error(reading.damage.reason)
  return [...reading.files.tables].sort((left, right) => right.size - left.size)[0]!
}
const table: Place = async (source) => ({ file: `index/${tableName((await largestTable(source)).number)}` })
const sectorOfTable: Place = async (source) => {
  const { number, size } = await largestTable(source)
  return { file: `index/${tableName(number)}`, range: sectorAt(Math.floor(size / 3)) }
}
const logPattern = /^index\/\d+\.log$/
const fileLike = (source: DamageSource, pattern: RegExp) => filesBelow(source.root).find((file) => pattern.test(file))!
const named =
  (pattern: RegExp): Place =>
  (source) => ({ file: fileLike(source, pattern) })
/** The fullest: a log may be new and empty. */
const log: Place = ({ root }) => {
  const size = (file: string) => statSync(join(root, file)).size
  const [file] = filesBelow(root)
    .filter((each) => logPattern.test(each))
    .sort((left, right) => size(right) - size(left))
  if (file === undefined || size(file) === 0) throw new Error('no log holds anything')
  return { file }
}
const sectorOfLog: Place = async (source) => ({ ...(await log(source)), range: sectorAt(0) })

/** These are replaced whole. */
const files = { format: named(/^FORMAT$/), identity: named(/^store$/) }

interface Case {
  readonly name: string
  readonly source: SourceName
  readonly place: Place
  /** `refused`: the start says what is wrong and leaves it. */
  readonly ends: 'suspect' | 'refused' | 'found' | 'whole'
  readonly says: RegExp
}

const segment = /journal: .*segment \d+ cannot be read from \d+ to \d+ \(EIO\)/
const cases: readonly Case[] = [
  { name: 'a frame to be replayed', source: 'crashed', place: inFrame(replayed), ends: 'suspect', says: segment },
  { name: 'the last segment', source: 'crashed', place: lastSegment, ends: 'suspect', says: segment },
  { name: 'zeros behind the last frame', source: 'closed', place: behindFrames, ends: 'whole', says: segment },
  {
    name: 'a payload',
    source: 'closed',
    place: inFrame(({ indexed, payloads }) => indexed && payloads),
    ends: 'found',
    says: /: the payload could not be read \(EIO\)/,
  },
  { name: 'a table', source: 'closed', place: table, ends: 'whole', says: /\.ldb at 0: it cannot be read up to \d+ \(EIO\)/ },
  { name: 'a sector of a table', source: 'closed', place: sectorOfTable, ends: 'whole', says: /\.ldb at \d+: it cannot be read/ },
  {
    name: 'a table that no journal makes good',
    source: 'reclaimed',
    place: table,
    ends: 'refused',
    says: /\.ldb at 0: it cannot/,
  },
  {
    name: 'a sector of such a table',
    source: 'reclaimed',
    place: sectorOfTable,
    ends: 'refused',
    says: /\.ldb at \d+: it cannot/,
  },
  { name: 'a log', source: 'closed', place: log, ends: 'whole', says: /\.log at 0: it cannot be read/ },
  { name: 'a sector of a log', source: 'closed', place: sectorOfLog, ends: 'whole', says: /\.log at 0: it cannot be read/ },
  {
    name: 'a log in a store without its first segments',
    source: 'reclaimed',
    place: log,
    ends: 'whole',
    says: /\.log at 0: it cannot be read/,
  },
  { name: 'CURRENT', source: 'closed', place: named(/CURRENT$/), ends: 'whole', says: /CURRENT at 0: it cannot be read/ },
  { name: 'a MANIFEST', source: 'reclaimed', place: named(/MANIFEST/), ends: 'refused', says: /MANIFEST-\d+ at 0: it cannot/ },
  { name: 'FORMAT', source: 'closed', place: files.format, ends: 'refused', says: /FORMAT: the file cannot be read/ },
  { name: 'the identity', source: 'closed', place: files.identity, ends: 'refused', says: /store: the file cannot be read/ },
]

async function damagedStore(name: string, source: DamageSource, place: Place, code = 'EIO') {
  const root = join(folder, name)
  rmSync(root, { recursive: true, force: true })
  copyStoreFolder(source.root, root)
  const faulty = new FaultyFiles(nodeFiles)
  const { file, ...where } = await place(source)
  faulty.readFaults = [{ path: join(root, file), ...where, code }]
  const reported: string[] = []
  const events = { damageFound: ({ finding }: { readonly finding: string }) => void reported.push(finding) }
  return { root, faulty, reported, settings: { files: faulty.files, events } }
}

/** Everything that a store shows was written, and last: only frames of the journal that are lost may leave an older value. */
async function readsWell(root: string, settings: object, { history }: DamageSource, isHole: boolean): Promise<number> {
  await using store = await openLevelStoreAt(root, settings)
  expect(store.condition).toEqual({ kind: 'sound' })
  expect((await store.verify()).findings).toEqual([])
  let kept = 0
  for (const { family, key, values } of history.keys) {
    const value = await store.get(family, key)
    if (value === undefined) continue
    if (isHole) expect(values.has(Buffer.from(value).toString('latin1'))).toBe(true)
    else expect(Buffer.compare(value, history.twin.get(family, key) ?? Buffer.from('removed'))).toBe(0)
    kept++
  }
  for (const family of recordFamilies) await store.scan(family, { limit: 10 })
  await store.commit([{ kind: 'put', family: 'entry', key: Buffer.from('after'), value: Buffer.from('x') }])
  return kept
}

describe.each(cases)('$name of a store that is $source', ({ source: name, place, ends, says }) => {
  test(`ends as ${ends}, at every start, and a recovery keeps the rest`, async () => {
    const source = sources[name]
    const { root, faulty, reported, settings } = await damagedStore('damaged', source, place)
    for (let start = 0; start < 2; start++) {
      reported.length = 0
      const { category, store, detail } = await judge(() => openLevelStoreAt(root, settings), source.history)
      const said = [...reported, detail].join('\n')
      const id = store?.identity.storeId
      await store?.close()
      // A copy or zeros have taken the place of what could not be read.
      if (start === 0 || ends !== 'whole') expect(said).toMatch(says)
      if (ends === 'whole') expect(category, said).toBe('equal')
      else if (ends === 'found') expect(['corrupt-read', 'found-by-verify'], said).toContain(category)
      else if (ends === 'refused') expect(category, said).toBe('open-error')
      else {
        expect(category, said).toBe('suspect')
        expect(id).not.toEqual(source.storeId)
      }
    }
    if (ends === 'whole') return
    expect(await storeSoundnessAt(root, settings)).toEqual({ sound: false })
    await recoverLevelStoreAt(root, settings)
    expect(faulty.readFaults.length, 'nothing unreadable is written over').toBe(
      place === files.format || place === files.identity ? 0 : 1,
    )
    for (let start = 0; start < 2; start++) {
      const kept = await readsWell(root, settings, source, ends === 'suspect')
      expect(kept).toBeGreaterThan(source.history.keys.length / 3)
    }
  })
})

test.each(['EACCES', 'EMFILE'])('%s is no damage: the start ends, and nothing is healed, cut or set aside', async (code) => {
  const { closed, crashed } = sources
  const segments = [inFrame(replayed), lastSegment].map((place) => ({ source: crashed, place }))
  const tables = [table, log, named(/CURRENT$/), named(/MANIFEST/)].map((place) => ({ source: closed, place }))
  for (const [number, { source, place }] of [...segments, ...tables].entries()) {
    const { root, faulty, reported, settings } = await damagedStore('no-damage', source, place, code)
    const before = filesBelow(root).filter((file) => !file.startsWith('index/'))
    await expect(openLevelStoreAt(root, settings), String(number)).rejects.toMatchObject({ code: 'store-unwritable' })
    expect(reported).toEqual([])
    expect(filesBelow(root).filter((file) => !file.startsWith('index/'))).toEqual(
      before.includes('pid') ? before : [...before, 'pid'],
    )
    faulty.readFaults = []
    const { category, store, detail } = await judge(() => openLevelStoreAt(root, settings), source.history)
    await store?.close()
    expect(category, detail).toBe('equal')
  }
})

test('a payload that a lack of descriptors keeps from being read is not called damaged', async () => {
  const { root, faulty, reported, settings } = await damagedStore('descriptors', sources.closed, lastSegment)
  faulty.readFaults = []
  await using store = await openLevelStoreAt(root, settings)
  faulty.readFaults = filesBelow(root).map((file) => ({
    path: join(root, file),
    range: { from: 0, to: Infinity },
    code: 'EMFILE',
  }))
  const reads = await Promise.allSettled(sources.closed.history.keys.map(async ({ family, key }) => store.get(family, key)))
  const failures = reads.flatMap((read) => (read.status === 'rejected' ? [read.reason] : []))
  expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['EMFILE']))
  await expect(store.verify()).rejects.toMatchObject({ code: 'EMFILE' })
  expect(reported).toEqual([])
})
