import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RecordStore } from '../../../src/node/ports/record-store.ts'
import { dumpOf, StoreTwin } from '../../conformance/record-store/store-twin.ts'
import type { Survival } from './crash-images.ts'
import { crashImage, SeededNumbers, writeImage } from './crash-images.ts'
import { formatOf } from './former-store.ts'
import { copyStoreFolder, openLevelStoreAt, temporaryFolder, tightLimits } from './level-bed.ts'
import type { PowerLossRecording } from './power-loss-recording.ts'
import { lastNote, placeIndex, recordRun, uniformBatch } from './power-loss-recording.ts'

const images = Number(process.env.MEMO_STORE_CRASH_IMAGES ?? 300)
const runs = 4
const steps = 90
/** Longer writes fill new segments with zeros. */
const framesBytesMax = 64 * 1024

const folder = temporaryFolder('power-loss')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly kept: number
  readonly cut: boolean
}

/** Anywhere, but half of the time right behind a write of frames, so that one of them is torn. */
function crashPoint(
  { events }: PowerLossRecording,
  numbers: SeededNumbers,
): { readonly at: number; readonly survival: Survival } {
  const at = numbers.below(events.length + 1)
  if (numbers.below(2) === 0) return { at, survival: (['none', 'all', 'random'] as const)[numbers.below(3)]! }
  const write = events.findIndex((event, index) => index >= at && event.kind === 'write' && event.data.length < framesBytesMax)
  return { at: write + 1 || at, survival: 'random' }
}

/** Reopens one image and proves that it holds every acknowledged batch and whole batches only. */
async function proveImage(recording: PowerLossRecording, seed: number, target: string): Promise<Outcome> {
  const numbers = new SeededNumbers(seed)
  const { events, batches, storeIds } = recording
  const { at, survival } = crashPoint(recording, numbers)
  writeImage(crashImage(events, at, survival, numbers), recording.root, target)
  const index = placeIndex(recording, at, numbers, join(target, 'index'))
  const label = `image ${seed}: event ${at} of ${events.length}, ${survival} un-synced writes, ${index}`
  let cuts = 0
  const opening = openLevelStoreAt(target, { limits: tightLimits, events: { tailCut: () => void cuts++ } })
  const store = await opening.catch((error: unknown) => {
    throw new Error(`${label}: it does not open`, { cause: error })
  })
  expect(store.condition, label).toEqual({ kind: 'sound' })
  const booted = lastNote(events, at, 'opened')
  expect(store.identity.bootCount, label).toBeGreaterThan(booted)
  if (booted > 0) expect(Buffer.from(store.identity.storeId), label).toEqual(Buffer.from(storeIds.get(booted)!))
  const acknowledged = lastNote(events, at, 'acknowledged')
  const submitted = lastNote(events, at, 'submitted')
  const dump = (await dumpOf(store, 1000)).join('\n')
  const twin = new StoreTwin().with(batches.slice(0, acknowledged))
  let kept = acknowledged
  while (twin.dump().join('\n') !== dump) {
    expect(kept, `${label}: the store holds no whole number of batches from ${acknowledged} to ${submitted}`).toBeLessThan(
      submitted,
    )
    twin.apply(batches[kept++]!)
  }
  expect((await store.verify()).findings, label).toEqual([])
  if (/^(accepted|vote)\//m.test(dump)) expect(formatOf(target), `${label}: its records are covered`).toBe(2)
  await proveSecondCrash(store, twin, target, label)
  return { kept: kept - acknowledged, cut: cuts > 0 }
}

/** What the first start decided to be lost stays lost: nothing comes back behind the batches that follow. */
async function proveSecondCrash(store: RecordStore, twin: StoreTwin, target: string, label: string): Promise<void> {
  const batch = uniformBatch(1_000_000)
  await store.commit(batch)
  twin.apply(batch)
  copyStoreFolder(target, `${target}-again`)
  await store.close()
  await using again = await openLevelStoreAt(`${target}-again`, { limits: tightLimits })
  expect(again.condition, label).toEqual({ kind: 'sound' })
  expect(await dumpOf(again, 1000), `${label}: after a second crash`).toEqual(twin.dump())
}

test(`${images} images of a lost power hold what was acknowledged, and whole batches only`, async () => {
  const recordings: PowerLossRecording[] = []
  for (let run = 0; run < runs; run++) recordings.push(await recordRun(join(folder, `run-${run}`), 9000 + run, steps))
  const reclaimed = recordings.reduce((sum, recording) => sum + recording.reclaimed, 0)
  expect(reclaimed, 'segments are given back during the runs').toBeGreaterThan(0)
  const outcomes: Outcome[] = []
  for (let seed = 0; seed < images; seed++) {
    const target = join(folder, `image-${seed}`)
    outcomes.push(await proveImage(recordings[seed % runs]!, seed, target))
    rmSync(target, { recursive: true, force: true })
    rmSync(`${target}-again`, { recursive: true, force: true })
  }
  const cuts = outcomes.filter(({ cut }) => cut).length
  const more = outcomes.filter(({ kept }) => kept > 0).length
  console.info(
    `power loss: ${outcomes.length} images, ${cuts} torn tails cut, ${more} kept batches beyond the acknowledged ones, ${reclaimed} segments reclaimed`,
  )
  expect(cuts, 'some images have a torn tail').toBeGreaterThan(0)
  expect(more, 'some images keep what was not yet acknowledged').toBeGreaterThan(0)
})
