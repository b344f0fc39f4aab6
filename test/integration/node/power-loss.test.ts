import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { deserialize } from 'node:v8'
import { beforeAll, expect, test } from 'vitest'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { statusOf } from '../../support/plain-client.ts'
import { parsed, testFolder } from '../cli/cli-bed.ts'
import type { Survival } from '../store/crash-images.ts'
import { crashImage, SeededNumbers, writeImage } from '../store/crash-images.ts'
import { readFrames } from '../store/damage-sources.ts'
import { copyStoreFolder } from '../store/level-bed.ts'
import { AcknowledgedWrites, NodeClients, sharedClockUs } from './acknowledged-writes.ts'
import { doctorOf, healthOf } from './node-health.ts'
import type { NodeRecording } from './recorded-level-store.ts'

const images = Number(process.env.MEMO_NODE_CRASH_IMAGES ?? 14)
const seed = 77
const sectorBytes = 512
const folder = testFolder()
const preload = join(import.meta.dirname, 'recorded-disk-process.ts')
const writers = 12
const writes = new AcknowledgedWrites(writers, 7)

let data: string
let recording: NodeRecording
let writingFromUs: number
let windows: readonly Window[]

/** Events between which a copy of LevelDB's folder is what a lost power would leave of it. */
interface Window {
  readonly copy: string
  readonly from: number
  readonly to: number
}

beforeAll(async () => {
  data = folder.path('data')
  const path = folder.path('recording')
  const memo = await startMemo(data, { preload, environment: { MEMOTEST_RECORDING: path } })
  using clients = new NodeClients(memo.ready.grpc)
  writingFromUs = sharedClockUs()
  await writes.writeFor(clients, 2500)
  expect(await memo.terminate(), memo.log()).toBe(0)
  recording = deserialize(readFileSync(path)) as NodeRecording
  windows = windowsOf(recording)
}, 60_000)

function windowsOf({ events, copies }: NodeRecording): readonly Window[] {
  return events.flatMap((event, from) => {
    if (event.kind !== 'note' || event.note !== 'index') return []
    const copy = copies[event.number]
    const next = events.findIndex((each, at) => at > from && each.kind === 'note' && each.note.startsWith('index'))
    return copy === undefined ? [] : [{ copy, from, to: next === -1 ? events.length : next }]
  })
}

/** The latest moment that is surely not after the event: what was acknowledged by then has to be there. */
function momentOf(at: number): number {
  const note = recording.events.slice(0, at).findLast((event) => event.kind === 'note' && event.note === 'clock')
  return note?.kind === 'note' ? note.number : 0
}

/** The data directory after the power was lost just before an event. */
function makeImage(target: string, window: Window, at: number, survival: Survival, numbers: SeededNumbers): void {
  writeImage(crashImage(recording.events, at, survival, numbers), recording.root, target)
  copyStoreFolder(window.copy, join(target, 'index'))
  // Made at the first start, each synced before the store knows of it.
  cpSync(join(data, 'keys'), join(target, 'keys'), { recursive: true })
}

/** The segment that an event wrote more than a sector of; undefined for any other event. */
function writtenSegment(event: (typeof recording.events)[number] | undefined): string | undefined {
  if (event?.kind !== 'write' || event.data.length <= sectorBytes) return undefined
  const created = recording.events.find((each) => each.kind === 'create' && each.inode === event.inode)
  return created?.kind === 'create' && created.path.endsWith('.seg') ? created.path : undefined
}

/** Of a write that was in flight, and of which nothing is there, the first sector was written. */
function tearLastWrite(target: string, at: number): void {
  const write = recording.events[at - 1]
  const segment = writtenSegment(write)
  if (write?.kind !== 'write' || segment === undefined) return
  const path = join(target, relative(recording.root, segment))
  const bytes = readFileSync(path)
  if (bytes.length < write.position + sectorBytes) return
  write.data.copy(bytes, write.position, 0, sectorBytes)
  writeFileSync(path, bytes)
}

/** Somewhere in the window, most often right behind a write; where it is to be torn, behind one of the journal that can be. */
function crashPoint({ from, to }: Window, numbers: SeededNumbers, isTorn: boolean): number {
  const at = from + 1 + numbers.below(to - from)
  const behind = (start: number, isWrite: (event: (typeof recording.events)[number]) => boolean) =>
    recording.events.findIndex((event, index) => index >= start && index < to && isWrite(event)) + 1
  const isTearable = (event: (typeof recording.events)[number]) => writtenSegment(event) !== undefined
  if (isTorn) return behind(at, isTearable) || behind(from, isTearable) || at
  if (numbers.below(4) === 0) return at
  return behind(at, ({ kind }) => kind === 'write') || at
}

test(`${images} images of a lost power start as sound nodes that hold every acknowledged write`, async () => {
  const numbers = new SeededNumbers(seed)
  const busy = windows.filter(({ to }) => momentOf(to) > writingFromUs)
  expect(busy.length, 'the index was copied while writers were at work').toBeGreaterThan(4)
  let cuts = 0
  for (let image = 0; image < images; image++) {
    const window = busy[numbers.below(busy.length)]
    if (window === undefined) continue
    const survival = (['none', 'all', 'random', 'random'] as const)[image % 4] ?? 'random'
    const at = crashPoint(window, numbers, survival === 'none')
    const label = `seed ${seed}, image ${image}: event ${at} of ${recording.events.length}, ${survival} un-synced writes`
    const target = folder.path(`image-${image}`)
    makeImage(target, window, at, survival, numbers)
    if (survival === 'none') tearLastWrite(target, at)
    try {
      const memo = await startMemo(target)
      using clients = new NodeClients(memo.ready.grpc)
      await writes.check(clients, momentOf(at))
      expect((await healthOf(memo)).body).toMatchObject({ status: 'ok', store: { condition: 'sound', findings: [] } })
      await clients.kvs.call('Upsert', { key: 'after', value: Buffer.from(label) })
      if (memo.log().includes('torn end of the journal was cut')) cuts++
      await memo.kill()
      // What the first start decided to be lost stays lost, and all of it verifies.
      const { red } = await doctorOf(target)
      expect(red).toEqual([])
      const again = await startMemo(target)
      using clientsAgain = new NodeClients(again.ready.grpc)
      await writes.check(clientsAgain, momentOf(at))
      await again.kill()
    } catch (error) {
      throw new Error(label, { cause: error })
    }
    rmSync(target, { recursive: true })
  }
  console.info(
    `power loss: ${images} images of ${recording.events.length} events, ${writes.acknowledged} acknowledged, ${cuts} tails cut`,
  )
  expect(cuts, 'some images have a torn tail').toBeGreaterThan(0)
})

test('a damaged acknowledged frame makes the node say so, serve what verifies, and go on after a recovery', async () => {
  const { target, at } = await imageWithDamagedFrame()
  const memo = await startMemo(target)
  {
    using clients = new NodeClients(memo.ready.grpc)
    const { status, body } = await healthOf(memo)
    expect([status, body.status, body.store.condition]).toEqual([503, 'degraded', 'suspect'])
    expect(body.problems.join()).toContain('memo cluster recover')
    expect(body.store.findings.length).toBeGreaterThan(0)
    expect(memo.log()).toContain('damage found')
    const refused: unknown = await clients.kvs
      .call('Upsert', { key: 'new', value: Buffer.from('x') })
      .catch((error: unknown) => error)
    expect(statusOf(refused)).toBe(9)
    expect(String(refused)).toContain('memo cluster recover')
    const removal: unknown = await clients.kvs.call('Delete', { key: 'writer/1/1' }).catch((error: unknown) => error)
    expect(statusOf(removal)).toBe(9)
    await clients.kvs.call('List', {})
  }
  expect(await memo.terminate()).toBe(0)
  const found = await doctorOf(target)
  expect([found.code, found.state]).toEqual([10, 'red'])
  expect(found.red.join()).toContain('condition')

  const { storeId } = parsed(await runMemo(['cluster', 'recover', '--data', target, '--yes', '--json'])) as {
    readonly storeId: string
  }
  const again = await startMemo(target)
  using clients = new NodeClients(again.ready.grpc)
  const { status, body } = await healthOf(again)
  expect([status, body.store.condition, body.store.id]).toEqual([200, 'sound', storeId])
  // One frame is given up, which holds a change of each writer at most: every other key is as it was, and these say so or are older.
  const wrong = await writes.mismatches(clients, momentOf(at))
  expect(new Set(wrong.map((line) => line.split(':')[0])).size, wrong.join()).toBeLessThanOrEqual(writers)
  const later = new AcknowledgedWrites(4, 3, 'later/')
  await later.writeFor(clients, 300)
  await later.check(clients)
  expect(await again.terminate()).toBe(0)
  await expectOnlyTheseLost(target, lostKeys(wrong))
})

/** The keys whose values are gone: the frame held a block that went ahead of its entry, which a later frame holds. */
function lostKeys(wrong: readonly string[]): readonly string[] {
  return wrong.flatMap((line) => /^(.*): found damaged,/.exec(line)?.[1] ?? [])
}

/** The doctor names these keys and finds nothing else; once they are written again it finds nothing. */
async function expectOnlyTheseLost(target: string, keys: readonly string[]): Promise<void> {
  const { red } = await doctorOf(target)
  const named = [...red.join().matchAll(/the value of key "([^"]+)" is lost/g)].map(([, key]) => key)
  expect(named.toSorted(), red.join()).toEqual(keys.toSorted())
  expect(red.length, red.join()).toBe(keys.length === 0 ? 0 : 1)
  expect(red.join()).toContain(keys.length === 0 ? '' : `rules: ${keys.length} do not hold`)
  if (keys.length === 0) return
  const memo = await startMemo(target)
  using clients = new NodeClients(memo.ready.grpc)
  for (const key of keys) await clients.kvs.call('Upsert', { key, value: Buffer.from('again') })
  expect(await memo.terminate()).toBe(0)
  expect((await doctorOf(target)).red).toEqual([])
}

/** An image in which a frame that later ones prove to be synced, and that only the journal holds, has a flipped bit. */
async function imageWithDamagedFrame(): Promise<{ readonly target: string; readonly at: number }> {
  const target = folder.path('damaged')
  for (const window of windows.toReversed()) {
    if (momentOf(window.from) < writingFromUs) continue
    rmSync(target, { recursive: true, force: true })
    makeImage(target, window, window.to, 'all', new SeededNumbers(seed))
    const frame = (await readFrames(target)).find(({ indexed, last }) => !indexed && !last)
    if (frame === undefined) continue
    const path = join(target, frame.file)
    const bytes = readFileSync(path)
    const offset = frame.from + 60
    bytes.writeUInt8(bytes.readUInt8(offset) ^ 4, offset)
    writeFileSync(path, bytes)
    expect(existsSync(join(target, 'running.json'))).toBe(false)
    return { target, at: window.to }
  }
  throw new Error('no image has a synced frame that the index lacks')
}
