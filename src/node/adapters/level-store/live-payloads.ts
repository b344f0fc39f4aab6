/**
 * Which payloads of a segment are alive, asked record by record: by its frames, or by the whole index where the frames do not tell
 * any more.
 */

import type { StoreEvents } from '../../ports/record-store.ts'
import type { Files } from './files.ts'
import type { LevelIndex } from './index/level-index.ts'
import { indexKey, recordRange, valueFacts } from './index/record-codec.ts'
import type { Place } from './journal/frame-codec.ts'
import { samePlace } from './journal/frame-codec.ts'
import { segmentHeaderBytes } from './journal/segment-format.ts'
import { openSegment } from './journal/segment-reader.ts'
import type { Overlay } from './overlay.ts'
import { keyText } from './overlay.ts'

export interface LivePayload {
  readonly family: number
  readonly key: Uint8Array
  readonly place: Place
}

export interface LivePayloadsOptions {
  readonly files: Files
  /** The journal's directory. */
  readonly directory: string
  readonly salt: Uint8Array
  readonly events: StoreEvents
  readonly index: LevelIndex
  readonly overlay: Overlay
  readonly isClosed: () => boolean
}

/** What the segment's frames brought and the index or the overlay still names; undefined when it does not read to its end. */
export async function payloadsOfFrames(
  options: LivePayloadsOptions,
  segment: number,
): Promise<readonly LivePayload[] | undefined> {
  const { files, directory, salt, events, isClosed } = options
  const reader = await openSegment(files, directory, salt, segment, (finding) => events.damageFound({ finding }))
  try {
    if ((await reader.header()) === undefined) return undefined
    const live: LivePayload[] = []
    let offset = segmentHeaderBytes
    for (let frame = await reader.outline(offset); frame !== undefined; frame = await reader.outline(offset)) {
      offset += frame.length
      const payloads = frame.operations.flatMap((operation) =>
        operation.kind === 'payload' || operation.kind === 'move' ? [operation] : [],
      )
      if (payloads.length > 0) live.push(...(await stillNamed(options, payloads)))
      if (isClosed()) return []
    }
    return (await reader.dataEnd(offset)) === offset ? live : undefined
  } finally {
    await reader.close()
  }
}

/** What the index names in a segment of which it has taken in every frame. */
export async function payloadsOfIndex(
  { index, isClosed }: LivePayloadsOptions,
  segment: number,
): Promise<readonly LivePayload[]> {
  const live: LivePayload[] = []
  for await (const page of index.pages(recordRange)) {
    if (isClosed()) return []
    for (const [key, value] of page) {
      const { place } = valueFacts(key.length - 1, value)
      if (place?.segment === segment) live.push({ family: (key[0] ?? 0) - 1, key: key.subarray(1), place })
    }
  }
  return live
}

async function stillNamed(
  { index, overlay }: LivePayloadsOptions,
  payloads: readonly LivePayload[],
): Promise<readonly LivePayload[]> {
  const stored = await index.getMany(payloads.map(({ family, key }) => indexKey(family, key)))
  return payloads.filter(({ family, key, place }, position) => {
    const waiting = overlay.find(family, keyText(key))
    if (waiting?.place !== undefined && waiting.movedFrom === undefined) return samePlace(waiting.place, place)
    // A removal that waits for the index is not taken at its word here: the copy is void if it comes first.
    const old = stored[position]
    const named = old === undefined ? undefined : valueFacts(key.length, old).place
    return named !== undefined && samePlace(named, place)
  })
}
