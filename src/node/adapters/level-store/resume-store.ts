/**
 * Brings the index up to the journal's end, decides whether anything durable is missing, and counts the start: after this the
 * store may serve.
 */

import type { StoreCondition, StoreIdentity } from '../../ports/record-store.ts'
import type { IndexState, JournalPosition } from './index/index-state.ts'
import { decodeLiveBytes, factNumber, liveKeyRange } from './index/index-state.ts'
import { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { readStanding } from './index/marker-check.ts'
import { replayJournal } from './journal/replay.ts'
import type { ReadFrame } from './journal/segment-reader.ts'
import type { Opening } from './opening.ts'
import type { OverlayEntry } from './overlay.ts'
import { Overlay } from './overlay.ts'
import type { StoreFile } from './store-files.ts'
import { writeStoreFile } from './store-files.ts'

export interface ResumedStore {
  readonly file: StoreFile
  readonly identity: StoreIdentity
  readonly condition: StoreCondition
  readonly state: IndexState
  readonly oldestMarker: number
  readonly liveBytes: Map<number, number>
  /** Where the next frame goes. */
  readonly end: JournalPosition
}

const storeIdBytes = 16

export async function resumeStore(
  opening: Opening,
  index: LevelIndex,
  before: StoreFile,
  segments: readonly number[],
): Promise<ResumedStore> {
  const { limits, events, files, journalDirectory } = opening
  const standing = await readStanding(index)
  const liveBytes = await readLiveBytes(index)
  // Opening moved everything that LevelDB's log held into a table.
  const state = { ...standing.state, tabledMarker: standing.state.marker }
  const overlay = new Overlay(limits.indexBatchBytesMax)
  let failure: unknown
  const writer = new IndexWriter({
    index,
    overlay,
    state,
    oldestMarker: standing.oldestMarker,
    liveBytes,
    events,
    delayMs: limits.indexDelayMs,
    markersMax: limits.indexMarkersMax,
    onIndexed: () => undefined,
    onFailed: (error) => {
      failure ??= error
    },
  })
  const { end, holes } = await replayJournal({
    files,
    directory: journalDirectory,
    salt: before.salt,
    events,
    segments,
    from: state.end,
    provenThrough: Math.max(before.provenThrough, state.end.sequence),
    onFrame: (frame, frameEnd) => {
      overlay.apply(frameEntries(frame), frame.length, frameEnd)
      return overlay.journalBytes > limits.indexBatchBytesMax * 4 ? writer.indexed(frameEnd.sequence) : undefined
    },
  })
  if (!overlay.isEmpty) await writer.indexed(end.sequence)
  await writer.close()
  if (failure !== undefined) throw failure
  const file = await startFile(opening, before, holes, end.sequence)
  const { storeId, bootCount, findings } = file
  return {
    file,
    identity: { storeId, bootCount },
    condition: findings.length === 0 ? { kind: 'sound' } : { kind: 'suspect', findings },
    state: writer.state,
    oldestMarker: standing.oldestMarker,
    liveBytes,
    end,
  }
}

/** Counts the start durably; a store that is found to have lost something takes a new id with it. */
async function startFile(
  { files, directory, random, events }: Opening,
  before: StoreFile,
  holes: readonly string[],
  provenThrough: number,
): Promise<StoreFile> {
  for (const finding of holes) events.damageFound({ finding })
  const fresh = holes.filter((finding) => !before.findings.includes(finding))
  const file = {
    ...before,
    storeId: before.findings.length === 0 && fresh.length > 0 ? random.bytes(storeIdBytes) : before.storeId,
    bootCount: before.bootCount + 1,
    provenThrough: Math.max(provenThrough, before.provenThrough),
    findings: [...before.findings, ...fresh],
  }
  await writeStoreFile(files, directory, file)
  return file
}

export function frameEntries({ header: { sequence }, operations }: ReadFrame): OverlayEntry[] {
  return operations.map((operation) => {
    const { family, key } = operation
    return {
      family,
      key,
      sequence,
      value: operation.kind === 'inline' ? operation.value : undefined,
      place: operation.kind === 'payload' || operation.kind === 'move' ? operation.place : undefined,
      movedFrom: operation.kind === 'move' ? operation.from : undefined,
    }
  })
}

async function readLiveBytes(index: LevelIndex): Promise<Map<number, number>> {
  const live = new Map<number, number>()
  for await (const page of index.pages(liveKeyRange)) {
    for (const [key, value] of page) live.set(factNumber(key), decodeLiveBytes(key, value) ?? 0)
  }
  return live
}
