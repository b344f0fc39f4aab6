import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Files } from '../../../src/node/adapters/level-store/files.ts'
import { factNumber, markerKeyRange } from '../../../src/node/adapters/level-store/index/index-state.ts'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { recordRange } from '../../../src/node/adapters/level-store/index/record-codec.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { openLevelStore } from '../../../src/node/adapters/level-store/open-level-store.ts'
import { recoverLevelStore } from '../../../src/node/adapters/level-store/recover-level-store.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { RecordStore, RecordWrite, StoreEvents } from '../../../src/node/ports/record-store.ts'

const limits: Limits = {
  ...defaultLimits,
  batchBytesMax: 256 * 1024,
  segmentBytes: 512 * 1024,
  replayBytesMax: 512 * 1024,
  inlinePayloadBytesMax: 1024,
  storeReserveBytes: 64 * 1024,
  indexDelayMs: 1,
}

const folders: string[] = []
const stores: RecordStore[] = []

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'memo-level-store-'))
  folders.push(folder)
  return folder
}

function optionsFor(directory: string, events: Partial<StoreEvents> = {}, byteLimit?: number) {
  const silent: StoreEvents = {
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
    failed: ({ error }) => {
      throw error
    },
  }
  const random = { bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)), integerBelow: () => 0 }
  return { directory, limits, random, events: { ...silent, ...events }, ...(byteLimit !== undefined && { byteLimit }) }
}

async function open(directory: string, events: Partial<StoreEvents> = {}, byteLimit?: number): Promise<RecordStore> {
  const store = await openLevelStore(optionsFor(directory, events, byteLimit))
  stores.push(store)
  return store
}

const put = (key: string, value: string | Uint8Array): RecordWrite => ({
  kind: 'put',
  family: 'entry',
  key: Buffer.from(key),
  value: Buffer.from(value),
})

const remove = (key: string): RecordWrite => ({ kind: 'delete', family: 'entry', key: Buffer.from(key) })

async function read(store: RecordStore, key: string): Promise<string | undefined> {
  const value = await store.get('entry', Buffer.from(key))
  return value === undefined ? undefined : Buffer.from(value).toString()
}

async function openIndex(directory: string): Promise<LevelIndex> {
  const index = new LevelIndex(join(directory, 'index'), { cacheBytes: 1024 * 1024, writeBufferBytes: 1024 * 1024 })
  await index.open(false)
  return index
}

/** Forces what was committed into the index, which a verification reads. */
async function settle(store: RecordStore): Promise<void> {
  await store.verify()
}

test('batches that vanished from the index are brought back from the journal, with their removals', async () => {
  const folder = newFolder()
  const store = await open(folder)
  for (let round = 0; round < 10; round++) {
    await store.commit([
      put(`key ${round}`, `first ${round}`),
      put('again', `round ${round}`),
      put('large', 'x'.repeat(3000 + round)),
    ])
    if (round > 2) await store.commit([remove(`key ${round - 3}`)])
    await settle(store)
  }
  await store.close()

  const index = await openIndex(folder)
  const markers: Buffer[] = []
  for await (const page of index.pages(markerKeyRange)) markers.push(...page.map(([key]) => key))
  expect(markers.length).toBeGreaterThan(8)
  const lost = markers.slice(3, 6)
  const records: Buffer[] = []
  for await (const page of index.pages(recordRange)) records.push(...page.map(([key]) => key))
  // The newest value of each record and three batches in the middle are gone.
  await index.write([...lost, ...records].map((key) => ({ key, value: undefined })))
  await index.close()
  expect(lost.map(factNumber)).toEqual([4, 5, 6])

  const found: string[] = []
  const healed = await open(folder, { damageFound: ({ finding }) => void found.push(finding) })
  expect(found).toHaveLength(1)
  expect(found[0]).toContain('3 batches')
  expect(healed.condition).toEqual({ kind: 'sound' })
  expect(await read(healed, 'again')).toBe('round 9')
  expect(await read(healed, 'large')).toBe('x'.repeat(3009))
  for (let round = 3; round < 10; round++) {
    expect(await read(healed, `key ${round}`)).toBe(round < 7 ? undefined : `first ${round}`)
  }
})

test('a heal leaves counts, fingerprints and live bytes as they were', async () => {
  const folder = newFolder()
  const store = await open(folder)
  for (let round = 0; round < 8; round++) {
    await store.commit([put(`key ${round}`, `value ${round}`), put(`large ${round % 3}`, 'y'.repeat(2000 + round))])
    await settle(store)
  }
  const before = store.usage()
  await store.close()
  const index = await openIndex(folder)
  const { gte } = markerKeyRange
  const third = Buffer.from(gte)
  third.writeUInt32BE(3, 6)
  await index.write([{ key: third, value: undefined }])
  await index.close()

  const healed = await open(folder)
  expect((await healed.verify()).findings).toEqual([])
  expect(healed.usage()).toMatchObject({ liveBytes: before.liveBytes, families: before.families })
})

test('a verification that runs while a segment goes does not miss it', async () => {
  const found: (readonly string[])[] = []
  const files: Files = {
    ...nodeFiles,
    async unlink(path) {
      await nodeFiles.unlink(path)
      if (found.length >= 3 || !path.endsWith('.seg')) return
      const { findings, journal } = await store.verify()
      found.push([...findings, ...journal])
    },
  }
  const store = await openLevelStore({ ...optionsFor(newFolder()), files })
  stores.push(store)
  for (let round = 0; round < 400; round++) await store.commit([put(`key ${round % 5}`, Buffer.alloc(20_000, round))])
  for (let attempt = 0; attempt < 100 && found.length < 3; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    await store.commit([put('tick', `${attempt}`)])
  }
  expect(found.length).toBeGreaterThanOrEqual(3)
  expect(found.flat()).toEqual([])
})

test('dead segments go, live payloads move, and every value stays readable', async () => {
  const folder = newFolder()
  const reclaimed: number[] = []
  const store = await open(folder, { segmentReclaimed: ({ segment }) => void reclaimed.push(segment) })
  const value = (round: number) => Buffer.alloc(20_000, round)
  await store.commit([put('kept', 'k'.repeat(5000))])
  for (let round = 0; round < 400; round++) {
    await store.commit([put(`key ${round % 5}`, value(round))])
    if (round % 20 === 0) expect((await store.get('entry', Buffer.from('kept')))?.length).toBe(5000)
  }
  const segments = () => readdirSync(join(folder, 'journal')).length
  for (let attempt = 0; attempt < 100 && (reclaimed.length < 5 || segments() >= 12); attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    await store.commit([put('tick', `${attempt}`)])
  }
  expect(reclaimed.length).toBeGreaterThanOrEqual(5)
  expect(reclaimed).toContain(1)
  const check = async (opened: RecordStore) => {
    expect(await read(opened, 'kept')).toBe('k'.repeat(5000))
    for (let key = 0; key < 5; key++) {
      expect(await opened.get('entry', Buffer.from(`key ${key}`))).toEqual(value(395 + key))
    }
    expect((await opened.verify()).findings).toEqual([])
  }
  await check(store)
  expect(segments()).toBeLessThan(12)
  await store.close()
  await check(await open(folder))
})

test('a store that lost its index and identity is recovered under a new id with what the journal has', async () => {
  const folder = newFolder()
  const store = await open(folder)
  const { storeId } = store.identity
  await store.commit([put('a', '1'), put('large', 'z'.repeat(4000))])
  await store.commit([put('b', '2'), remove('a')])
  await store.close()
  rmSync(join(folder, 'index', 'CURRENT'))
  rmSync(join(folder, 'store'))
  await expect(open(folder)).rejects.toMatchObject({ code: 'store-damaged' })

  const report = await recoverLevelStore(optionsFor(folder))
  expect(report.findings.length).toBeGreaterThanOrEqual(2)
  expect(report.records).toBe(2)
  expect(Buffer.compare(report.storeId, storeId)).not.toBe(0)
  const recovered = await open(folder)
  expect(recovered.condition).toEqual({ kind: 'sound' })
  expect(await read(recovered, 'a')).toBeUndefined()
  expect(await read(recovered, 'b')).toBe('2')
  expect(await read(recovered, 'large')).toBe('z'.repeat(4000))
  await recovered.commit([put('c', '3')])
  expect((await recovered.verify()).findings).toEqual([])
  await recovered.close()
  const again = await open(folder)
  expect(again.condition).toEqual({ kind: 'sound' })
  expect(await read(again, 'c')).toBe('3')
})

test('starts are counted, the directory is locked, and a path that is a file is refused', async () => {
  const folder = newFolder()
  const first = await open(folder)
  expect(first.identity.bootCount).toBe(1)
  await expect(open(folder)).rejects.toMatchObject({ code: 'store-locked' })
  await first.close()
  const second = await open(folder)
  expect(second.identity).toEqual({ storeId: first.identity.storeId, bootCount: 2 })
  await expect(open(join(folder, 'FORMAT'))).rejects.toMatchObject({ code: 'store-unwritable' })
})

test('a store that is only looked at counts no start, takes no change and makes no segment', async () => {
  const folder = newFolder()
  const store = await open(folder)
  await store.commit([put('a', '1')])
  await store.close()
  const before = readdirSync(join(folder, 'journal'))
  for (let look = 0; look < 2; look++) {
    await using looked = await openLevelStore({ ...optionsFor(folder), inspect: true })
    expect(looked.identity).toEqual({ storeId: store.identity.storeId, bootCount: 1 })
    expect(await read(looked, 'a')).toBe('1')
    expect((await looked.verify()).findings).toEqual([])
    await expect(looked.commit([put('b', '2')])).rejects.toMatchObject({ code: 'store-read-only' })
    expect(readdirSync(join(folder, 'journal'))).toEqual(before)
  }
  const after = await open(folder)
  expect(after.identity.bootCount).toBe(2)
  await after.commit([put('b', '2')])
})

test('a full store refuses changes and takes removals, which make room again', async () => {
  const store = await open(newFolder(), {}, 400_000)
  let stored = 0
  await expect(
    (async () => {
      for (;;) {
        await store.commit([put(`key ${stored}`, 'v'.repeat(10_000))])
        stored++
      }
    })(),
  ).rejects.toMatchObject({ code: 'storage-full' })
  expect(stored).toBeGreaterThan(30)
  await store.commit([put('small', 'v'.repeat(5_000))], { space: 'reserve' })
  for (let key = 0; key < 10; key++) await store.commit([remove(`key ${key}`)])
  await settle(store)
  await store.commit([put('again', 'v'.repeat(10_000))])
  expect(store.usage().families.entry.records).toBeGreaterThan(20)
})

test('what commits see of each other: many at once are one write, and a closed store takes none', async () => {
  const groups: number[] = []
  const store = await open(newFolder(), { committed: ({ batches }) => void groups.push(batches) })
  await Promise.all(Array.from({ length: 500 }, (_, number) => store.commit([put(`key ${number}`, `${number}`)])))
  expect(groups.reduce((sum, count) => sum + count, 0)).toBe(500)
  expect(groups.length).toBeLessThan(20)
  expect(store.usage().syncedPosition).toBe(500n)
  await store.close()
  await expect(store.commit([put('late', 'x')])).rejects.toMatchObject({ code: 'not-running' })
})

test('a record that is new to its writer while the index has yet to see its removal is counted once', async () => {
  const store = await open(newFolder())
  await store.commit([put('key', 'first')])
  await settle(store)
  await Promise.all([store.commit([remove('key')]), store.commit([{ ...put('key', 'second'), isNew: true } as RecordWrite])])
  await settle(store)
  expect(store.usage().families.entry.records).toBe(1)
  expect((await store.verify()).findings).toEqual([])
  expect(await read(store, 'key')).toBe('second')
})
