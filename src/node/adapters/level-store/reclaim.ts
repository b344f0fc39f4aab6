/**
 * Gives back the disk space of segments that hold little or nothing alive: live payloads are copied to the head of the journal as
 * `move` frames, their new places are indexed, LevelDB writes its tables, readers leave, and only then the file goes. A crash
 * between any two steps leaves the old copy, the new one, or both; the index names one that is there.
 *
 * What is alive is asked record by record, never taken from the counts: they only choose the segment.
 */

import { join } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { StoreEvents } from '../../ports/record-store.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import type { Capacity } from './capacity.ts'
import type { Files } from './files.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { indexKey, valueFacts } from './index/record-codec.ts'
import type { MoveWrite, Place } from './journal/frame-codec.ts'
import { frameSize, samePlace } from './journal/frame-codec.ts'
import type { JournalWriter } from './journal/journal-writer.ts'
import { segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import { openSegment } from './journal/segment-reader.ts'
import type { Overlay } from './overlay.ts'
import { keyText } from './overlay.ts'
import type { PayloadReader } from './payload-reader.ts'

export interface ReclaimOptions {
  readonly limits: Limits
  readonly files: Files
  readonly directory: string
  readonly salt: Uint8Array
  readonly events: StoreEvents
  readonly index: LevelIndex
  readonly overlay: Overlay
  readonly indexWriter: IndexWriter
  readonly journal: JournalWriter
  readonly payloads: PayloadReader
  readonly capacity: Capacity
  readonly liveBytes: ReadonlyMap<number, number>
  readonly onFailed: (error: unknown) => void
}

interface LivePayload {
  readonly family: number
  readonly key: Uint8Array
  readonly place: Place
}

const moveBytesMax = 1024 * 1024
const restMs = 500
/** A disk with less than this many reserves free has its fuller and its newest segments reclaimed too. */
const shortReserves = 4
const shortLivePercent = 80

export class Reclaim {
  readonly #options: ReclaimOptions
  /** Segments that did not read whole: left alone until the next start. */
  readonly #skipped = new Set<number>()
  #working: Promise<void> | undefined
  #lookedMs = 0
  #closed = false

  constructor(options: ReclaimOptions) {
    this.#options = options
  }

  /** Called when the index has moved on. */
  wake(): void {
    const nowMs = performance.now()
    if (this.#closed || this.#working !== undefined || nowMs - this.#lookedMs < restMs) return
    this.#lookedMs = nowMs
    if (this.#candidates().length === 0) return
    this.#working = this.run()
      .catch((error: unknown) => {
        // Without room for the index the segment stays, and is due again.
        if (!this.#closed && !isCoded(error, 'storage-full')) this.#options.onFailed(error)
      })
      .finally(() => {
        this.#working = undefined
      })
  }

  /** Reclaims every segment that is due. */
  async run(): Promise<void> {
    for (const segment of this.#candidates()) {
      if (this.#closed) return
      await this.#reclaim(segment)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#working
  }

  /**
   * Oldest first: whole segments behind the replay window whose live share is small. The window only makes it likelier that a
   * damaged index heals; on a short disk, which it may fill alone, the tables that are written before a segment goes have to do.
   */
  #candidates(): number[] {
    const { capacity, limits, indexWriter, liveBytes, journal } = this.#options
    const indexed = Math.min(indexWriter.state.end.segment, journal.segment)
    const short = capacity.roomBytes < shortReserves * limits.storeReserveBytes
    const percent = short ? shortLivePercent : limits.reclaimLivePercent
    const window = short ? 0 : limits.replayBytesMax
    const sizes = [...capacity.segmentSizes].filter(([segment]) => segment < indexed).sort(([left], [right]) => right - left)
    let kept = 0
    const due: number[] = []
    for (const [segment, size] of sizes) {
      if (kept < window) kept += size
      else if (!this.#skipped.has(segment) && (liveBytes.get(segment) ?? 0) * 100 < size * percent) due.push(segment)
    }
    return due.reverse()
  }

  async #reclaim(segment: number): Promise<void> {
    const { files, directory, indexWriter, payloads, capacity, events } = this.#options
    const live = await this.#livePayloads(segment)
    if (live === undefined) {
      this.#skipped.add(segment)
      events.damageFound({ finding: `journal: segment ${segment} does not read to its end and is not reclaimed` })
      return
    }
    const moved = await this.#move(live)
    if (moved === undefined || this.#closed) return
    await indexWriter.indexed(this.#options.journal.position.sequence)
    await indexWriter.table()
    await payloads.retire(segment)
    // First: whoever misses the file from now on is told that it is meant to be gone.
    capacity.dropSegment(segment)
    await files.unlink(join(directory, segmentName(segment)))
    await files.syncDirectory(directory)
    indexWriter.forgetSegment(segment)
    events.segmentReclaimed({ segment, liveBytesMoved: moved })
  }

  /** The payloads of the segment that the index or the overlay still names; undefined when it does not read to its end. */
  async #livePayloads(segment: number): Promise<readonly LivePayload[] | undefined> {
    const { files, directory, salt, events } = this.#options
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
        if (payloads.length > 0) live.push(...(await this.#stillNamed(payloads)))
        if (this.#closed) return []
      }
      return (await reader.dataEnd(offset)) === offset ? live : undefined
    } finally {
      await reader.close()
    }
  }

  async #stillNamed(payloads: readonly LivePayload[]): Promise<readonly LivePayload[]> {
    const { index, overlay } = this.#options
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

  /** Copies the payloads in bounded batches; the bytes moved, or undefined when there is no room or one does not verify. */
  async #move(live: readonly LivePayload[]): Promise<number | undefined> {
    let moved = 0
    let batch: MoveWrite[] = []
    let bytes = 0
    for (const { family, key, place } of live) {
      if (this.#closed) return undefined
      const read = await this.#options.payloads.read(place)
      if (read.kind !== 'value') {
        this.#skipped.add(place.segment)
        this.#options.events.damageFound({ finding: `journal: a payload of segment ${place.segment} does not verify` })
        return undefined
      }
      const name = recordFamilies[family]
      if (name === undefined) continue
      batch.push({ kind: 'move', family: name, key: Buffer.from(key), from: place, value: read.value })
      bytes += read.value.length
      moved += read.value.length
      if (bytes < moveBytesMax) continue
      if (!(await this.#commit(batch))) return undefined
      batch = []
      bytes = 0
    }
    if (batch.length > 0 && !(await this.#commit(batch))) return undefined
    return moved
  }

  /** False when the disk has no room for the copies or the store takes no more changes: the old ones stay. */
  async #commit(batch: readonly MoveWrite[]): Promise<boolean> {
    const { journal, limits } = this.#options
    try {
      await journal.commit('move', batch, frameSize(batch, limits.inlinePayloadBytesMax), 'move')
      return true
    } catch (error) {
      if (isCoded(error, 'storage-full') || isCoded(error, 'not-running')) return false
      throw error
    }
  }
}
