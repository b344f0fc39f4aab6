import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readManifest, tableName } from '../../../src/node/adapters/level-store/index/index-files.ts'
import { outlineTable } from '../../../src/node/adapters/level-store/index/table-check.ts'
import { blockEntries } from '../../../src/node/adapters/level-store/index/table-format.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { SeededNumbers } from './crash-images.ts'
import type { DamageSource } from './damage-sources.ts'
import { reclaimedSource } from './damage-sources.ts'
import { copyStoreFolder, openLevelStoreAt, recoverLevelStoreAt, temporaryFolder, tightLimits } from './level-bed.ts'

const reader = fileURLToPath(new URL('./read-everything.ts', import.meta.url))
const folder = temporaryFolder('damaged-tables')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let source: DamageSource

beforeAll(async () => {
  source = await reclaimedSource(join(folder, 'source'))
})

async function liveTables(root: string): Promise<readonly string[]> {
  const reading = await readManifest(nodeFiles, join(root, 'index'))
  if (reading.kind === 'damaged') throw new Error(reading.damage.reason)
  return [...reading.files.tables]
    .sort((left, right) => left.number - right.number)
    .map(({ number }) => join(root, 'index', tableName(number)))
}

function runReader(root: string, mode: 'store' | 'level') {
  const { stdout, stderr, signal } = spawnSync(process.execPath, [reader, root, mode], { encoding: 'utf8', timeout: 30_000 })
  return { isDone: stdout === 'done', signal, stderr }
}

/** Fills a block with entries whose keys are too short for LevelDB's own suffix: its assertions fail over them. */
function shortKeys(table: Buffer, offset: number, size: number): void {
  table.fill(Buffer.of(0, 1, 0, 0x41), offset, offset + size)
  table.writeUInt32LE(0, offset + size - 8)
  table.writeUInt32LE(1, offset + size - 4)
  table.writeUInt8(0, offset + size)
}

test('no damaged block ends the process: neither a start, nor a recovery, nor reading everything after it', async () => {
  const numbers = new SeededNumbers(11)
  let endedByLevel = 0
  for (let round = 0; round < 12; round++) {
    const [root, raw] = [join(folder, 'root'), join(folder, 'raw')]
    for (const each of [root, raw]) rmSync(each, { recursive: true, force: true })
    copyStoreFolder(source.root, root)
    const tables = await liveTables(root)
    const path = tables[numbers.below(tables.length)]!
    const bytes = readFileSync(path)
    const outline = outlineTable(bytes)
    if (outline.kind === 'damaged') throw new Error(outline.damage.reason)
    for (const { offset, size } of outline.data) {
      if (round % 2 === 0) shortKeys(bytes, offset, size)
      else for (let flip = 0; flip < 3; flip++) bytes.writeUInt8(numbers.below(256), offset + numbers.below(size))
    }
    writeFileSync(path, bytes)
    copyStoreFolder(root, raw)
    if (runReader(raw, 'level').signal === 'SIGABRT') endedByLevel++
    expect(runReader(root, 'store'), `round ${round}`).toEqual({ isDone: true, signal: null, stderr: '' })
  }
  expect(endedByLevel).toBeGreaterThan(0)
})

const keys = Array.from({ length: 300 }, (_, index) => `k/${index}`)
const oldValue = (index: number) => filler(100, index + 1)
const newValue = (index: number) => filler(120, index + 5001)

async function write(root: string, change: (store: RecordStore) => Promise<void>): Promise<void> {
  const store = await openLevelStoreAt(root, { limits: tightLimits })
  await change(store)
  await store.close()
}

/** Live tables that hold keys of the family `entry`, the newest last. */
async function entryTables(root: string): Promise<readonly string[]> {
  return (await liveTables(root)).filter((path) => {
    const bytes = readFileSync(path)
    const outline = outlineTable(bytes)
    if (outline.kind === 'damaged') throw new Error(outline.damage.reason)
    return outline.data.some((block) => blockEntries(bytes, block)?.some(({ key }) => key[0] === entryPrefix))
  })
}

const entryPrefix = recordFamilies.indexOf('entry') + 1

test('where a newer entry is damaged, the older one that still verifies is not shown, not even after a recovery', async () => {
  const root = join(folder, 'stale')
  await write(root, (store) => store.commit(keys.map((key, index) => put('entry', key, oldValue(index)))))
  await write(root, async (store) => {
    await store.commit(keys.map((key, index) => (index % 3 === 0 ? remove('entry', key) : put('entry', key, newValue(index)))))
  })
  await write(root, async (store) => {
    // Payloads stay in the journal: it moves on while the index hardly grows.
    for (let index = 0; index < 30; index++) await store.commit([put('content', `c/${index}`, filler(24_000, index + 1))])
  })
  const segments = readdirSync(join(root, 'journal')).sort()
  expect(segments.length).toBeGreaterThan(2)
  expect((await entryTables(root)).length).toBeGreaterThan(1)
  for (let block = 0; ; block++) {
    const copy = join(folder, `stale-${block}`)
    copyStoreFolder(root, copy)
    // As if they had been reclaimed: the index alone holds these values.
    for (const segment of segments.slice(0, -2)) rmSync(join(copy, 'journal', segment))
    const newest = (await entryTables(copy)).at(-1)!
    const bytes = readFileSync(newest)
    const outline = outlineTable(bytes)
    const damaged = outline.kind === 'blocks' ? outline.data[block] : undefined
    if (damaged === undefined) {
      expect(block).toBeGreaterThan(3)
      return
    }
    const entries = blockEntries(bytes, damaged)?.filter(({ key }) => key[0] === entryPrefix) ?? []
    bytes.writeUInt8(bytes.readUInt8(damaged.offset + 40) ^ 1, damaged.offset + 40)
    writeFileSync(newest, bytes)
    await expect(openLevelStoreAt(copy)).rejects.toThrow(`${tableName(numberOf(newest))} at ${damaged.offset}`)
    const { findings } = await recoverLevelStoreAt(copy)
    if (entries.length > 0) expect(findings.join('\n')).toMatch(/entry: \d+ older entries are given up/)
    await using store = await openLevelStoreAt(copy)
    let kept = 0
    for (const [index, key] of keys.entries()) {
      const value = await store.get('entry', Buffer.from(key))
      if (value === undefined) continue
      expect(index % 3, key).not.toBe(0)
      expect(Buffer.compare(value, newValue(index)), key).toBe(0)
      kept++
    }
    expect(kept).toBeGreaterThan(100)
    expect((await store.verify()).findings).toEqual([])
  }
})

const numberOf = (path: string) => Number(/(\d+)\.ldb$/.exec(path)?.[1])

test('a table that is damaged under an open store is found by verify', async () => {
  const root = join(folder, 'open')
  copyStoreFolder(source.root, root)
  await using store = await openLevelStoreAt(root)
  expect((await store.verify()).findings).toEqual([])
  const path = (await liveTables(root)).at(-1)!
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
  writeFileSync(path, bytes)
  expect((await store.verify()).findings).toEqual([
    `index: ${tableName(numberOf(path))} at 0: a block does not match its checksum`,
  ])
})
