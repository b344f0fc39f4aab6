/** Takes the counts and the live bytes of segments anew from the records themselves, for an index that lost its own. */

import type { FamilyCount } from './index-state.ts'
import { addFingerprint, emptyCounts } from './index-state.ts'
import type { LevelIndex } from './level-index.ts'
import { recordRange, valueFacts } from './record-codec.ts'

export interface Recount {
  readonly families: readonly FamilyCount[]
  readonly liveBytes: Map<number, number>
}

export async function recountRecords(index: LevelIndex): Promise<Recount> {
  const families = emptyCounts()
  const liveBytes = new Map<number, number>()
  for await (const page of index.pages(recordRange)) {
    for (const [key, value] of page) {
      const count = families[(key[0] ?? 0) - 1]
      if (count === undefined) continue
      const { bytes, checksum, place } = valueFacts(key.length - 1, value)
      count.records++
      count.bytes += bytes
      count.fingerprint = addFingerprint(count.fingerprint, checksum)
      if (place !== undefined) liveBytes.set(place.segment, (liveBytes.get(place.segment) ?? 0) + place.length)
    }
  }
  return { families, liveBytes }
}
