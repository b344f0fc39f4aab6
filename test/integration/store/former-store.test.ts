import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Files } from '../../../src/node/adapters/level-store/files.ts'
import { markerKeyRange } from '../../../src/node/adapters/level-store/index/index-state.ts'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import type { RecordStore, RecordWrite } from '../../../src/node/ports/record-store.ts'
import { filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { dumpOf, StoreTwin } from '../../conformance/record-store/store-twin.ts'
import { FaultyFiles } from './faulty-files.ts'
import type { FormerStoreName } from './former-store.ts'
import { formatOf, formerBatch, formerLimits, unpackFormerStore } from './former-store.ts'
import { copyStoreFolder, openLevelStoreAt, recoverLevelStoreAt, temporaryFolder } from './level-bed.ts'

const folder = temporaryFolder('former')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const names: readonly FormerStoreName[] = ['closed', 'crashed']
const limits = { ...formerLimits, indexDelayMs: 10 }
let folders = 0

function unpacked(name: FormerStoreName): { readonly root: string; readonly twin: StoreTwin } {
  const root = join(folder, `${name}-${++folders}`)
  const { twin } = unpackFormerStore(name, root)
  return { root, twin: new StoreTwin(twin) }
}

async function proveSound(store: RecordStore, twin: StoreTwin): Promise<void> {
  expect(store.condition).toEqual({ kind: 'sound' })
  expect(await dumpOf(store)).toEqual(twin.dump())
  expect(await store.verify()).toMatchObject({ findings: [], journal: [], bytes: twin.liveBytes })
  expect(store.usage().families).toEqual(twin.counts)
}

/** Bytes of the markers of a store that is closed. */
async function markerBytes(root: string): Promise<readonly number[]> {
  const index = new LevelIndex(join(root, 'index'), { cacheBytes: 1024 * 1024, writeBufferBytes: 1024 * 1024 })
  await index.open(false)
  const sizes: number[] = []
  for await (const page of index.pages(markerKeyRange)) sizes.push(...page.map(([, value]) => value.length))
  await index.close()
  return sizes
}

const markerOfSeven = 12 + 56 + 7 * 24
const votes: readonly RecordWrite[] = [
  put('vote', 'block', filler(90, 1)),
  put('accepted', 'block 1', filler(300, 2)),
  put('accepted', 'block 2', filler(2000, 3)),
  put('entry', 'k/1', filler(50, 4)),
]
const noVotes: readonly RecordWrite[] = [remove('vote', 'block'), remove('accepted', 'block 1'), remove('accepted', 'block 2')]

describe.each(names)('a folder of format 1 that was %s', (name) => {
  test('opens as it is, serves, verifies, takes changes and stays of format 1', async () => {
    const { root, twin } = unpacked(name)
    for (let life = 0; life < 2; life++) {
      await using store = await openLevelStoreAt(root, { limits })
      await proveSound(store, twin)
      for (let number = 100; number < 120; number++) {
        await store.commit(formerBatch(number + life))
        twin.apply(formerBatch(number + life))
      }
      await store.verify()
      await proveSound(store, twin)
    }
    expect(formatOf(root)).toBe(1)
    const sizes = await markerBytes(root)
    expect(sizes.length).toBeGreaterThan(1)
    expect(new Set(sizes), 'an older version reads every marker').toEqual(new Set([markerOfSeven]))
  })

  test('is looked at without a change of its format', async () => {
    const { root, twin } = unpacked(name)
    const before = readFileSync(join(root, 'FORMAT'), 'utf8')
    await using store = await openLevelStoreAt(root, { limits, ...{ inspect: true } })
    await proveSound(store, twin)
    expect(readFileSync(join(root, 'FORMAT'), 'utf8')).toBe(before)
  })

  test('counts the first records of later families, through a crash and a start, until the last is gone', async () => {
    const { root, twin } = unpacked(name)
    const store = await openLevelStoreAt(root, { limits })
    await store.commit(votes)
    twin.apply(votes)
    const crashed = `${root}-crashed`
    copyStoreFolder(root, crashed)
    await store.verify()
    await proveSound(store, twin)
    await store.close()
    expect(formatOf(root)).toBe(2)
    expect((await markerBytes(root)).at(-1)).toBe(12 + 56 + 9 * 24)
    for (const at of [crashed, root]) {
      const held = new StoreTwin(twin)
      await using again = await openLevelStoreAt(at, { limits })
      await proveSound(again, held)
      await again.commit(noVotes)
      held.apply(noVotes)
      await again.verify()
      await proveSound(again, held)
    }
    expect((await markerBytes(root)).at(-1)).toBe(markerOfSeven)
    expect(formatOf(root), 'the journal holds what format 1 does not know').toBe(2)
  })

  test('is recovered: in its format, or in the newest where that was lost', async () => {
    const { root, twin } = unpacked(name)
    const lost = `${root}-lost`
    copyStoreFolder(root, lost)
    rmSync(join(lost, 'FORMAT'))
    for (const [at, format] of [
      [root, 1],
      [lost, 2],
    ] as const) {
      await recoverLevelStoreAt(at, { limits })
      expect(formatOf(at)).toBe(format)
      await using store = await openLevelStoreAt(at, { limits })
      await proveSound(store, twin)
    }
  })

  test('with a damaged index is filled from its journal, votes among the rest', async () => {
    const { root, twin } = unpacked(name)
    {
      await using store = await openLevelStoreAt(root, { limits })
      await store.commit(votes)
      twin.apply(votes)
    }
    rmSync(join(root, 'index'), { recursive: true })
    mkdirSync(join(root, 'index'))
    await using store = await openLevelStoreAt(root, { limits })
    await proveSound(store, twin)
  })
})

test('the format covers a record before its first byte is written, and what comes after keeps its order', async () => {
  const { root, twin } = unpacked('closed')
  const formats: number[] = []
  const files: Files = {
    ...nodeFiles,
    open: async (path, mode) => {
      const file = await nodeFiles.open(path, mode)
      const write: typeof file.write = (buffers, position) => {
        if (Buffer.concat(buffers).includes('block 1')) formats.push(formatOf(root))
        return file.write(buffers, position)
      }
      const datasync: typeof file.datasync = (blocking) => file.datasync(blocking)
      return { write, datasync, read: (into, at) => file.read(into, at), size: () => file.size(), close: () => file.close() }
    },
  }
  await using store = await openLevelStoreAt(root, { limits, files })
  const order: number[] = []
  const batches = [formerBatch(7), votes, formerBatch(8), noVotes, votes]
  await Promise.all(batches.map((batch, number) => store.commit(batch).then(() => order.push(number))))
  for (const batch of batches) twin.apply(batch)
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(formats.length).toBeGreaterThan(0)
  expect(new Set(formats)).toEqual(new Set([2]))
  await store.verify()
  await proveSound(store, twin)
})

describe('a format that cannot be raised', () => {
  /** A disk that refuses the new FORMAT. */
  function refusing(code: string): { readonly files: Files; refuses: boolean } {
    const disk = {
      refuses: true,
      files: {
        ...nodeFiles,
        open: async (path, mode) => {
          if (disk.refuses && path.endsWith('FORMAT.new')) throw Object.assign(new Error(code), { code })
          return await nodeFiles.open(path, mode)
        },
      } satisfies Files as Files,
    }
    return disk
  }

  test.each([
    ['ENOSPC', 'storage-full'],
    ['EMFILE', 'queue-full'],
  ] as const)('for %s refuses what needs it, and nothing else, until it can', async (code, told) => {
    const { root, twin } = unpacked('closed')
    const disk = refusing(code)
    await using store = await openLevelStoreAt(root, { limits, files: disk.files })
    await expect(store.commit(votes)).rejects.toMatchObject({ code: told })
    await store.commit(formerBatch(70))
    twin.apply(formerBatch(70))
    expect(formatOf(root)).toBe(1)
    await store.verify()
    await proveSound(store, twin)
    disk.refuses = false
    await store.commit(votes)
    twin.apply(votes)
    expect(formatOf(root)).toBe(2)
    await store.verify()
    await proveSound(store, twin)
  })

  test('for any other reason ends the store, and nothing of the change is there afterwards', async () => {
    const { root, twin } = unpacked('closed')
    const failed: unknown[] = []
    const faulty = new FaultyFiles(nodeFiles)
    const store = await openLevelStoreAt(root, {
      limits,
      files: faulty.files,
      events: { failed: ({ error }) => void failed.push(error) },
    })
    faulty.failWrites = true
    await expect(store.commit(votes)).rejects.toMatchObject({ code: 'not-running' })
    expect(failed.length).toBe(1)
    await store.close()
    expect(formatOf(root)).toBe(1)
    await using again = await openLevelStoreAt(root, { limits })
    await proveSound(again, twin)
  })
})
