/** Gathers into a new index what a damaged store still has. */

import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { recordFamilies } from '../../ports/record-store.ts'
import type { OpenFile } from './files.ts'
import { mediaErrorCode, systemCode } from './files.ts'
import { generationEntries, indexChanges } from './index/index-changes.ts'
import { decodeMarker, emptyCounts, markerKeyRange } from './index/index-state.ts'
import type { IndexChange, LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, indexKey, recordName, recordRange } from './index/record-codec.ts'
import type { IndexLayer, KeySpan } from './index/table-salvage.ts'
import type { Place } from './journal/frame-codec.ts'
import { frameEntries } from './journal/frame-entries.ts'
import { segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { ReadFrame, SegmentReader } from './journal/segment-reader.ts'
import { openSegment } from './journal/segment-reader.ts'
import type { Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { Overlay } from './overlay.ts'

export interface RecordSalvageOptions {
  readonly opening: Opening
  readonly salt: Uint8Array
  readonly target: LevelIndex
  readonly note: (finding: string) => void
}

const flushBytes = 4 * 1024 * 1024
const copyRecords = 1000
/** Lost records of a family that are named one by one. */
const namedMax = 100

export class RecordSalvage {
  readonly #options: RecordSalvageOptions
  readonly #overlay: Overlay
  #highestSequence = 0
  /** Frames up to here are in the index, which was read whole: what it lacks of them was removed by one that may be gone. */
  #indexedThrough = 0

  constructor(options: RecordSalvageOptions) {
    this.#options = options
    this.#overlay = new Overlay(options.opening.limits.indexBatchBytesMax)
  }

  get highestSequence(): number {
    return this.#highestSequence
  }

  /**
   * Takes in every record that verifies, layer by layer from the oldest to the newest. Where a layer lost entries, what the older
   * ones say of their keys is given up too: it may have been replaced or removed. `isWhole` tells at the end whether nothing was found
   * damaged on the way.
   */
  async copyIndex(layers: AsyncIterable<IndexLayer>, isWhole: () => boolean): Promise<void> {
    const { target, note } = this.#options
    const rejected = new Map<number, number>()
    const doubtful = new Map<number, number>()
    let indexedThrough = 0
    for await (const { lost, entries } of layers) {
      for (const span of lost) await this.#giveUp(span, doubtful)
      let changes: IndexChange[] = []
      for (const { key, value } of entries) {
        indexedThrough = Math.max(indexedThrough, markerEnd(key, value))
        const code = (key[0] ?? 0) - 1
        if (code < 0 || code >= recordFamilies.length) continue
        const decoded = value === undefined ? undefined : decodeIndexValue(key, value)
        if (value !== undefined && decoded === undefined) rejected.set(code, (rejected.get(code) ?? 0) + 1)
        this.#highestSequence = Math.max(this.#highestSequence, decoded?.sequence ?? 0)
        changes.push({ key, value: decoded === undefined ? undefined : value })
        if (changes.length < copyRecords) continue
        await target.write(changes)
        changes = []
      }
      if (changes.length > 0) await target.write(changes)
    }
    if (isWhole() && rejected.size === 0) this.#indexedThrough = indexedThrough
    for (const [code, count] of rejected) note(`${recordFamilies[code] ?? 'unknown'}: ${count} index entries did not verify`)
    for (const [code, count] of doubtful) {
      note(`${recordFamilies[code] ?? 'unknown'}: ${count} older entries are given up, since newer ones may have been damaged`)
    }
  }

  async #giveUp({ first, last }: KeySpan, doubtful: Map<number, number>): Promise<void> {
    const { target } = this.#options
    const gte = first.compare(recordRange.gte) > 0 ? first : recordRange.gte
    for await (const page of target.pages({ gte, lt: Buffer.concat([last, Buffer.of(0)]) })) {
      await target.write(page.map(([key]) => ({ key, value: undefined })))
      for (const [key] of page) {
        const code = (key[0] ?? 0) - 1
        doubtful.set(code, (doubtful.get(code) ?? 0) + 1)
      }
    }
  }

  /** Applies the frames of the newest unbroken run of segments that the index lacks to every record that is older than they are. */
  async replayNewestRun(): Promise<void> {
    const { opening, salt, note } = this.#options
    const segments = await listSegments(opening)
    let first = segments.length - 1
    while (first > 0 && segments[first - 1] === (segments[first] ?? 0) - 1) first--
    for (const segment of segments.slice(Math.max(first, 0))) {
      const reader = await openSegment(opening.files, opening.journalDirectory, salt, segment, note)
      try {
        const header = await reader.header()
        if (header !== undefined) this.#highestSequence = Math.max(this.#highestSequence, header.firstSequence - 1)
        await this.#replaySegment(reader, note)
      } finally {
        await reader.close()
      }
    }
    await this.#flush()
  }

  /** Removes the records whose payload is not there any more. */
  async dropUnreadablePayloads(): Promise<void> {
    const { target, note } = this.#options
    const dropped = new Map<number, number>()
    const files = new Map<number, OpenFile | undefined>()
    try {
      for await (const page of target.pages(recordRange)) {
        const changes: IndexChange[] = []
        for (const [key, value] of page) {
          const decoded = decodeIndexValue(key, value)
          if (decoded?.kind === 'inline') continue
          if (decoded !== undefined && (await this.#payloadReads(decoded.place, files))) continue
          changes.push({ key, value: undefined })
          const code = (key[0] ?? 0) - 1
          const count = (dropped.get(code) ?? 0) + 1
          dropped.set(code, count)
          if (count <= namedMax) note(`${recordName(key)}: the payload did not verify`)
        }
        await target.write(changes)
      }
    } finally {
      for (const file of files.values()) await file?.close()
    }
    for (const [code, count] of dropped) {
      const named = count > namedMax ? `, the first ${namedMax} are named` : ''
      note(`${recordFamilies[code] ?? 'unknown'}: ${count} payloads did not verify${named}`)
    }
  }

  async #replaySegment(reader: SegmentReader, note: (finding: string) => void): Promise<void> {
    let offset = segmentHeaderBytes
    for (;;) {
      let frame = await reader.frame(offset)
      if (frame === undefined) {
        frame = await reader.frameFrom(offset)
        if (frame === undefined) return
        note(`journal: segment ${reader.segment} does not verify from ${offset} to ${frame.offset}`)
      }
      await this.#take(reader.segment, frame)
      offset = frame.offset + frame.length
    }
  }

  async #take(segment: number, frame: ReadFrame): Promise<void> {
    const { sequence } = frame.header
    this.#highestSequence = Math.max(this.#highestSequence, sequence)
    if (sequence <= this.#indexedThrough) return
    this.#overlay.apply(frameEntries(frame), frame.length, { segment, offset: frame.offset + frame.length, sequence })
    if (this.#overlay.journalBytes > flushBytes) await this.#flush()
  }

  async #flush(): Promise<void> {
    const { target } = this.#options
    for (let generation = this.#overlay.oldest(); generation !== undefined; generation = this.#overlay.oldest()) {
      const entries = generationEntries(generation)
      const keys = entries.map(({ family, key }) => indexKey(family, key))
      const present = await target.getMany(keys)
      const newer = entries.flatMap((entry, position) => {
        const key = keys[position]
        const old = present[position]
        const known = key === undefined || old === undefined ? undefined : decodeIndexValue(key, old)
        return known === undefined || known.sequence < entry.sequence ? [{ entry, old }] : []
      })
      const changes = indexChanges(
        newer.map(({ entry }) => entry),
        newer.map(({ old }) => old),
        emptyCounts(),
        () => undefined,
      )
      await target.write(changes)
      this.#overlay.dropOldest()
    }
  }

  async #payloadReads(place: Place, files: Map<number, OpenFile | undefined>): Promise<boolean> {
    const file = files.has(place.segment) ? files.get(place.segment) : await this.#openSegment(place.segment)
    files.set(place.segment, file)
    if (file === undefined) return false
    const bytes = Buffer.allocUnsafeSlow(place.length)
    try {
      return (await file.read(bytes, place.offset)) === place.length && crc32(bytes) === place.checksum
    } catch (error) {
      if (mediaErrorCode(error) === undefined) throw error
      return false
    }
  }

  async #openSegment(segment: number): Promise<OpenFile | undefined> {
    const { files, journalDirectory } = this.#options.opening
    try {
      return await files.open(join(journalDirectory, segmentName(segment)), 'read')
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || mediaErrorCode(error) !== undefined) return undefined
      throw error
    }
  }
}

/** The sequence number that the index reached with a marker; 0 for any other key. */
function markerEnd(key: Buffer, value: Buffer | undefined): number {
  const isMarker = key.compare(markerKeyRange.gte) >= 0 && key.compare(markerKeyRange.lt) < 0
  return isMarker && value !== undefined ? (decodeMarker(key, value)?.end.sequence ?? 0) : 0
}
