/** What a batch of the index changes for a number of records, and what that does to the counts. */

import { assert } from '../../../../shared/assert.ts'
import type { Place } from '../journal/frame-codec.ts'
import { samePlace } from '../journal/frame-codec.ts'
import type { Generation, OverlayEntry } from '../overlay.ts'
import type { FamilyCount } from './index-state.ts'
import { addFingerprint, subtractFingerprint } from './index-state.ts'
import type { IndexChange } from './level-index.ts'
import { encodeInline, encodePlace, indexKey, placeValueBytes, valueFacts, valueHeaderBytes } from './record-codec.ts'

/** The changes of one batch; `counts` and live bytes are brought up to date on the way. */
export function indexChanges(
  entries: readonly OverlayEntry[],
  present: readonly (Buffer | undefined)[],
  counts: readonly FamilyCount[],
  addLive: (place: Place, sign: number) => void,
): IndexChange[] {
  const changes: IndexChange[] = []
  const buffer = Buffer.allocUnsafe(encodedBytes(entries))
  let at = 0
  entries.forEach((entry, position) => {
    const { family, key, sequence, value, place, movedFrom } = entry
    const old = present[position]
    const before = old === undefined ? undefined : valueFacts(key.length, old)
    if (movedFrom !== undefined && (before?.place === undefined || !samePlace(before.place, movedFrom))) return
    const count = counts[family]
    assert(count !== undefined, 'every family is counted')
    if (before !== undefined) {
      count.records--
      count.bytes -= before.bytes
      count.fingerprint = subtractFingerprint(count.fingerprint, before.checksum)
      if (before.place !== undefined) addLive(before.place, -1)
    }
    if (value === undefined && place === undefined) {
      if (before !== undefined) changes.push({ key: indexKey(family, key), value: undefined, entry, replaces: true })
      return
    }
    const record =
      place === undefined
        ? encodeInline(buffer, at, family, key, sequence, value ?? key)
        : encodePlace(buffer, at, family, key, sequence, place)
    at += record.value.length + record.key.length
    count.records++
    count.bytes += key.length + (place === undefined ? (value?.length ?? 0) : place.length)
    count.fingerprint = addFingerprint(count.fingerprint, record.checksum)
    if (place !== undefined) addLive(place, 1)
    changes.push({ key: record.key, value: record.value, entry, replaces: before !== undefined })
  })
  return changes
}

export function generationEntries({ families }: Generation): OverlayEntry[] {
  const entries: OverlayEntry[] = []
  for (const family of families) for (const entry of family.values()) entries.push(entry)
  return entries
}

function encodedBytes(entries: readonly OverlayEntry[]): number {
  let bytes = 0
  for (const { key, value, place } of entries) {
    bytes += key.length + 1 + (place === undefined ? valueHeaderBytes + (value?.length ?? 0) : placeValueBytes)
  }
  return bytes
}
