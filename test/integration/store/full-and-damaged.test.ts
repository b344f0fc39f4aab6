import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { bytes, filler, put, remove } from '../../conformance/record-store/store-bed.ts'
import { openLevelStoreAt, temporaryFolder } from './level-bed.ts'
import { SmallDisk } from './small-disk.ts'

const folder = temporaryFolder('full-and-damaged')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const keys = 300
const limits = {
  ...defaultLimits,
  segmentBytes: 1024 * 1024,
  batchBytesMax: 256 * 1024,
  replayBytesMax: 1024 * 1024,
  indexDelayMs: 20,
  diskFullRetryMs: 50,
}

/** One byte in the middle of LevelDB's log, which only an opening reads. */
function damageLog(index: string): void {
  const name = readdirSync(index).find((file) => file.endsWith('.log'))
  if (name === undefined) throw new Error('LevelDB has no log')
  const log = readFileSync(join(index, name))
  const at = Math.floor(log.length / 3)
  log.writeUInt8(log.readUInt8(at) ^ 1, at)
  writeFileSync(join(index, name), log)
}

test('what a damaged log lost is missed when a full disk had the index opened anew, and the next start takes it from the journal', async (context) => {
  using disk = SmallDisk.mount(join(folder, 'disk'), '96m') ?? context.skip('this user may not mount a tmpfs')
  const root = join(disk.path, 'store')
  const failed: unknown[] = []
  const stalled: string[] = []
  const store = await openLevelStoreAt(root, {
    limits,
    events: {
      failed: ({ error }) => void failed.push(error),
      indexStalled: ({ error }) => void stalled.push(error instanceof Error ? error.message : String(error)),
    },
  })
  for (let key = 0; key < keys; key++) {
    await store.commit([put('entry', `kept/${key}`, filler(600, key))])
    // A batch of the index for each fifty.
    if (key % 50 === 49) await store.verify()
  }
  damageLog(join(root, 'index'))
  disk.fill()
  for (let round = 0; stalled.length === 0 && round < 500; round++) {
    const names = Array.from({ length: 100 }, (_, each) => `none/${round}/${each}/${'x'.repeat(200)}`)
    await store.commit(names.map((name) => remove('entry', name))).catch(() => undefined)
    await store.verify().catch(() => undefined)
    disk.fill()
  }
  expect(stalled).toEqual([expect.stringContaining('full')])
  disk.empty()
  for (let wait = 0; stalled.length === 1 && wait < 200; wait++) await sleep(50)
  expect(stalled[1]).toMatch(/^the index is damaged: puts are refused/)
  await expect(store.commit([put('entry', 'new', 'x')])).rejects.toMatchObject({ code: 'data-corrupt' })
  await store.close()
  expect(failed).toEqual([])

  const again = await openLevelStoreAt(root, { limits })
  expect(again.condition.kind).toBe('sound')
  for (let key = 0; key < keys; key++) {
    const value = (await again.get('entry', bytes(`kept/${key}`))) ?? []
    expect(Buffer.from(value).equals(filler(600, key)), `kept/${key}`).toBe(true)
  }
  expect((await again.verify()).findings).toEqual([])
  await again.close()
})
