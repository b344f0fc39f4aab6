/**
 * The commit loop: whatever waits goes down in one write and one fdatasync, one in flight, and nobody is answered before it.
 * Invariants: sequence numbers go up by one per frame and never skip; `syncedThrough` of a frame is the last number of the write
 * before it; a failed write or sync ends the loop for good.
 */

import { assert } from '../../../../shared/assert.ts'
import { CodedError } from '../../../../shared/coded-error.ts'
import type { StoreEvents } from '../../../ports/record-store.ts'
import { systemCode } from '../files.ts'
import type { FormatGate } from '../format-gate.ts'
import type { JournalPosition } from '../index/index-state.ts'
import type { Overlay } from '../overlay.ts'
import { starved } from '../shortage.ts'
import { isFullCode } from '../store-files.ts'
import type { EncodedGroup } from './encode-group.ts'
import { encodeGroup } from './encode-group.ts'
import type { FrameKind, FrameSize, FrameWrite } from './frame-codec.ts'
import { segmentHeaderBytes, segmentSeed } from './segment-format.ts'
import type { Preparation, PreparedSegment, SegmentMaker } from './segment-maker.ts'
import { takeBack } from './take-back.ts'

export interface JournalLimits {
  readonly inlinePayloadBytesMax: number
  readonly replayBytesMax: number
  readonly replayRecordsMax: number
  readonly segmentBytes: number
  /** Bytes of one write; a larger single frame goes alone. */
  readonly groupBytesMax: number
  /** Also of a segment that is made for removals and moves on a disk too full for values. */
  readonly firstSegmentBytes: number
  /** End of the last segment that only removals and moves may use. */
  readonly reserveBytes: number
}

/**
 * How much of the last segment is open to a frame, while there is none behind it: all but the reserve; all but the part of the reserve
 * that moves leave, so that a removal goes through while they make room; all of it.
 */
export type FrameRoom = 'normal' | 'move' | 'reserve'

export interface JournalWriterOptions {
  readonly salt: Uint8Array
  readonly maker: SegmentMaker
  readonly overlay: Overlay
  readonly events: StoreEvents
  readonly limits: JournalLimits
  /** Where the next frame goes, and the segment that is open there. */
  readonly position: JournalPosition
  readonly current: PreparedSegment | undefined
  /** What nothing passes that the directory's format does not cover. */
  readonly gate?: FormatGate
  /** Gives up the reserve of the disk. */
  readonly giveUpReserve: () => Promise<unknown>
  /** Why the index cannot follow for the time being. */
  readonly indexStalled: () => CodedError | undefined
  /** Told once a group is durable and in the overlay. */
  readonly onDurable: () => void
  readonly onFailed: (error: unknown) => void
}

interface Waiting {
  readonly kind: FrameKind
  readonly writes: readonly FrameWrite[]
  readonly size: FrameSize
  readonly room: FrameRoom
  /** Its sync leaves this thread free. */
  readonly inBackground: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Group {
  readonly waiting: readonly Waiting[]
  readonly bytes: number
}

const scratchBytes = 1024 * 1024
/** From this many frames in the last write on, the loop lets the callers that it woke come back first. */
const crowdFrames = 4
/** A sync that takes longer than this is left to the thread pool, and so are those that follow for a while. */
const blockingSyncMsMax = 2
const blockAgainAfterMs = 1000
const segmentUsedBeforeNext = 1 / 8
const reserveSharePastMoves = 1 / 4

export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes)
  #queue: Waiting[] = []
  #queuedBytes = 0
  #running = false
  #failed = false
  #closed = false
  #lastFrames = 0
  /** Until then no sync is done on this thread. */
  #blockAgainMs = 0
  #segment: PreparedSegment | undefined
  #seed = 0
  /** The segment is new: its header goes down with its first frames. */
  #headerDue = false
  /** Nothing more goes into the segment of this number, as long as there is another. */
  #leaving: number | undefined
  #offset: number
  #sequence: number
  #segmentNumber: number
  #spaceFreed: (() => void) | undefined
  #idle: (() => void) | undefined

  constructor(options: JournalWriterOptions) {
    this.#options = options
    this.#segment = options.current
    this.#segmentNumber = options.position.segment
    this.#offset = options.position.offset
    this.#sequence = options.position.sequence
    if (this.#segment !== undefined) this.#seed = segmentSeed(options.salt, this.#segment.segment)
  }

  /** The last durable sequence number and where the next frame goes. */
  get position(): JournalPosition {
    return { segment: this.#segmentNumber, offset: this.#offset, sequence: this.#sequence }
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Segments up to this one exist, the prepared one not counted. */
  get segment(): number {
    return this.#segmentNumber
  }

  commit(kind: FrameKind, writes: readonly FrameWrite[], size: FrameSize, room: FrameRoom, inBackground = false): Promise<void> {
    if (this.#failed || this.#closed) return Promise.reject(notRunning())
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind, writes, size, room, inBackground, resolve, reject })
      this.#queuedBytes += size.frameLength
      if (this.#running) return
      this.#running = true
      if (this.#lastFrames >= crowdFrames) setImmediate(this.#start)
      else queueMicrotask(this.#start)
    })
  }

  /** The index moved on, or cannot: a commit that waits for it may go down now, or is refused. */
  indexMoved(): void {
    this.#spaceFreed?.()
  }

  /** The next frame goes into another segment, if this one is the last and the disk has room for another. */
  leave(segment: number): void {
    if (segment === this.#segmentNumber && this.#offset > segmentHeaderBytes) this.#leaving = segment
  }

  /** Prepares the segment that the first commits need, so that they do not wait for it. */
  async prepare(): Promise<void> {
    if (this.#segment === undefined) await this.#prepareNext()
  }

  /** Writes what waits, then lets go of the open segment. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#running) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#segment?.file.close()
    this.#segment = undefined
  }

  fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    for (const { reject } of this.#queue.splice(0)) reject(notRunning(error))
    this.#queuedBytes = 0
    this.#spaceFreed?.()
    this.#options.onFailed(error)
  }

  readonly #start = (): void => {
    this.#run().catch((error: unknown) => this.fail(error))
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#failed) {
        await this.#spaceToReplay()
        if (this.#queue.length === 0) return
        const group = this.#take()
        if (group === undefined) await this.#nextSegment()
        else await this.#write(group)
        if (this.#lastFrames >= crowdFrames) await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      this.fail(error)
    } finally {
      // In the same step as the loop's last look at the queue, or a commit in between would wait for ever.
      this.#running = false
      this.#idle?.()
    }
  }

  async #spaceToReplay(): Promise<void> {
    const { overlay, limits, indexStalled } = this.#options
    const next = () => this.#queue[0]?.size.frameLength ?? 0
    const full = () => overlay.journalBytes + next() > limits.replayBytesMax || overlay.records > limits.replayRecordsMax
    while (!this.#failed && this.#queue.length > 0 && !overlay.isEmpty && full()) {
      const stalled = indexStalled()
      if (stalled !== undefined) {
        this.#refuseFirst(stalled)
        continue
      }
      await new Promise<void>((resolve) => {
        this.#spaceFreed = resolve
      })
      this.#spaceFreed = undefined
    }
  }

  /** What goes down next: as many frames as wait and fit. Undefined when not even the first fits into the segment. */
  #take(): Group | undefined {
    const { limits, maker, overlay } = this.#options
    if (this.#segment === undefined || this.#leaving === this.#segmentNumber) return undefined
    const keptBytes = maker.ready ? 0 : limits.reserveBytes
    const end = this.#segment.size
    const ends = { normal: end - keptBytes, move: end - keptBytes * reserveSharePastMoves, reserve: end }
    const bytesMax = Math.min(limits.groupBytesMax, limits.replayBytesMax - overlay.journalBytes)
    let bytes = 0
    let count = 0
    for (const { size, room } of this.#queue) {
      if (this.#offset + bytes + size.frameLength > ends[room]) break
      if (count > 0 && bytes + size.frameLength > bytesMax) break
      bytes += size.frameLength
      count++
    }
    if (count === 0) return undefined
    this.#queuedBytes -= bytes
    return { waiting: this.#queue.splice(0, count), bytes }
  }

  async #nextSegment(): Promise<void> {
    const leaving = this.#leaving === this.#segmentNumber
    this.#leaving = undefined
    const prepared = await this.#prepareFor(this.#queue[0]?.room)
    if (prepared !== 'ready') {
      if (!leaving)
        this.#refuseFirst(prepared === 'full' ? noRoom('the disk has no room for another part of the journal') : starved())
      return
    }
    const first = this.#queue[0]
    const room = this.#segment === undefined || leaving ? 0 : this.#segment.size - this.#offset
    if (first === undefined || first.size.frameLength <= room) return
    assert(!this.#headerDue, 'no segment is left without a frame: a replay would end before it')
    const next = this.#options.maker.take()
    if (next === undefined) return
    await this.#segment?.file.close()
    this.#segment = next
    this.#segmentNumber = next.segment
    this.#seed = segmentSeed(this.#options.salt, next.segment)
    this.#offset = segmentHeaderBytes
    this.#headerDue = true
  }

  /** A disk that is too full for values may have a small segment for what makes room. */
  async #prepareFor(room: FrameRoom | undefined): Promise<Preparation> {
    const { limits, maker } = this.#options
    const prepared = await this.#prepareNext()
    if (prepared !== 'full' || room === undefined || room === 'normal') return prepared
    return await maker.prepare(this.#segmentNumber + 1, limits.firstSegmentBytes, 'removals')
  }

  #prepareNext(): Promise<Preparation> {
    const { limits, maker } = this.#options
    const first = this.#segmentNumber === 0
    return maker.prepare(this.#segmentNumber + 1, first ? limits.firstSegmentBytes : limits.segmentBytes, 'values')
  }

  #refuseFirst(error: CodedError): void {
    const refused = this.#queue.shift()
    if (refused === undefined) return
    this.#queuedBytes -= refused.size.frameLength
    refused.reject(error)
  }

  async #write({ waiting, bytes }: Group): Promise<void> {
    const segment = this.#segment
    if (segment === undefined) return
    const { overlay, events, onDurable, gate } = this.#options
    const covering = gate?.cover(waiting)
    if (covering !== undefined && !(await isCovered(waiting, covering))) return
    const { buffers, frames, from } = this.#encode(waiting)
    const startedMs = performance.now()
    let writtenMs = startedMs
    try {
      if (!(await this.#append(segment, buffers, from))) {
        for (const { reject } of waiting) reject(noRoom('the disk has no room for the change'))
        return
      }
      writtenMs = performance.now()
      await this.#sync(segment, waiting)
    } catch (error) {
      // Some or all of it may have reached the disk.
      for (const { reject } of waiting)
        reject(new CodedError('outcome-unknown', 'the disk failed under this change', { cause: error }))
      throw error
    }
    const syncedMs = performance.now()
    if (syncedMs - writtenMs > blockingSyncMsMax) this.#blockAgainMs = syncedMs + blockAgainAfterMs
    this.#headerDue = false
    for (const { entries, end, length } of frames) overlay.apply(entries, length, end)
    this.#offset += bytes
    this.#sequence += waiting.length
    this.#lastFrames = waiting.length
    onDurable()
    events.committed({ batches: waiting.length, bytes, writeMs: writtenMs - startedMs, syncMs: syncedMs - writtenMs })
    for (const { resolve } of waiting) resolve()
    this.#prepareWhenDue(segment)
  }

  /**
   * A segment has its whole size on the disk, unless it was copied with holes or the file system writes everything to a new place.
   * False when there is no room even without the reserve, and nothing of it is left in the file.
   */
  async #append({ file }: PreparedSegment, buffers: readonly Uint8Array[], from: number): Promise<boolean> {
    try {
      await file.write(buffers, from)
      return true
    } catch (error) {
      if (!isFullCode(systemCode(error))) throw error
    }
    await this.#options.giveUpReserve()
    try {
      await file.write(buffers, from)
      return true
    } catch (error) {
      if (!isFullCode(systemCode(error)) || !(await takeBack(file, buffers, from))) throw error
      return false
    }
  }

  /**
   * A caller that is alone waits for the disk and for nothing else: then the sync is done on this thread, as long as the disk is
   * quick. With company, and on a slow disk, the thread has other things to do meanwhile.
   */
  #sync({ file }: PreparedSegment, waiting: readonly Waiting[]): Promise<void> | undefined {
    const alone = waiting.length === 1 && waiting[0]?.inBackground !== true && this.#lastFrames === 1 && this.#queue.length === 0
    return file.datasync(alone && performance.now() >= this.#blockAgainMs)
  }

  #prepareWhenDue({ size }: PreparedSegment): void {
    if (this.#closed || this.#options.maker.ready || this.#offset < size * segmentUsedBeforeNext) return
    this.#prepareNext().catch((error: unknown) => this.fail(error))
  }

  #encode(waiting: readonly Waiting[]): EncodedGroup {
    return encodeGroup(waiting, {
      scratch: this.#scratch,
      salt: this.#options.salt,
      seed: this.#seed,
      segment: this.#segmentNumber,
      segmentBytes: this.#segment?.size ?? 0,
      writesHeader: this.#headerDue,
      offset: this.#offset,
      sequence: this.#sequence,
      inlinePayloadBytesMax: this.#options.limits.inlinePayloadBytesMax,
    })
  }
}

/** False where the directory's format could not be raised: then nobody's change is written. */
async function isCovered(waiting: readonly Waiting[], covering: Promise<CodedError | undefined>): Promise<boolean> {
  const rejectAll = (error: CodedError) => {
    for (const { reject } of waiting) reject(error)
  }
  try {
    const shortage = await covering
    if (shortage !== undefined) rejectAll(shortage)
    return shortage === undefined
  } catch (error) {
    rejectAll(notRunning(error))
    throw error
  }
}

function noRoom(message: string): CodedError {
  return new CodedError('storage-full', message)
}

function notRunning(cause?: unknown): CodedError {
  return new CodedError('not-running', 'the store takes no more changes', cause === undefined ? {} : { cause })
}
