import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkIndexFiles, readManifest } from '../../../src/node/adapters/level-store/index/index-files.ts'
import { readLayers } from '../../../src/node/adapters/level-store/index/index-layers.ts'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { checkTable } from '../../../src/node/adapters/level-store/index/table-check.ts'
import { salvageTable } from '../../../src/node/adapters/level-store/index/table-salvage.ts'
import type { LiveTable } from '../../../src/node/adapters/level-store/index/version-edits.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { filler } from '../../conformance/record-store/store-bed.ts'
import { SeededNumbers } from './crash-images.ts'
import { copyStoreFolder, filesBelow, temporaryFolder } from './level-bed.ts'

const folder = temporaryFolder('index-files')
const source = join(folder, 'source')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const expected = new Map<string, string>()
let tables: readonly LiveTable[]

const open = async (path: string, writeBufferBytes = 64 * 1024) => {
  const index = new LevelIndex(path, { cacheBytes: 1024 * 1024, writeBufferBytes })
  await index.open(true)
  return index
}
const tableBytes = (table: LiveTable) => readFileSync(join(source, `${String(table.number).padStart(6, '0')}.ldb`))
const keyOf = (number: number) => Buffer.from(`k/${String(number).padStart(5, '0')}`)

/** Overwrites and removals in tables of several levels and a log; text, so that blocks are compressed, and noise. */
beforeAll(async () => {
  const numbers = new SeededNumbers(7)
  for (let life = 0; life < 4; life++) {
    const index = await open(source)
    for (let batch = 0; batch < 60; batch++) {
      const changes = Array.from({ length: 20 }, () => {
        const key = keyOf(numbers.below(2000))
        const value = numbers.below(5) === 0 ? undefined : filler(60, numbers.below(1_000_000) + 1)
        if (value === undefined) expected.delete(key.toString())
        else expected.set(key.toString(), Buffer.from(value).toString('hex').repeat(2))
        return { key, value: value === undefined ? undefined : Buffer.from(Buffer.from(value).toString('hex').repeat(2)) }
      })
      await index.write(changes)
    }
    await index.close()
  }
  const reading = await readManifest(nodeFiles, source)
  if (reading.kind === 'damaged') throw new Error(reading.damage.reason)
  tables = reading.files.tables
})

async function recordsOf(path: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const { entries } of readLayers({ files: nodeFiles, folder: path, note: (finding) => expect(finding).toBe('') })) {
    for (const { key, value } of entries) {
      if (value === undefined) found.delete(key.toString())
      else found.set(key.toString(), value.toString())
    }
  }
  return found
}

test('the live tables are those of the folder, they verify, and their layers add up to what was written', async () => {
  expect(tables.length).toBeGreaterThan(1)
  const names = readdirSync(source).filter((name) => name.endsWith('.ldb'))
  expect(new Set(names)).toEqual(new Set(tables.map(({ number }) => `${String(number).padStart(6, '0')}.ldb`)))
  const { damage, bytes } = await checkIndexFiles(nodeFiles, source)
  expect(damage).toEqual([])
  expect(bytes).toBe(tables.reduce((sum, { size }) => sum + size, 0))
  const found = await recordsOf(source)
  expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()))
})

test('every byte of a table is covered: a flip anywhere, and a cut at any length, is found', () => {
  const table = [...tables].sort((left, right) => left.size - right.size)[0]!
  const bytes = tableBytes(table)
  expect(checkTable(bytes, table.size)).toEqual([])
  for (let at = 0; at < bytes.length; at++) {
    const before = bytes.readUInt8(at)
    bytes.writeUInt8(before ^ (1 << (at % 8)), at)
    expect(checkTable(bytes, table.size).length, `at ${at} of ${bytes.length}`).toBeGreaterThan(0)
    bytes.writeUInt8(before, at)
  }
  for (let length = 0; length < bytes.length; length += 7) {
    expect(checkTable(bytes.subarray(0, length), table.size)).toHaveLength(1)
  }
})

test('every flip in CURRENT and MANIFEST is found, or nothing that LevelDB reads of them has changed', async () => {
  const root = join(folder, 'manifest')
  mkdirSync(root)
  const whole = await readManifest(nodeFiles, source)
  for (const name of readdirSync(source).filter((each) => /^(CURRENT|MANIFEST-\d+)$/.test(each))) {
    copyStoreFolder(source, root)
    const bytes = readFileSync(join(source, name))
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at)
      writeFileSync(join(root, name), flipped)
      const reading = await readManifest(nodeFiles, root)
      if (reading.kind === 'read') expect(reading, `${name} at ${at}`).toEqual(whole)
    }
  }
})

test('a missing table, one that is cut and one that grew are found; one that nobody names is not', async () => {
  const root = join(folder, 'missing')
  for (const change of ['missing', 'cut', 'grown', 'unnamed'] as const) {
    rmSync(root, { recursive: true, force: true })
    copyStoreFolder(source, root)
    const file = filesBelow(root).find((each) => each.endsWith('.ldb'))!
    const bytes = readFileSync(join(root, file))
    if (change === 'missing') rmSync(join(root, file))
    if (change === 'cut') writeFileSync(join(root, file), bytes.subarray(0, bytes.length - 1))
    if (change === 'grown') writeFileSync(join(root, file), Buffer.concat([bytes, Buffer.of(0)]))
    if (change === 'unnamed') writeFileSync(join(root, '999999.ldb'), 'half a table')
    const { damage } = await checkIndexFiles(nodeFiles, root)
    expect(
      damage.map((each) => each.file),
      change,
    ).toEqual(change === 'unnamed' ? [] : [file])
  }
})

test('of a damaged table only intact blocks are taken, and the rest is named as lost', () => {
  const table = [...tables].sort((left, right) => right.size - left.size)[0]!
  const bytes = tableBytes(table)
  const whole = salvageTable(bytes, table, () => undefined)
  expect(whole.lost).toEqual([])
  const held = new Map(whole.entries.map(({ key, value }) => [key.toString(), value]))
  for (let at = 0; at < bytes.length; at += Math.floor(bytes.length / 60)) {
    const damaged = Buffer.from(bytes)
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x20, at)
    let noted = 0
    const { lost, entries } = salvageTable(damaged, table, () => void noted++)
    expect(noted, `at ${at}`).toBeGreaterThan(0)
    const taken = new Set(entries.map(({ key }) => key.toString()))
    for (const { key, value } of entries) expect(value).toEqual(held.get(key.toString()))
    for (const key of held.keys()) {
      const covered = lost.some(({ first, last }) => first.compare(Buffer.from(key)) <= 0 && last.compare(Buffer.from(key)) >= 0)
      expect(taken.has(key) || covered, `${key} after a flip at ${at}`).toBe(true)
    }
  }
  const footless = Buffer.from(bytes).fill(0, bytes.length - 48)
  expect(salvageTable(footless, table, () => undefined)).toEqual(whole)
})

test('the check of an index at work never alarms', async () => {
  const root = join(folder, 'busy')
  const index = await open(root, 64 * 1024)
  let working = true
  const checks = (async () => {
    let count = 0
    for (; working; count++) expect((await checkIndexFiles(nodeFiles, root)).damage).toEqual([])
    return count
  })()
  for (let batch = 0; batch < 300; batch++) {
    const changes = Array.from({ length: 50 }, (_, each) => ({
      key: keyOf((batch * 7919 + each * 104_729) % 20_000),
      value: Buffer.from(filler(200, batch * 50 + each + 1)),
    }))
    await index.write(changes)
  }
  working = false
  expect(await checks).toBeGreaterThan(10)
  await index.close()
})
