import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'vitest'
import { afterAll, expect, test } from 'vitest'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { bytes, filler, put, remove, smallLimits } from '../../conformance/record-store/store-bed.ts'
import { dumpOf, StoreTwin } from '../../conformance/record-store/store-twin.ts'
import { filesBelow, openLevelStoreAt, recoverLevelStoreAt, storeSoundnessAt, temporaryFolder } from './level-bed.ts'
import { SmallDisk } from './small-disk.ts'

const folder = temporaryFolder('foreign')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mebibyte = 1024 * 1024
const limits = {
  ...defaultLimits,
  segmentBytes: mebibyte,
  batchBytesMax: 256 * 1024,
  replayBytesMax: mebibyte,
  diskFullRetryMs: 20,
}
const valuesMax = 600

function mounted(context: TestContext, name: string, size: string): SmallDisk {
  return SmallDisk.mount(join(folder, name), size) ?? context.skip('this user may not mount a tmpfs')
}

async function commit(store: RecordStore, twin: StoreTwin, batch: Parameters<RecordStore['commit']>[0]): Promise<void> {
  await store.commit(batch)
  twin.apply(batch)
}

async function putSome(store: RecordStore, twin: StoreTwin): Promise<void> {
  for (let index = 0; index < valuesMax; index++) {
    await commit(store, twin, [put('entry', `kept/${index}`, filler(2000, index))])
  }
}

const reserveOf = (root: string) => statSync(join(root, 'reserve'), { throwIfNoEntry: false })?.size

async function reserveHeld(store: RecordStore, root: string): Promise<void> {
  await expect
    .poll(
      () => {
        store.usage()
        return reserveOf(root)
      },
      { timeout: 20_000 },
    )
    .toBe(limits.storeReserveBytes)
}

const settled = (store: RecordStore) =>
  store.verify().then(
    ({ findings }) => findings.join(),
    (error: unknown) => String(error),
  )

test('a disk that another program fills takes removals out of the reserve, which is held again when there is room', async (context) => {
  using disk = mounted(context, 'removals', '96m')
  const root = join(disk.path, 'store')
  const twin = new StoreTwin()
  const failures: unknown[] = []
  const given: number[] = []
  await using store = await openLevelStoreAt(root, {
    limits,
    events: { failed: ({ error }) => void failures.push(error), reserveGivenUp: (facts) => void given.push(facts.bytes) },
  })
  await putSome(store, twin)
  await reserveHeld(store, root)
  expect(store.usage().diskBytes).toBeGreaterThan(limits.storeReserveBytes)
  disk.fill()
  expect(disk.freeBytes).toBe(0)
  for (let index = 0; index < 200; index++) await commit(store, twin, [remove('entry', `kept/${index}`)])
  expect(await settled(store)).toBe('')
  expect(given).toEqual([limits.storeReserveBytes])
  expect(existsSync(join(root, 'reserve'))).toBe(false)
  await expect(store.commit([put('entry', 'new', 'x')])).rejects.toMatchObject({ code: 'storage-full' })
  expect(store.usage().full).toBe(true)
  expect(await dumpOf(store)).toEqual(twin.dump())
  disk.empty()
  await reserveHeld(store, root)
  await commit(store, twin, [put('entry', 'new', 'x')])
  expect(failures).toEqual([])
})

test('without a byte left the store lives: reads go on, removals are taken as far as the journal may run ahead, room ends it', async (context) => {
  using disk = mounted(context, 'nothing', '96m')
  const root = join(disk.path, 'store')
  const twin = new StoreTwin()
  const failures: unknown[] = []
  let stalls = 0
  const events = { failed: ({ error }: { error: unknown }) => void failures.push(error), indexStalled: () => void stalls++ }
  {
    await using store = await openLevelStoreAt(root, { limits: { ...limits, replayRecordsMax: 300 }, events })
    await putSome(store, twin)
    await reserveHeld(store, root)
    disk.fill()
    // The other program takes what was given up as well.
    for (let index = 0; stalls === 0; index++) {
      await commit(store, twin, [remove('entry', `kept/${index}`), remove('entry', `kept/${valuesMax - index}`)])
      await settled(store)
      disk.fill()
      expect(index).toBeLessThan(200)
    }
    expect(store.usage().full).toBe(true)
    expect(await dumpOf(store)).toEqual(twin.dump())
    await expect(store.commit([put('entry', 'new', 'x')])).rejects.toMatchObject({ code: 'storage-full' })
    await expect(store.verify()).rejects.toMatchObject({ code: 'storage-full' })
    let refused: unknown
    for (let index = 0; refused === undefined && index < 1000; index++) {
      await commit(store, twin, [remove('entry', `kept/${index % valuesMax}`)]).catch((error: unknown) => {
        refused = error
      })
    }
    expect(refused).toMatchObject({ code: 'storage-full' })
    expect(await dumpOf(store)).toEqual(twin.dump())
    expect(failures).toEqual([])
    disk.empty()
    await expect.poll(() => settled(store), { timeout: 20_000 }).toBe('')
    await commit(store, twin, [put('entry', 'new', 'x')])
    expect(await dumpOf(store)).toEqual(twin.dump())
    disk.fill()
    rmSync(join(root, 'reserve'), { force: true })
    disk.fill()
    await commit(store, twin, [remove('entry', 'new')])
  }
  expect(failures, 'the store was closed on a full disk').toEqual([])
  disk.empty()
  await using again = await openLevelStoreAt(root, { limits })
  expect(again.condition).toEqual({ kind: 'sound' })
  expect(await dumpOf(again)).toEqual(twin.dump())
  expect((await again.verify()).findings).toEqual([])
})

test('a store whose disk is full opens with the room of its reserve, reads, and removes', async (context) => {
  using disk = mounted(context, 'start', '96m')
  const root = join(disk.path, 'store')
  const twin = new StoreTwin()
  {
    await using store = await openLevelStoreAt(root, { limits })
    await putSome(store, twin)
    await reserveHeld(store, root)
  }
  disk.fill()
  await using store = await openLevelStoreAt(root, { limits })
  expect(store.condition).toEqual({ kind: 'sound' })
  expect(await dumpOf(store)).toEqual(twin.dump())
  for (let index = 0; index < 100; index++) await commit(store, twin, [remove('entry', `kept/${index}`)])
  expect(await settled(store)).toBe('')
  await expect(store.commit([put('entry', 'new', 'x')])).rejects.toMatchObject({ code: 'storage-full' })
})

/** Everything but the reserve, which is given up, and LevelDB's own log in words, which every look rewrites. */
function contentsOf(root: string): readonly string[] {
  return filesBelow(root)
    .filter((name) => name !== 'reserve' && !/index\/LOG/.test(name))
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(root, name)))
          .digest('hex')}`,
    )
}

test('without room to open, a start and a recovery are refused as full and touch nothing', async (context) => {
  using disk = mounted(context, 'refused', '96m')
  const root = join(disk.path, 'store')
  const twin = new StoreTwin()
  let storeId: Uint8Array
  {
    await using store = await openLevelStoreAt(root, { limits })
    await putSome(store, twin)
    await reserveHeld(store, root)
    storeId = store.identity.storeId
  }
  rmSync(join(root, 'reserve'))
  disk.fill()
  const before = contentsOf(root)
  await expect(openLevelStoreAt(root, { limits })).rejects.toMatchObject({ code: 'storage-full' })
  await expect(storeSoundnessAt(root, { limits })).rejects.toMatchObject({ code: 'storage-full' })
  expect(contentsOf(root)).toEqual(before)
  await expect(recoverLevelStoreAt(root, { limits })).rejects.toMatchObject({ code: 'storage-full' })
  expect(contentsOf(root)).toEqual(before)
  expect(readdirSync(root).filter((name) => name.startsWith('index'))).toEqual(['index'])
  disk.empty()
  expect(await storeSoundnessAt(root, { limits })).toEqual({ sound: true, storeId, founded: false })
  await using again = await openLevelStoreAt(root, { limits })
  expect(again.identity.storeId).toEqual(storeId)
  expect(await dumpOf(again)).toEqual(twin.dump())
})

test('a recovery that runs out of room leaves the store as it was, and succeeds when there is room', async (context) => {
  using disk = mounted(context, 'recovery', '64m')
  const root = join(disk.path, 'store')
  {
    await using store = await openLevelStoreAt(root, { limits: smallLimits })
    const twin = new StoreTwin()
    for (let index = 0; index < 1000; index++) await commit(store, twin, [put('entry', `kept/${index}`, filler(10_000, index))])
  }
  const broken = readdirSync(join(root, 'index')).find((name) => name.endsWith('.ldb')) ?? ''
  writeFileSync(join(root, 'index', broken), '')
  disk.fill()
  const before = contentsOf(root)
  await expect(recoverLevelStoreAt(root, { limits: smallLimits })).rejects.toMatchObject({ code: 'storage-full' })
  expect(contentsOf(root)).toEqual(before)
  disk.empty()
  expect((await recoverLevelStoreAt(root, { limits: smallLimits })).records).toBeGreaterThan(0)
  await using again = await openLevelStoreAt(root, { limits: smallLimits })
  expect(again.condition).toEqual({ kind: 'sound' })
  expect(await again.has('entry', bytes('kept/999'))).toBe(true)
})
