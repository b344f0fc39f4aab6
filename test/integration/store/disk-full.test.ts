import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { CodedError, isCoded } from '../../../src/shared/coded-error.ts'
import { bytes, filler, put, remove, smallLimits } from '../../conformance/record-store/store-bed.ts'
import { dumpOf, StoreTwin } from '../../conformance/record-store/store-twin.ts'
import { FaultyFiles } from './faulty-files.ts'
import { openLevelStoreAt, temporaryFolder } from './level-bed.ts'

const folder = temporaryFolder('disk')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Puts until the disk is full; everything acknowledged goes into the twin. */
async function fill(store: RecordStore, twin: StoreTwin, prefix: string, puts: number): Promise<CodedError | undefined> {
  for (let index = 0; index < puts; index++) {
    const batch = [
      put('content', `${prefix}/${index}`, filler(30_000, index)),
      put('entry', `${prefix}/${index}`, filler(100, index)),
    ]
    try {
      await store.commit(batch)
    } catch (error) {
      if (!isCoded(error, 'storage-full')) throw error
      expect(await store.has('content', bytes(`${prefix}/${index}`))).toBe(false)
      expect(await store.has('entry', bytes(`${prefix}/${index}`))).toBe(false)
      return error
    }
    twin.apply(batch)
  }
  return undefined
}

/** The store tries a full disk again only after a while. */
async function commitSoon(store: RecordStore, twin: StoreTwin, batch: Parameters<RecordStore['commit']>[0]): Promise<void> {
  await expect
    .poll(
      () =>
        store.commit(batch).then(
          () => 'committed',
          (error: unknown) => String(error),
        ),
      { timeout: 20_000 },
    )
    .toBe('committed')
  twin.apply(batch)
}

test.each(Array.from({ length: 16 }, (_, index) => Math.floor((index * smallLimits.segmentBytes) / 4)))(
  'a disk that ends after %d bytes keeps what was acknowledged',
  async (bytesLeft) => {
    const root = join(folder, `bytes-${bytesLeft}`)
    const faulty = new FaultyFiles(nodeFiles)
    faulty.bytesLeft = bytesLeft
    const twin = new StoreTwin()
    let failed = 0
    let store: RecordStore
    try {
      store = await openLevelStoreAt(root, { files: faulty.files, events: { failed: () => void failed++ } })
    } catch (error) {
      expect(error).toBeInstanceOf(CodedError)
      expect(error).toMatchObject({ code: 'storage-full' })
      await using again = await openLevelStoreAt(root)
      expect(again.condition).toEqual({ kind: 'sound' })
      expect(await dumpOf(again)).toEqual([])
      return
    }
    const refused = await fill(store, twin, 'first', 200)
    expect(refused, 'the disk became full').toBeDefined()
    expect(failed).toBe(0)
    expect(await dumpOf(store)).toEqual(twin.dump())
    faulty.bytesLeft = undefined
    await commitSoon(store, twin, [put('entry', 'after', 'x')])
    await store.close()
    await using again = await openLevelStoreAt(root)
    expect(again.condition).toEqual({ kind: 'sound' })
    expect(await dumpOf(again)).toEqual(twin.dump())
    expect((await again.verify()).findings).toEqual([])
  },
)

test('a real small disk fills up, is answered as full, and is left by removals and a restart', async (context) => {
  const mount = join(folder, 'small')
  mkdirSync(mount)
  const made = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', mount])
  if (made.status !== 0) context.skip('this user may not mount a tmpfs')
  try {
    await fillAndLeave(join(mount, 'store'))
  } finally {
    spawnSync('/bin/umount', ['-l', mount])
  }
})

async function fillAndLeave(root: string): Promise<void> {
  const twin = new StoreTwin()
  let failed = 0
  const events = { failed: () => void failed++ }
  {
    await using store = await openLevelStoreAt(root, { events })
    expect(await fill(store, twin, 'first', 2000), 'the disk became full').toBeDefined()
    expect(await dumpOf(store)).toEqual(twin.dump())
    for (let index = 0; index < 100; index++) {
      const batch = [remove('content', `first/${index}`), remove('entry', `first/${index}`)]
      await store.commit(batch, { space: 'reserve' })
      twin.apply(batch)
    }
    expect(failed).toBe(0)
  }
  await using again = await openLevelStoreAt(root, { events })
  expect(again.condition).toEqual({ kind: 'sound' })
  expect(await dumpOf(again)).toEqual(twin.dump())
  await commitSoon(again, twin, [put('content', 'after', filler(30_000))])
  expect(failed).toBe(0)
  expect((await again.verify()).findings).toEqual([])
}

test.each(['sync', 'write'] as const)(
  'after a failed %s nothing more is answered, and what was answered is kept',
  async (operation) => {
    const root = join(folder, `failed-${operation}`)
    const faulty = new FaultyFiles(nodeFiles)
    const twin = new StoreTwin()
    const failures: unknown[] = []
    const store = await openLevelStoreAt(root, {
      files: faulty.files,
      events: { failed: ({ error }) => void failures.push(error) },
    })
    await fill(store, twin, 'kept', 5)
    if (operation === 'sync') faulty.failSyncs = true
    else faulty.failWrites = true
    const lost = Array.from({ length: 20 }, (_, index) => [put('entry', `lost/${index}`, filler(50, index))])
    const settled = await Promise.allSettled(lost.map((batch) => store.commit(batch)))
    expect(settled.map(({ status }) => status)).toEqual(lost.map(() => 'rejected'))
    expect(failures.length).toBe(1)
    const syncs = faulty.syncs
    faulty.failSyncs = false
    faulty.failWrites = false
    await expect(store.commit([put('entry', 'later', 'x')])).rejects.toMatchObject({ code: 'not-running' })
    expect(faulty.syncs, 'a failed sync is not tried again').toBe(syncs)
    await store.close()
    expect(failures.length).toBe(1)
    await using again = await openLevelStoreAt(root)
    expect(again.condition).toEqual({ kind: 'sound' })
    const dump = (await dumpOf(again)).join('\n')
    const outcomes = lost.map((_, count) =>
      twin
        .with(lost.slice(0, count + 1))
        .dump()
        .join('\n'),
    )
    expect([twin.dump().join('\n'), ...outcomes]).toContain(dump)
    expect(await again.has('entry', bytes('later'))).toBe(false)
  },
)
