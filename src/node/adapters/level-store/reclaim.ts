/**
 * Gives back the disk space of segments that hold little or nothing alive, and takes damaged ones out of the journal: live payloads are
 * copied to its head as `move` frames, their new places are indexed, LevelDB writes its tables, readers leave, and only then the file
 * goes. A crash between any two steps leaves the old copy, the new one, or both; the index names one that is there.
 *
 * What is alive is asked record by record, never taken from the counts: they only choose the segment.
 */

import { join } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import type { Capacity } from './capacity.ts'
import type { SegmentDamage } from './check-segment.ts'
import { systemCode } from './files.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { FrameWrite, MoveWrite } from './journal/frame-codec.ts'
import { frameSize } from './journal/frame-codec.ts'
import type { JournalWriter } from './journal/journal-writer.ts'
import { segmentName } from './journal/segment-format.ts'
import type { LivePayload, LivePayloadsOptions } from './live-payloads.ts'
import { payloadsOfFrames, payloadsOfIndex } from './live-payloads.ts'
import type { PayloadReader } from './payload-reader.ts'
import { keepDamagedSegment } from './replace-segments.ts'
import { isStarvedCode, shortageOf } from './shortage.ts'

export interface ReclaimOptions extends Omit<LivePayloadsOptions, 'isClosed'> {
  readonly limits: Limits
  /** Where what cannot be read is kept. */
  readonly storeDirectory: string
  readonly indexWriter: IndexWriter
  readonly journal: JournalWriter
  readonly payloads: PayloadReader
  readonly capacity: Capacity
  readonly liveBytes: ReadonlyMap<number, number>
  /** Told of each segment that is gone. */
  readonly onRoomMade: () => void
  readonly onFailed: (error: unknown) => void
}

const moveBytesMax = 1024 * 1024
const restMs = 500
/** A disk with less than this many reserves free has its fuller and its newest segments reclaimed too. */
const shortReserves = 4
const shortLivePercent = 80

export class Reclaim {
  readonly #options: ReclaimOptions
  readonly #live: LivePayloadsOptions
  /** Due whatever they hold. */
  readonly #damaged = new Map<number, SegmentDamage>()
  /** Could not be emptied: left alone until they are found damaged again, or the next start. */
  readonly #skipped = new Set<number>()
  readonly #told = new Set<number>()
  #working: Promise<void> | undefined
  #lookedMs = 0
  #closed = false

  constructor(options: ReclaimOptions) {
    this.#options = options
    this.#live = { ...options, isClosed: () => this.#closed }
  }

  /** Called when the index has moved on. */
  wake(): void {
    const nowMs = performance.now()
    if (nowMs - this.#lookedMs < restMs) return
    this.#lookedMs = nowMs
    this.#start()
  }

  /** A segment does not verify. What is alive in it and verifies moves, and the segment goes when that is all. */
  distrust(segment: number, damage: SegmentDamage): void {
    if (this.#closed) return
    this.#damaged.set(segment, damage)
    this.#skipped.delete(segment)
    this.#start()
  }

  /** Some of the journal does not verify. */
  get knowsDamage(): boolean {
    return this.#damaged.size > 0 || this.#told.size > 0
  }

  /** Reclaims every segment that is due. */
  async run(): Promise<void> {
    for (const segment of this.#damagedSegments()) {
      if (this.#closed) return
      await this.#empty(segment)
    }
    for (const segment of this.#candidates()) {
      if (this.#closed) return
      await this.#reclaim(segment)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#working
  }

  #start(): void {
    // Segments are what a damaged index is made anew from.
    if (this.#closed || this.#working !== undefined || isCoded(this.#options.indexWriter.stalled, 'data-corrupt')) return
    if (this.#damagedSegments().length === 0 && this.#candidates().length === 0) return
    this.#working = this.run()
      .catch((error: unknown) => {
        // Without room, files to open, or a sound index, the segment stays, and is due again.
        const isStalled = shortageOf(error) !== undefined || isCoded(error, 'data-corrupt')
        if (!this.#closed && !isStalled) this.#options.onFailed(error)
      })
      .finally(() => {
        this.#working = undefined
        if (this.#damagedSegments().length > 0) this.#start()
      })
  }

  #damagedSegments(): number[] {
    const { segmentSizes } = this.#options.capacity
    return [...this.#damaged.keys()].filter((segment) => segmentSizes.has(segment) && !this.#skipped.has(segment))
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
    const read = await this.#reading(segment, () => payloadsOfFrames(this.#live, segment))
    if (read === undefined) return
    if (read.live === undefined) {
      this.#damaged.set(segment, 'checksums')
      this.#tell(segment, 'does not read to its end')
      return await this.#empty(segment)
    }
    const { bytes, isWhole } = await this.#move(read.live)
    if (isWhole && !this.#closed) await this.#drop(segment, bytes)
    else if (!this.#closed && this.#told.has(segment)) this.#skipped.add(segment)
  }

  /** Takes a damaged segment out of the journal, which goes on in another one if this is the last. */
  async #empty(segment: number): Promise<void> {
    const { journal, indexWriter } = this.#options
    const isBehind = () => indexWriter.state.end.segment > segment
    this.#skipped.add(segment)
    journal.leave(segment)
    // A frame with nothing in it: whatever was on its way into the segment lies before it, and the index is to stand behind it.
    if (!isBehind() && !(await this.#commit([]))) return
    await indexWriter.indexed(journal.position.sequence)
    if (!isBehind()) return
    const { bytes, isWhole } = await this.#move(await payloadsOfIndex(this.#live, segment))
    if (isWhole && !this.#closed) await this.#drop(segment, bytes)
  }

  /** Undefined when the file cannot be opened or read for now. One that is gone is told, and left alone. */
  async #reading<Read>(segment: number, read: () => Promise<Read>): Promise<{ readonly live: Read } | undefined> {
    try {
      return { live: await read() }
    } catch (error) {
      const code = systemCode(error)
      if (code === undefined) throw error
      if (code === 'ENOENT') {
        this.#skipped.add(segment)
        this.#tell(segment, 'is missing')
      }
      return undefined
    }
  }

  async #drop(segment: number, liveBytesMoved: number): Promise<void> {
    const { files, directory, storeDirectory, indexWriter, payloads, capacity, events, onRoomMade } = this.#options
    await indexWriter.indexed(this.#options.journal.position.sequence)
    await indexWriter.table()
    // Found damaged meanwhile: the segment may be what heals the index.
    if (isCoded(indexWriter.stalled, 'data-corrupt')) return
    await payloads.retire(segment)
    // First: whoever misses the file from now on is told that it is meant to be gone.
    capacity.dropSegment(segment)
    if (this.#damaged.get(segment) === 'unreadable') {
      await keepDamagedSegment(files, storeDirectory, directory, segment)
      await this.#synced(storeDirectory)
    } else await files.unlink(join(directory, segmentName(segment)))
    await this.#synced(directory)
    indexWriter.forgetSegment(segment)
    this.#damaged.delete(segment)
    onRoomMade()
    events.segmentReclaimed({ segment, liveBytesMoved })
  }

  /** A segment that comes back after a lost power is reclaimed again: without a file descriptor its end may stay unsynced. */
  async #synced(directory: string): Promise<void> {
    try {
      await this.#options.files.syncDirectory(directory)
    } catch (error) {
      if (!isStarvedCode(systemCode(error))) throw error
    }
  }

  #tell(segment: number, what: string): void {
    if (!this.#told.has(segment)) this.#options.events.damageFound({ finding: `journal: segment ${segment} ${what}` })
    this.#told.add(segment)
  }

  /** Copies the payloads that verify in bounded batches, unless there is no room. `isWhole`: none is left. */
  async #move(live: readonly LivePayload[]): Promise<{ readonly bytes: number; readonly isWhole: boolean }> {
    let moved = 0
    let batch: MoveWrite[] = []
    let bytes = 0
    let isWhole = true
    for (const { family, key, place } of live) {
      if (this.#closed) return { bytes: moved, isWhole: false }
      const read = (await this.#reading(place.segment, () => this.#options.payloads.read(place)))?.live
      if (read?.kind !== 'value') {
        if (read !== undefined) this.#tell(place.segment, 'holds a payload that does not verify')
        isWhole = false
        continue
      }
      const name = recordFamilies[family]
      if (name === undefined) continue
      batch.push({ kind: 'move', family: name, key: Buffer.from(key), from: place, value: read.value })
      bytes += read.value.length
      if (bytes < moveBytesMax) continue
      if (!(await this.#commit(batch))) return { bytes: moved, isWhole: false }
      moved += bytes
      batch = []
      bytes = 0
    }
    if (batch.length > 0 && !(await this.#commit(batch))) return { bytes: moved, isWhole: false }
    return { bytes: moved + bytes, isWhole }
  }

  /** False when there is no room or file descriptor for the copies, or the store takes no more changes: the old ones stay. */
  async #commit(batch: readonly FrameWrite[]): Promise<boolean> {
    const { journal, limits } = this.#options
    try {
      await journal.commit('move', batch, frameSize(batch, limits.inlinePayloadBytesMax), 'move')
      return true
    } catch (error) {
      if (shortageOf(error) !== undefined || isCoded(error, 'not-running')) return false
      throw error
    }
  }
}
