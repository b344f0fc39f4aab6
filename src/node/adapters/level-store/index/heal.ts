/**
 * Applies again what LevelDB lost from its log. The newest marker's counts were taken with the lost batches, so the records are
 * written without touching them; the live bytes of segments are taken anew. The missing markers come last: until then the next
 * start finds the same gap and heals it again.
 */

import { frameEntries } from '../journal/frame-entries.ts'
import { readRange } from '../journal/replay.ts'
import type { Opening } from '../opening.ts'
import type { OverlayEntry } from '../overlay.ts'
import { Overlay } from '../overlay.ts'
import { generationEntries, indexChanges } from './index-changes.ts'
import type { FamilyCount } from './index-state.ts'
import { emptyCounts, encodeLiveBytes, encodeMarker, liveKey, markerKey } from './index-state.ts'
import type { LevelIndex } from './level-index.ts'
import type { IndexStanding, LostBatches } from './marker-check.ts'
import { indexKey } from './record-codec.ts'
import { recountRecords } from './recount.ts'

/** The findings: empty when everything lost was in the journal. */
export async function healIndex(
  opening: Opening,
  index: LevelIndex,
  salt: Uint8Array,
  segments: readonly number[],
  standing: IndexStanding,
  lost: LostBatches,
): Promise<readonly string[]> {
  const missing = `index: ${lost.markers.length} batches below batch ${standing.state.marker} are missing`
  opening.events.damageFound({ finding: missing })
  const { files, journalDirectory: directory, events, limits } = opening
  const overlay = new Overlay(limits.indexBatchBytesMax)
  const flush = async () => {
    for (let generation = overlay.oldest(); generation !== undefined; generation = overlay.oldest()) {
      await applyUncounted(index, generationEntries(generation))
      overlay.dropOldest()
    }
  }
  const reached = await readRange(
    { files, directory, salt, events, segments, from: lost.from },
    lost.through.sequence,
    (frame, end) => {
      overlay.apply(frameEntries(frame), frame.length, end)
      return overlay.journalBytes > limits.indexBatchBytesMax * 4 ? flush() : undefined
    },
  )
  await flush()
  if (!reached) return [`${missing}, and the journal no longer holds all of what was in them`]
  await restoreMarkers(index, standing, lost)
  return []
}

async function applyUncounted(index: LevelIndex, entries: readonly OverlayEntry[]): Promise<void> {
  const present = await index.getMany(entries.map(({ family, key }) => indexKey(family, key)))
  const uncounted: readonly FamilyCount[] = emptyCounts()
  await index.write(indexChanges(entries, present, uncounted, () => undefined))
}

async function restoreMarkers(index: LevelIndex, { state }: IndexStanding, lost: LostBatches): Promise<void> {
  const { liveBytes } = await recountRecords(index)
  const live = [...liveBytes].map(([segment, bytes]) => ({
    key: liveKey(segment),
    value: encodeLiveBytes(segment, state.end.sequence, bytes),
  }))
  const markers = lost.markers.map((marker) => ({
    key: markerKey(marker),
    value: encodeMarker({ ...state, marker, start: lost.from, end: lost.through }),
  }))
  await index.write([...live, ...markers])
}
