import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Files, OpenFile } from '../../../src/node/adapters/level-store/files.ts'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { dumpOf } from '../../conformance/record-store/store-twin.ts'
import {
  copyStoreFolder,
  filesBelow,
  openLevelStoreAt,
  recoverLevelStoreAt,
  storeSoundnessAt,
  temporaryFolder,
  tightLimits,
} from './level-bed.ts'

const folder = temporaryFolder('recovery')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A process that dies before one of its changes of the disk: neither that one nor any later one happens. */
function dyingFiles(changesLeft: number): { readonly files: Files; readonly isDead: () => boolean } {
  let left = changesLeft
  const alive = () => {
    if (left-- <= 0) throw Object.assign(new Error('the process is dead'), { code: 'EDEAD' })
  }
  const wrap = (file: OpenFile): OpenFile => ({
    read: (buffer, position) => file.read(buffer, position),
    size: () => file.size(),
    close: () => file.close(),
    datasync: (blocking) => file.datasync(blocking),
    write: (buffers, position) => {
      alive()
      return file.write(buffers, position)
    },
  })
  const files: Files = {
    ...nodeFiles,
    open: async (path, mode) => {
      if (mode === 'create') alive()
      return wrap(await nodeFiles.open(path, mode))
    },
    rename: async (from, to) => {
      alive()
      await nodeFiles.rename(from, to)
    },
    unlink: async (path) => {
      alive()
      await nodeFiles.unlink(path)
    },
    removeDirectory: async (path) => {
      alive()
      await nodeFiles.removeDirectory(path)
    },
  }
  return { files, isDead: () => left < 0 }
}

/** A store without its first segment, with a damaged table and a damaged last segment: only a recovery goes on with it. */
async function damagedStore(root: string): Promise<Uint8Array> {
  let storeId: Uint8Array
  {
    await using store = await openLevelStoreAt(root, { limits: tightLimits })
    storeId = store.identity.storeId
    for (let index = 0; index < 60; index++) await store.commit([put('content', `value/${index}`, filler(20_000, index))])
  }
  {
    // LevelDB puts its log into a table when it opens.
    await using store = await openLevelStoreAt(root, { limits: tightLimits })
    for (let index = 0; index < 300; index++) await store.commit([put('entry', `entry/${index}`, filler(600, index))])
    for (let index = 0; index < 300; index += 3) await store.commit([remove('entry', `entry/${index}`)])
  }
  const segments = readdirSync(join(root, 'journal')).sort()
  rmSync(join(root, 'journal', segments[0] ?? ''))
  flip(join(root, 'journal', segments.at(-1) ?? ''), 4096 + 60)
  const table = readdirSync(join(root, 'index')).find((name) => name.endsWith('.ldb')) ?? ''
  flip(join(root, 'index', table), 100)
  return storeId
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes[offset] = (bytes[offset] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

async function openedDump(root: string) {
  await using store = await openLevelStoreAt(root, { limits: tightLimits })
  return { dump: await dumpOf(store), storeId: store.identity.storeId, condition: store.condition.kind }
}

test('a recovery that dies at any of its steps is started over and ends as if it had not', async () => {
  const original = join(folder, 'original')
  const storeId = await damagedStore(original)
  const reference = join(folder, 'reference')
  copyStoreFolder(original, reference)
  await recoverLevelStoreAt(reference, { limits: tightLimits })
  const expected = await openedDump(reference)
  expect(expected.condition).toBe('sound')
  expect(expected.dump.length).toBeGreaterThan(100)
  expect(filesBelow(reference).some((name) => name.startsWith('journal.damaged-'))).toBe(true)
  let finished = 0
  let steps = 0
  for (; finished === 0; steps++) {
    const root = join(folder, `step-${steps}`)
    copyStoreFolder(original, root)
    const dying = dyingFiles(steps)
    const outcome = await recoverLevelStoreAt(root, { limits: tightLimits, files: dying.files }).catch(() => undefined)
    if (!dying.isDead()) finished++
    expect(outcome !== undefined, `step ${steps}`).toBe(!dying.isDead())
    const copy = join(folder, `opened-${steps}`)
    copyStoreFolder(root, copy)
    // A start either refuses, or says that something is missing, until all of it is done.
    const opened = await openedDump(copy).catch(() => undefined)
    if (opened?.condition === 'sound') expect(opened.storeId, `step ${steps}`).not.toEqual(storeId)
    for (const place of [root, copy]) {
      const soundness = await storeSoundnessAt(place, { limits: tightLimits })
      if (!soundness.sound) await recoverLevelStoreAt(place, { limits: tightLimits })
      const after = await openedDump(place)
      expect(after.condition, `step ${steps}`).toBe('sound')
      expect(after.dump, `step ${steps}`).toEqual(expected.dump)
      expect(after.storeId).not.toEqual(storeId)
      expect(filesBelow(place).filter((name) => name.startsWith('index.new'))).toEqual([])
    }
    for (const place of [root, copy]) rmSync(place, { recursive: true })
  }
  expect(steps).toBeGreaterThan(8)
})

test('a store that another process recovers is neither opened nor recovered', async () => {
  const root = join(folder, 'locked')
  await damagedStore(root)
  const before = filesBelow(root)
  const rebuilt = new LevelIndex(join(root, 'index.new'), { cacheBytes: 1024 * 1024, writeBufferBytes: 1024 * 1024 })
  await rebuilt.open(true)
  try {
    await expect(openLevelStoreAt(root, { limits: tightLimits })).rejects.toMatchObject({ code: 'store-locked' })
    await expect(recoverLevelStoreAt(root, { limits: tightLimits })).rejects.toMatchObject({ code: 'store-locked' })
    await rebuilt.write([{ key: Buffer.from('a'), value: Buffer.from('b') }])
    expect(filesBelow(root).filter((name) => !name.startsWith('index.new/'))).toEqual(before)
  } finally {
    await rebuilt.close()
  }
  expect((await recoverLevelStoreAt(root, { limits: tightLimits })).findings.length).toBeGreaterThan(0)
})
