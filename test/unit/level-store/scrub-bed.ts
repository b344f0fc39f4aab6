import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readManifest, tableName } from '../../../src/node/adapters/level-store/index/index-files.ts'
import { encodeSegmentHeader, segmentName } from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import { nodeFiles } from '../../../src/node/adapters/level-store/node-files.ts'
import { openLevelStore } from '../../../src/node/adapters/level-store/open-level-store.ts'
import { readStoreFile } from '../../../src/node/adapters/level-store/store-files.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import type { Clock } from '../../../src/node/ports/clock.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { filler, put, smallLimits } from '../../conformance/record-store/store-bed.ts'
import { FaultyFiles } from '../../integration/store/faulty-files.ts'
import { openLevelStoreAt, silentStoreEvents } from '../../integration/store/level-bed.ts'

const folders: string[] = []
/** For after each test. */
export function removeScrubbedStores(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

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
    if (durationMs >= scrubLimits.scrubRetryMs && signal?.aborted !== true) {
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

export const scrubLimits = { ...smallLimits, scrubBytesPerSecond: 100_000, scrubIdleMs: 3_600_000, scrubRetryMs: 60_000 }

export interface ScrubbedStoreOptions {
  readonly limits?: Partial<Limits>
  /** A power cut came in the first write of another segment: its header is there, its frame is not. */
  readonly tornNext?: boolean
}

/** A store with tables and payloads that was opened with a clock, and what its scrub tells. */
export async function scrubbedStore({ limits: others = {}, tornNext = false }: ScrubbedStoreOptions = {}) {
  const root = mkdtempSync(join(tmpdir(), 'memo-scrub-'))
  folders.push(root)
  const limits = { ...scrubLimits, ...others }
  const filled = await openLevelStoreAt(root, { limits })
  for (let index = 0; index < 40; index++) {
    await filled.commit([
      put('entry', `e/${index}`, filler(500, index + 1)),
      put('content', `c/${index}`, filler(20_000, index + 1)),
    ])
  }
  const { syncedPosition } = filled.usage()
  await filled.close()
  await (await openLevelStoreAt(root, { limits })).close()
  if (tornNext) await tearNext(root, Number(syncedPosition))
  const clock = new SleepingClock()
  const found: string[] = []
  const rounds: { readonly bytes: number; readonly durationMs: number; readonly findings: number }[] = []
  const failed: unknown[] = []
  const reclaimed: number[] = []
  const stalled: unknown[] = []
  const faulty = new FaultyFiles(nodeFiles)
  const first = clock.round()
  const store = await openLevelStore({
    ...{ directory: root, limits, clock, files: faulty.files },
    random: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)), integerBelow: () => 0 },
    events: {
      ...silentStoreEvents,
      scrubbed: (facts) => void rounds.push(facts),
      scrubFailed: ({ error }) => void failed.push(error),
      damageFound: ({ finding }) => void found.push(finding),
      segmentReclaimed: ({ segment }) => void reclaimed.push(segment),
      indexStalled: ({ error }) => void stalled.push(error),
      failed: ({ error }) => void failed.push(error),
    },
  })
  return { root, clock, store, found, rounds, failed, reclaimed, stalled, faulty, first }
}

async function tearNext(root: string, sequence: number): Promise<void> {
  const salt = (await readStoreFile(nodeFiles, root))?.salt
  if (salt === undefined) throw new Error('the store has no identity')
  const names = readdirSync(join(root, 'journal'))
  const segment = names.length + 1
  const size = scrubLimits.segmentBytes
  const file = Buffer.alloc(size)
  encodeSegmentHeader(salt, { segment, firstSequence: sequence + 1, size }).copy(file)
  writeFileSync(join(root, 'journal', segmentName(segment)), file)
}

export async function oneTable(root: string): Promise<string> {
  const reading = await readManifest(nodeFiles, join(root, 'index'))
  if (reading.kind === 'damaged') throw new Error(reading.damage.reason)
  return tableName([...reading.files.tables].sort((left, right) => right.size - left.size)[0]!.number)
}

export function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset)
  writeFileSync(path, bytes)
}
