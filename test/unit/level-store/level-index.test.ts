import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'

const records = 3000
const keys = Array.from({ length: records }, (_, number) => Buffer.from(`key ${String(number).padStart(6, '0')}`))
const valueFor = (key: Buffer) => Buffer.alloc(1000, key)

let folder: string
let index: LevelIndex

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memo-index-'))
  index = await opened()
  await index.write(keys.map((key) => ({ key, value: valueFor(key) })))
})

afterEach(async () => {
  await index.close()
  rmSync(folder, { recursive: true })
})

async function opened(): Promise<LevelIndex> {
  const made = new LevelIndex(folder, { cacheBytes: 1024 * 1024, writeBufferBytes: 16 * 1024 * 1024 })
  await made.open(true)
  return made
}

test('look-ups asked for in one go are each answered with their own value', async () => {
  const asked = [...keys.toReversed(), Buffer.from('no such key')]
  const found = await Promise.all(asked.map((key) => index.get(key)))
  expect(found.pop()).toBeUndefined()
  found.forEach((value, place) => {
    expect(value?.equals(valueFor(asked[place] ?? Buffer.alloc(0)))).toBe(true)
  })
})

test('a look-up that meets a damaged block fails alone', async () => {
  await index.flushToTables()
  await index.close()
  const table = readdirSync(folder).find((name) => name.endsWith('.ldb')) ?? ''
  const bytes = readFileSync(join(folder, table))
  // The length that the first block, which is compressed, begins with.
  bytes.fill(0xff, 0, 5)
  writeFileSync(join(folder, table), bytes)
  index = await opened()
  const found = await Promise.allSettled(keys.map((key) => index.get(key)))
  const failed = found.filter(({ status }) => status === 'rejected')
  expect(failed.length).toBeGreaterThan(0)
  expect(failed.length).toBeLessThan(100)
  expect(found.at(-1)).toEqual({ status: 'fulfilled', value: valueFor(keys.at(-1) ?? Buffer.alloc(0)) })
})

test('walks that follow each other without a pause do not keep it from being opened anew', async () => {
  let walking = true
  const walk = async () => {
    while (walking)
      for await (const page of index.pages({ gte: Buffer.of(0), lt: Buffer.of(0xff) }, { pageRecords: 100 }))
        expect(page.length).toBeGreaterThan(0)
  }
  const walks = Promise.all([walk(), walk(), walk()])
  await index.reopen()
  await index.reopen()
  walking = false
  await walks
  expect((await index.get(keys[7] ?? Buffer.alloc(0)))?.equals(valueFor(keys[7] ?? Buffer.alloc(0)))).toBe(true)
})
