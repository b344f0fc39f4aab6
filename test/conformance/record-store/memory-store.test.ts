import { describe, expect, test } from 'vitest'
import type { CrashOptions } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import { MemoryDisk, syncAfter } from '../../../src/node/adapters/memory-store/memory-disk.ts'
import { openMemoryStore } from '../../../src/node/adapters/memory-store/memory-store.ts'
import type { Clock } from '../../../src/node/ports/clock.ts'
import type { Random } from '../../../src/node/ports/random.ts'
import { describeRecordStore } from './record-store-suite.ts'
import type { Damage, StoreBed } from './store-bed.ts'
import { bytes, filler, put, smallLimits } from './store-bed.ts'

interface MemoryBed extends StoreBed {
  readonly disk: MemoryDisk
}

let seed = 0
const random: Random = {
  bytes: (count) => filler(count, ++seed),
  integerBelow: (limit) => ++seed % limit,
}

async function memoryBed(): Promise<MemoryBed> {
  const disk = new MemoryDisk()
  return {
    disk,
    open: async (settings = {}) => openMemoryStore({ random, disk, limits: smallLimits, indexBatches: 32, ...settings }),
    crash: async () => disk.crash(),
    holdSync: () => {
      const held: (() => void)[] = []
      disk.scheduleSync = (complete) => void held.push(complete)
      return () => {
        disk.scheduleSync = queueMicrotask
        for (const complete of held) complete()
      }
    },
    failSync: () => disk.failNextSync(),
    setFull: (full) => {
      disk.capacityBytes = full ? disk.usedBytes + 2_500_000 : undefined
    },
    spoilRecord: (family, key) => void disk.flipBit(family, key, 100),
    damageIndex: async (key) => {
      disk.loseRecord('entry', key)
      disk.damageIndex()
    },
    [Symbol.asyncDispose]: async () => disk.crash(),
  }
}

function damage(name: string, verdict: Damage['verdict'], closed: boolean, apply: (disk: MemoryDisk) => boolean): Damage {
  return { name, verdict, closed, apply: async (bed) => apply((bed as MemoryBed).disk) }
}

function lose(file: 'identity' | 'journal' | 'index') {
  return (disk: MemoryDisk) => {
    disk.loseFile(file)
    return true
  }
}

const middle = (disk: MemoryDisk) => disk.frames.at(-4)?.sequence ?? 0n

describeRecordStore('memory store', memoryBed, {
  durable: false,
  modelRuns: 100,
  damages: [
    damage('a hole in the journal', 'suspect', false, (disk) => disk.damageFrame(middle(disk))),
    damage('a flipped bit in a journaled batch', 'suspect', false, (disk) => disk.flipBit('entry', bytes('e/57'), 100)),
    damage('a flipped bit in an indexed record', 'found', true, (disk) => disk.flipBit('entry', bytes('e/7'), 100)),
    damage('a flipped bit in an indexed payload', 'found', true, (disk) => disk.flipBit('content', bytes('c/9'), 100_000)),
    damage('a vanished record', 'found', true, (disk) => disk.loseRecord('entry', bytes('e/7'))),
    damage('a missing identity', 'found', true, lose('identity')),
    damage('a missing journal', 'suspect', false, lose('journal')),
    damage('a missing index', 'suspect', true, lose('index')),
  ],
})

describe('what a crash leaves of a memory store', () => {
  const batches = Array.from({ length: 4 }, (_, index) => [put('entry', `${index}`, 'x'), put('block', `${index}`, 'x')])

  /** The first batch is being synced when the others arrive; they go down together. */
  async function crashed(options: CrashOptions): Promise<{ readonly survivors: readonly string[]; readonly cuts: number }> {
    const disk = new MemoryDisk()
    const store = openMemoryStore({ random, disk })
    const completions: (() => void)[] = []
    disk.scheduleSync = (complete) => void completions.push(complete)
    const answered: string[] = []
    for (const [index, batch] of batches.entries()) void store.commit(batch).then(() => answered.push(`${index}`))
    completions.shift()?.()
    await Promise.resolve()
    expect(answered).toEqual(['0'])
    expect(disk.unsyncedBatches).toBe(3)
    disk.crash(options)
    for (const complete of completions) complete()
    await Promise.resolve()
    expect(answered).toEqual(['0'])
    let cuts = 0
    disk.scheduleSync = queueMicrotask
    await using again = openMemoryStore({ random, disk, events: { tailCut: () => void cuts++ } })
    expect(again.condition.kind).toBe('sound')
    const survivors = (await again.scan('entry', { limit: 10 })).map(({ key }) => Buffer.from(key).toString())
    expect((await again.scan('block', { limit: 10 })).map(({ key }) => Buffer.from(key).toString())).toEqual(survivors)
    await again.commit([put('entry', 'after', 'x')])
    expect((await again.verify()).findings).toEqual([])
    return { survivors, cuts }
  }

  test('batches that were not synced are gone, or there up to one of them', async () => {
    expect(await crashed({})).toEqual({ survivors: ['0'], cuts: 0 })
    expect(await crashed({ keep: 2 })).toEqual({ survivors: ['0', '1', '2'], cuts: 0 })
    expect(await crashed({ keep: 9 })).toEqual({ survivors: ['0', '1', '2', '3'], cuts: 0 })
  })

  test('a torn tail is cut', async () => {
    expect(await crashed({ torn: true })).toEqual({ survivors: ['0'], cuts: 1 })
    expect(await crashed({ keep: 1, torn: true })).toEqual({ survivors: ['0', '1'], cuts: 1 })
  })

  test('a sync takes the time of the clock that it is given', async () => {
    const due: { readonly atMs: number; readonly run: () => undefined }[] = []
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep: () => Promise.resolve(),
      after: (durationMs, run) => {
        due.push({ atMs: durationMs, run })
        return { [Symbol.dispose]: () => undefined }
      },
    }
    const disk = new MemoryDisk()
    disk.scheduleSync = syncAfter(clock, 250)
    const store = openMemoryStore({ random, disk })
    const commit = store.commit([put('entry', 'a', 'x')])
    await Promise.resolve()
    expect(store.has('entry', bytes('a'))).toBe(false)
    expect(due.map(({ atMs }) => atMs)).toEqual([250])
    for (const { run } of due) run()
    await commit
    expect(store.has('entry', bytes('a'))).toBe(true)
    await store.close()
  })

  test('a recovered disk keeps what verifies and is sound again under its new store id', async () => {
    const disk = new MemoryDisk()
    const store = openMemoryStore({ random, disk })
    for (const batch of batches) await store.commit(batch)
    disk.crash()
    disk.damageFrame(2n)
    const suspect = openMemoryStore({ random, disk })
    expect(suspect.condition).toEqual({ kind: 'suspect', findings: ['journal: batches 2 to 2 are missing'] })
    await suspect.close()
    const still = openMemoryStore({ random, disk })
    expect(still.condition.kind).toBe('suspect')
    expect(still.identity.storeId).toEqual(suspect.identity.storeId)
    await still.close()
    disk.recover()
    await using recovered = openMemoryStore({ random, disk })
    expect(recovered.condition.kind).toBe('sound')
    expect(recovered.identity).toEqual({ storeId: suspect.identity.storeId, bootCount: 4 })
    expect(recovered.identity.storeId).not.toEqual(store.identity.storeId)
    expect((await recovered.scan('entry', { limit: 10 })).length).toBe(3)
    await recovered.commit([put('entry', 'after', 'x')])
    expect((await recovered.verify()).findings).toEqual([])
  })
})
