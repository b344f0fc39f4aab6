import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readManifest, tableName } from '../../../src/node/adapters/level-store/index/index-files.ts'
import { segmentHeaderBytes } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { openLevelStore } from '../../../src/node/adapters/level-store/open-level-store.ts'
import type { Clock } from '../../../src/node/ports/clock.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { filler, put, smallLimits } from '../../conformance/record-store/store-bed.ts'
import { FaultyFiles } from '../../integration/store/faulty-files.ts'
import { openLevelStoreAt } from '../../integration/store/level-bed.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Time passes only in sleeps; those that are as long as the rest between two rounds wait for the test. */
class SleepingClock implements Clock {
  readonly slept: number[] = []
  #nowMs = 1_700_000_000_000
  #wake: (() => void) | undefined
  #resting: (() => void) | undefined

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    if (durationMs === limits.scrubIdleMs && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal?.addEventListener('abort', () => resolve(), { once: true })
        this.#resting?.()
      })
    } else this.slept.push(durationMs)
    if (signal?.aborted === true) throw new CodedError('cancelled', 'the sleep was cut short')
    this.#nowMs += durationMs
  }

  after(): Disposable {
    throw new Error('nothing here waits otherwise')
  }

  /** Lets a round go and resolves at its end. */
  async round(): Promise<void> {
    const resting = new Promise<void>((resolve) => {
      this.#resting = resolve
    })
    this.#wake?.()
    this.#wake = undefined
    await resting
  }
}

const limits = { ...smallLimits, scrubBytesPerSecond: 100_000, scrubIdleMs: 3_600_000 }

/** A store with tables and payloads that was opened with a clock, and what its scrub tells. */
async function scrubbedStore() {
  const root = mkdtempSync(join(tmpdir(), 'memo-scrub-'))
  folders.push(root)
  const filled = await openLevelStoreAt(root, { limits })
  for (let index = 0; index < 40; index++) {
    await filled.commit([
      put('entry', `e/${index}`, filler(500, index + 1)),
      put('content', `c/${index}`, filler(20_000, index + 1)),
    ])
  }
  await filled.close()
  await (await openLevelStoreAt(root, { limits })).close()
  const clock = new SleepingClock()
  const found: string[] = []
  const rounds: { readonly bytes: number; readonly durationMs: number; readonly findings: number }[] = []
  const failed: unknown[] = []
  const faulty = new FaultyFiles(nodeFiles)
  const first = clock.round()
  const store = await openLevelStore({
    ...{ directory: root, limits, clock, files: faulty.files },
    random: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)), integerBelow: () => 0 },
    events: {
      ...{ committed: () => {}, indexed: () => {}, segmentMade: () => {}, segmentReclaimed: () => {}, tailCut: () => {} },
      ...{ failed: () => {}, scrubbed: (facts) => void rounds.push(facts), scrubFailed: ({ error }) => void failed.push(error) },
      ...{ reserveGivenUp: () => {}, indexStalled: () => {} },
      damageFound: ({ finding }) => void found.push(finding),
    },
  })
  return { root, clock, store, found, rounds, failed, faulty, first }
}

async function oneTable(root: string): Promise<string> {
  const reading = await readManifest(nodeFiles, join(root, 'index'))
  if (reading.kind === 'damaged') throw new Error(reading.damage.reason)
  return tableName([...reading.files.tables].sort((left, right) => right.size - left.size)[0]!.number)
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset)
  writeFileSync(path, bytes)
}

test('a round reads every table and payload at the rate of the limit, and the next one comes after the rest', async () => {
  const { store, clock, rounds, found, first } = await scrubbedStore()
  expect(store.scrub).toEqual({ lastRound: undefined, findings: [] })
  const startedMs = clock.nowMs()
  await first
  const [{ bytes, durationMs } = { bytes: 0, durationMs: 0 }] = rounds
  expect(bytes).toBeGreaterThan(40 * 20_500)
  expect(clock.nowMs() - startedMs).toBe(durationMs)
  expect(durationMs / 1000).toBeGreaterThan(bytes / limits.scrubBytesPerSecond - 0.2)
  expect(Math.min(...clock.slept)).toBeGreaterThanOrEqual(50)
  expect(store.scrub).toEqual({ lastRound: { endedMs: clock.nowMs(), bytes }, findings: [] })
  const before = clock.nowMs()
  await clock.round()
  expect(rounds.length).toBe(2)
  expect(clock.nowMs() - before).toBeGreaterThan(limits.scrubIdleMs)
  expect(found).toEqual([])
  await store.close()
})

test('damage of the journal itself is found, though the index holds what was in it', async () => {
  const { root, store, clock, found, first } = await scrubbedStore()
  await first
  // A record that is indexed whole, in the first frame, and the header of the segment.
  flip(join(root, 'journal', '0000000000000001.seg'), segmentHeaderBytes + 100)
  flip(join(root, 'journal', '0000000000000001.seg'), 10)
  await clock.round()
  await clock.round()
  expect(found).toEqual([
    'journal: the header of segment 1 does not verify',
    expect.stringMatching(new RegExp(`^journal: segment 1 does not verify from ${segmentHeaderBytes} to \\d+$`)),
  ])
  expect(store.scrub?.findings, 'the index holds what the frame held').toEqual(found.slice(0, 1))
  const report = await store.verify()
  expect([report.findings, report.journal]).toEqual([found.slice(0, 1), found.slice(1)])
  await store.close()
})

test('damage of tables and payloads under a running store is found and told once', async () => {
  const { root, store, clock, rounds, found, first } = await scrubbedStore()
  await first
  flip(join(root, 'journal', '0000000000000001.seg'), 100_000)
  await clock.round()
  const payload = expect.stringMatching(/^content: segment 1 at \d+: the payload does not match its checksum$/)
  expect(found).toEqual([payload])
  const table = await oneTable(root)
  flip(join(root, 'index', table), 100)
  await clock.round()
  await clock.round()
  expect(found).toEqual([payload, `index: ${table} at 0: a block does not match its checksum`])
  expect(store.scrub?.findings, 'records are not read meanwhile').toEqual(found)
  expect(rounds.map(({ findings }) => findings)).toEqual([0, 1, 1, 1])
  await store.close()
})

test('what the disk cannot read is found; a lack of descriptors only ends the round', async () => {
  const { root, store, clock, found, failed, faulty, first } = await scrubbedStore()
  await first
  const path = join(root, 'index', await oneTable(root))
  faulty.readFaults = [{ path, code: 'EIO' }]
  await clock.round()
  expect(found).toEqual([expect.stringMatching(/\.ldb at 0: it cannot be read up to \d+ \(EIO\)$/)])
  faulty.readFaults = [{ path, code: 'EMFILE' }]
  await clock.round()
  expect(failed).toEqual([expect.objectContaining({ code: 'EMFILE' })])
  faulty.readFaults = []
  await clock.round()
  expect(store.scrub?.findings).toEqual([])
  expect(found.length).toBe(1)
  await store.close()
})

test('a store that is closed while it reads itself closes at once', async () => {
  const { store, clock, rounds, failed } = await scrubbedStore()
  await new Promise((resolve) => setImmediate(resolve))
  await store.close()
  const slept = clock.slept.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(clock.slept.length).toBe(slept)
  expect([rounds, failed]).toEqual([[], []])
})
