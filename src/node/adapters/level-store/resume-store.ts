/**
 * Brings the index up to the journal's end, decides whether anything durable is missing, and counts the start unless the store is only looked
 * at: after this it may serve. What is missing is written down before anything behind it is taken in.
 */

import type { StoreCondition } from '../../ports/record-store.ts'
import { healIndex } from './index/heal.ts'
import type { IndexState, JournalPosition } from './index/index-state.ts'
import { decodeLiveBytes, encodeMarker, factNumber, liveKeyRange, markerKey } from './index/index-state.ts'
import { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { readStanding } from './index/marker-check.ts'
import { recountRecords } from './index/recount.ts'
import { frameEntries } from './journal/frame-entries.ts'
import { replayJournal } from './journal/replay.ts'
import type { Opening } from './opening.ts'
import { Overlay } from './overlay.ts'
import type { StoreIdentityFile } from './store-identity.ts'

export interface ResumedStore {
  readonly identity: StoreIdentityFile
  readonly condition: StoreCondition
  readonly state: IndexState
  readonly oldestMarker: number
  readonly liveBytes: Map<number, number>
  /** Where the next frame goes. */
  readonly end: JournalPosition
}

/** Bytes of the journal taken in between two batches of the index, in its own batches' size. */
const replayBatches = 4

export async function resumeStore(
  opening: Opening,
  index: LevelIndex,
  identity: StoreIdentityFile,
  segments: readonly number[],
): Promise<ResumedStore> {
  const standing = await readStanding(index)
  const { salt, provenThrough } = identity.file
  if (standing.lost !== undefined) {
    for (const finding of await healIndex(opening, index, salt, segments, standing, standing.lost)) await identity.lost(finding)
  }
  const { oldestMarker, countsLost } = standing
  const liveBytes = await readLiveBytes(index)
  // Opening moved everything that LevelDB's log held into a table.
  const state = { ...standing.state, tabledMarker: standing.state.marker }
  const replay = new IndexReplay(opening, index, state, oldestMarker, liveBytes ?? new Map())
  const { end } = await replayJournal({
    ...{ files: opening.files, directory: opening.journalDirectory, salt, events: opening.events, segments },
    from: state.end,
    provenThrough: Math.max(provenThrough, state.end.sequence),
    onFrame: (frame, frameEnd) => replay.take(frameEntries(frame), frame.length, frameEnd),
    onHole: (finding) => identity.lost(finding),
  })
  const replayed = await replay.finish()
  if (countsLost)
    opening.events.damageFound({ finding: `index: the newest batch's marker was damaged; the counts were taken anew` })
  const counted = countsLost || liveBytes === undefined ? await recountState(index, replayed) : { state: replayed, liveBytes }
  const missing = missingInUse(counted.liveBytes, segments)
  if (missing !== undefined) await identity.lost(missing)
  if (opening.inspect !== true) await identity.started(end.sequence)
  const { findings } = identity.file
  const condition: StoreCondition = findings.length === 0 ? { kind: 'sound' } : { kind: 'suspect', findings }
  return { identity, condition, ...counted, oldestMarker, end }
}

/** One line for all segments in which the index has payloads and that are not there. */
function missingInUse(liveBytes: ReadonlyMap<number, number>, segments: readonly number[]): string | undefined {
  const present = new Set(segments)
  const missing = [...liveBytes].filter(([segment, bytes]) => bytes > 0 && !present.has(segment))
  if (missing.length === 0) return undefined
  const first = missing.reduce((least, [segment]) => Math.min(least, segment), Number.POSITIVE_INFINITY)
  const bytes = missing.reduce((sum, [, each]) => sum + each, 0)
  const what =
    missing.length === 1 ? `segment ${first} is missing` : `segment ${first} and ${missing.length - 1} more are missing`
  return `journal: ${what} with ${bytes} bytes in use`
}

/** Carries replayed frames into the index. */
class IndexReplay {
  readonly #overlay: Overlay
  readonly #writer: IndexWriter
  readonly #bytesMax: number
  #sequence: number

  constructor(
    { limits, events }: Opening,
    index: LevelIndex,
    state: IndexState,
    oldestMarker: number,
    liveBytes: Map<number, number>,
  ) {
    this.#overlay = new Overlay(limits.indexBatchBytesMax)
    this.#bytesMax = limits.indexBatchBytesMax * replayBatches
    this.#sequence = state.end.sequence
    this.#writer = new IndexWriter({
      ...{ index, overlay: this.#overlay, state, oldestMarker, liveBytes, events },
      delayMs: limits.indexDelayMs,
      markersMax: limits.indexMarkersMax,
      retryMs: limits.diskFullRetryMs,
      onStalled: () => undefined,
      onIndexed: () => undefined,
      // Whoever waits for the batch is told; there is always somebody who waits.
      onFailed: () => undefined,
    })
  }

  take(entries: Parameters<Overlay['apply']>[0], bytes: number, end: JournalPosition): Promise<void> | undefined {
    this.#overlay.apply(entries, bytes, end)
    this.#sequence = end.sequence
    return this.#overlay.journalBytes > this.#bytesMax ? this.#writer.indexed(end.sequence) : undefined
  }

  async finish(): Promise<IndexState> {
    if (!this.#overlay.isEmpty) await this.#writer.indexed(this.#sequence)
    await this.#writer.close()
    return this.#writer.state
  }
}

async function recountState(index: LevelIndex, state: IndexState) {
  const { families, liveBytes } = await recountRecords(index)
  const recounted = { ...state, marker: state.marker + 1, start: state.end, families }
  await index.write([{ key: markerKey(recounted.marker), value: encodeMarker(recounted) }])
  return { state: recounted, liveBytes }
}

/** Undefined when one of them does not verify. */
async function readLiveBytes(index: LevelIndex): Promise<Map<number, number> | undefined> {
  const live = new Map<number, number>()
  for await (const page of index.pages(liveKeyRange)) {
    for (const [key, value] of page) {
      const bytes = decodeLiveBytes(key, value)
      if (bytes === undefined) return undefined
      live.set(factNumber(key), bytes)
    }
  }
  return live
}
