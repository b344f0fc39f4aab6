/** What the store takes and what the disk has left. The answers are at hand; the disk is asked again in the background. */

import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Files } from './files.ts'
import { systemCode } from './files.ts'

export interface CapacityOptions {
  readonly files: Files
  readonly directory: string
  readonly indexDirectory: string
  readonly byteLimit: number | undefined
  readonly reserveBytesMax: number
  /** Age from which the disk is asked again. */
  readonly refreshMs: number
}

/** A small store keeps this share of its limit for removals. */
const reserveShare = 16

export class Capacity {
  readonly reserveBytes: number
  readonly #options: CapacityOptions
  readonly #segments = new Map<number, number>()
  #segmentBytes = 0
  #indexBytes = 0
  #freeBytes = 0
  #refreshedMs = 0
  #refreshing: Promise<void> | undefined

  constructor(options: CapacityOptions) {
    const { byteLimit, reserveBytesMax } = options
    this.#options = options
    this.reserveBytes =
      byteLimit === undefined ? reserveBytesMax : Math.min(reserveBytesMax, Math.floor(byteLimit / reserveShare))
  }

  get diskBytes(): number {
    return this.#segmentBytes + this.#indexBytes
  }

  get diskFreeBytes(): number {
    return this.#freeBytes
  }

  get segments(): number {
    return this.#segments.size
  }

  get segmentSizes(): ReadonlyMap<number, number> {
    return this.#segments
  }

  addSegment(segment: number, bytes: number): void {
    this.dropSegment(segment)
    this.#segments.set(segment, bytes)
    this.#segmentBytes += bytes
  }

  dropSegment(segment: number): void {
    this.#segmentBytes -= this.#segments.get(segment) ?? 0
    this.#segments.delete(segment)
  }

  /** Why a batch may not come in, or undefined. `liveBytes` counts what waits too. */
  refusal(liveBytes: number, batchBytes: number, mode: 'normal' | 'reserve'): CodedError | undefined {
    if (performance.now() - this.#refreshedMs > this.#options.refreshMs) this.#refreshSoon()
    const { byteLimit } = this.#options
    const kept = mode === 'reserve' ? 0 : this.reserveBytes
    if (byteLimit !== undefined && liveBytes + batchBytes > byteLimit - kept) {
      return new CodedError('storage-full', 'the store has reached its byte limit', { details: { byteLimit, liveBytes } })
    }
    if (mode === 'normal' && this.#freeBytes < this.#options.reserveBytesMax) {
      this.#refreshSoon()
      return new CodedError('storage-full', 'the disk is nearly full', { details: { diskFreeBytes: this.#freeBytes } })
    }
    return undefined
  }

  async refresh(): Promise<void> {
    const { files, directory, indexDirectory } = this.#options
    this.#freeBytes = await files.freeBytes(directory)
    let bytes = 0
    for (const name of (await files.list(indexDirectory)) ?? []) bytes += await sizeIfThere(files, join(indexDirectory, name))
    this.#indexBytes = bytes
    this.#refreshedMs = performance.now()
  }

  async idle(): Promise<void> {
    await this.#refreshing
  }

  #refreshSoon(): void {
    // A disk that does not answer leaves the last answer standing; the writes themselves will say what is wrong.
    this.#refreshing ??= this.refresh().then(
      () => this.#refreshed(),
      () => this.#refreshed(),
    )
  }

  #refreshed(): void {
    this.#refreshedMs = performance.now()
    this.#refreshing = undefined
  }
}

async function sizeIfThere(files: Files, path: string): Promise<number> {
  try {
    return await files.fileSize(path)
  } catch (error) {
    // LevelDB removes its files when it likes.
    if (systemCode(error) === 'ENOENT') return 0
    throw error
  }
}
