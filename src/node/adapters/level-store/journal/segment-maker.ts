/**
 * Makes segment files in advance, filled with zeros and synced with their directory, so that a full disk is met here and not by
 * a write that somebody waits for. A file has its name only when it has its whole size: a shorter segment is one that was cut. Zeros also make each later fdatasync cheaper: no block has to be allocated any more.
 */

import { join } from 'node:path'
import type { StoreEvents } from '../../../ports/record-store.ts'
import type { Files, OpenFile } from '../files.ts'
import { systemCode } from '../files.ts'
import { isStarvedCode } from '../shortage.ts'
import { isFullCode } from '../store-files.ts'
import { segmentName, unfinishedName } from './segment-format.ts'

export interface PreparedSegment {
  readonly segment: number
  readonly file: OpenFile
  readonly size: number
}

/** What a segment is needed for. `removals` make room in the end, so they may use up a part of what is held for them. */
export type SegmentUse = 'values' | 'removals'

/** `starved`: the process or the system has no file descriptors or memory left for now. */
export type Preparation = 'ready' | 'full' | 'starved'

export interface SegmentMakerOptions {
  readonly files: Files
  /** The journal's directory. */
  readonly directory: string
  readonly events: StoreEvents
  /** Bytes that a new segment must leave free on the disk. */
  readonly leaveFreeBytes: (use: SegmentUse) => number
  /** After a full disk was met, the time until it is tried again. */
  readonly retryMs: number
  readonly onMade: (segment: number, size: number) => void
  readonly onUnmade: (segment: number) => void
  /** Told of every segment that the disk had no room for. */
  readonly onFull: () => void
}

const fillBytes = 1024 * 1024

export class SegmentMaker {
  readonly #options: SegmentMakerOptions
  #prepared: PreparedSegment | undefined
  #making: Promise<Preparation> | undefined
  #fullSinceMs: number | undefined

  constructor(options: SegmentMakerOptions) {
    this.#options = options
  }

  get ready(): boolean {
    return this.#prepared !== undefined
  }

  /** The last try to make a segment found no room. */
  get full(): boolean {
    return this.#fullSinceMs !== undefined
  }

  /** The next segment, which is then the caller's. */
  take(): PreparedSegment | undefined {
    const taken = this.#prepared
    this.#prepared = undefined
    return taken
  }

  /** Makes the segment unless one is ready. `full`: the disk has no room for it; it is tried again after a while. */
  prepare(segment: number, size: number, use: SegmentUse): Promise<Preparation> {
    if (this.#prepared !== undefined) return Promise.resolve('ready')
    const isKnownFull = this.#fullSinceMs !== undefined && performance.now() - this.#fullSinceMs < this.#options.retryMs
    if (use === 'values' && isKnownFull) return Promise.resolve('full')
    this.#making ??= this.#make(segment, size, use).finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** A segment was given back: the disk is asked again at once. */
  roomMade(): void {
    this.#fullSinceMs = undefined
  }

  async close(): Promise<void> {
    await this.#making?.catch(() => 'full')
    const { files, directory } = this.#options
    const prepared = this.take()
    if (prepared === undefined) return
    await prepared.file.close()
    await files.unlink(join(directory, segmentName(prepared.segment)))
    this.#options.onUnmade(prepared.segment)
  }

  async #make(segment: number, size: number, use: SegmentUse): Promise<Preparation> {
    const { files, directory, events, leaveFreeBytes } = this.#options
    const startedMs = performance.now()
    const path = join(directory, unfinishedName(segment))
    try {
      if ((await files.freeBytes(directory)) < size + leaveFreeBytes(use)) return this.#full()
      // Of a start that ended while it made the segment.
      if ((await files.list(directory))?.includes(unfinishedName(segment)) === true) await files.unlink(path)
      const file = await files.open(path, 'create')
      try {
        await fill(file, size)
        await files.rename(path, join(directory, segmentName(segment)))
        await files.syncDirectory(directory)
      } catch (error) {
        await file.close()
        if ((await files.list(directory))?.includes(unfinishedName(segment)) === true) await files.unlink(path)
        throw error
      }
      this.#prepared = { segment, file, size }
    } catch (error) {
      const code = systemCode(error)
      if (isFullCode(code)) return this.#full()
      if (isStarvedCode(code)) return 'starved'
      throw error
    }
    if (use === 'values') this.#fullSinceMs = undefined
    this.#options.onMade(segment, size)
    events.segmentMade({ segment, durationMs: performance.now() - startedMs })
    return 'ready'
  }

  #full(): 'full' {
    this.#fullSinceMs = performance.now()
    this.#options.onFull()
    return 'full'
  }
}

async function fill(file: OpenFile, size: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(fillBytes, size))
  for (let offset = 0; offset < size; offset += zeros.length) {
    await file.write([zeros.subarray(0, Math.min(zeros.length, size - offset))], offset)
  }
  await file.datasync()
}
