/**
 * LevelDB opens after a damaged log without an error and without some of its batches. Each batch wrote a numbered marker, so the
 * missing ones show: every marker above the last one known to lie in a table must be there and verify, up to the newest.
 */

import type { IndexState, JournalPosition } from './index-state.ts'
import { decodeMarker, emptyCounts, factNumber, markerKey, markerKeyRange } from './index-state.ts'
import type { LevelIndex } from './level-index.ts'

export interface LostBatches {
  readonly markers: readonly number[]
  /** Everything the lost batches held lies in the journal between these two. */
  readonly from: JournalPosition
  readonly through: JournalPosition
}

export interface IndexStanding {
  readonly state: IndexState
  readonly oldestMarker: number
  readonly lost: LostBatches | undefined
  /** The newest marker itself was damaged: the counts have to be taken anew. */
  readonly countsLost: boolean
}

const journalStart: JournalPosition = { segment: 0, offset: 0, sequence: 0 }
const emptyState: IndexState = { marker: 0, start: journalStart, end: journalStart, tabledMarker: 0, families: emptyCounts() }

export async function readStanding(index: LevelIndex): Promise<IndexStanding> {
  const { newest, newestNumber } = await newestMarker(index)
  const oldestMarker = await firstMarker(index)
  if (newest === undefined) return { state: emptyState, oldestMarker, lost: undefined, countsLost: newestNumber !== undefined }
  const present = new Map<number, IndexState>()
  for await (const page of index.pages({ gte: markerKey(newest.tabledMarker), lt: markerKey(newest.marker + 1) })) {
    for (const [key, value] of page) {
      const state = decodeMarker(key, value)
      if (state !== undefined) present.set(factNumber(key), state)
    }
  }
  const countsLost = newestNumber !== newest.marker
  return { state: newest, oldestMarker, lost: lostBatches(newest, present), countsLost }
}

function lostBatches(newest: IndexState, present: ReadonlyMap<number, IndexState>): LostBatches | undefined {
  const markers: number[] = []
  let from: JournalPosition | undefined
  for (let marker = newest.tabledMarker + 1; marker < newest.marker; marker++) {
    if (present.has(marker)) continue
    markers.push(marker)
    from ??= marker === 1 ? journalStart : (present.get(marker - 1)?.end ?? unknownPosition)
  }
  return from === undefined ? undefined : { markers, from, through: newest.end }
}

/** Before the start of the journal: no replay reaches the batch from here. */
const unknownPosition: JournalPosition = { segment: -1, offset: 0, sequence: 0 }

async function newestMarker(index: LevelIndex) {
  let newestNumber: number | undefined
  for await (const page of index.pages(markerKeyRange, { reverse: true, pageRecords: 16 })) {
    for (const [key, value] of page) {
      newestNumber ??= factNumber(key)
      const newest = decodeMarker(key, value)
      if (newest !== undefined) return { newest, newestNumber }
    }
  }
  return { newest: undefined, newestNumber }
}

async function firstMarker(index: LevelIndex): Promise<number> {
  for await (const page of index.pages(markerKeyRange, { pageRecords: 1 })) {
    const first = page[0]
    if (first !== undefined) return factNumber(first[0])
  }
  return 0
}
