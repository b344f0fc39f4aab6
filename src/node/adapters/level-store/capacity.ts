/**
 * What the store takes and what the disk has left. The answers are at hand; the disk is asked again in the background. The reserve is
 * given up when the disk is nearly full and made again when there is room; without it, its bytes still count as taken.
 */

import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Files } from './files.ts'
import { systemCode } from './files.ts'
import type { ReserveFile } from './reserve-file.ts'

export interface CapacityOptions {
  readonly files: Files
  readonly directory: string
  readonly indexDirectory: string
  readonly byteLimit: number | undefined
  /** Live bytes when the store was opened. */
  readonly openedBytes: number
  readonly reserveBytesMax: number
  readonly reserve: ReserveFile
  /** Whether the reserve may be made again: not by who only looks. */
  readonly keepsReserve: boolean
  /** Age from which the disk is asked again. */
  readonly refreshMs: number
}

/** A small store keeps this share of its limit for removals. */
const reserveShare = 16
/** A disk with less than this share of the reserve free needs it. */
const giveUpShare = 2
/** Age from which the disk is asked again before a write. */
const lookMs = 100
/** A quota may refuse what the disk has room for: the reserve is not tried again at once. */
const remakeRestMs = 10_000

/** Bytes that are kept for removals, in real and of the limit. */
export function reserveBytesOf(byteLimit: number | undefined, reserveBytesMax: number): number {
  return byteLimit === undefined ? reserveBytesMax : Math.min(reserveBytesMax, Math.floor(byteLimit / reserveShare))
}

/** Whether the disk has too little room for what LevelDB and a start write. */
export async function isDiskShort(files: Files, directory: string, reserveBytesMax: number): Promise<boolean> {
  return (await files.freeBytes(directory)) < reserveBytesMax / giveUpShare
}

export class Capacity {
  readonly #options: CapacityOptions
  readonly #segments = new Map<number, number>()
  #segmentBytes = 0
  #indexBytes = 0
  #freeBytes = 0
  #refreshedMs = 0
  #lookedMs = Number.NEGATIVE_INFINITY
  #remakeAtMs = Number.NEGATIVE_INFINITY
  #refreshing: Promise<void> | undefined

  constructor(options: CapacityOptions) {
    this.#options = options
  }

  get reserveBytes(): number {
    return this.#options.reserve.bytes
  }

  get diskBytes(): number {
    return this.#segmentBytes + this.#indexBytes + this.#options.reserve.heldBytes
  }

  get diskFreeBytes(): number {
    return this.#freeBytes
  }

  /** What is free when the reserve is held in full; below zero where it cannot be. */
  get roomBytes(): number {
    return this.#freeBytes - this.#options.reserve.owedBytes
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
    if (performance.now() - this.#refreshedMs > this.#options.refreshMs) this.refreshSoon()
    const { byteLimit } = this.#options
    if (byteLimit !== undefined && liveBytes + batchBytes > this.#allowedBytes(byteLimit, mode)) {
      return new CodedError('storage-full', 'the store has reached its byte limit', { details: { byteLimit, liveBytes } })
    }
    if (mode === 'normal' && this.roomBytes < this.#options.reserveBytesMax) {
      this.refreshSoon()
      return new CodedError('storage-full', 'the disk is nearly full', { details: { diskFreeBytes: this.#freeBytes } })
    }
    return undefined
  }

  /** A store that opened with its reserve used up, as after its limit was lowered, has one above what it held then. */
  #allowedBytes(byteLimit: number, mode: 'normal' | 'reserve'): number {
    if (mode === 'normal') return byteLimit - this.reserveBytes
    return Math.max(byteLimit, this.#options.openedBytes + this.reserveBytes)
  }

  async refresh(): Promise<void> {
    const { files, directory, indexDirectory } = this.#options
    this.#freeBytes = await files.freeBytes(directory)
    let bytes = 0
    for (const name of (await files.list(indexDirectory)) ?? []) bytes += await sizeIfThere(files, join(indexDirectory, name))
    this.#indexBytes = bytes
    this.#refreshedMs = performance.now()
    await this.#keepReserve()
  }

  /** Asks the disk before something is written that takes room, and gives up the reserve where there is too little. */
  async makeRoom(): Promise<void> {
    const { files, directory, reserve } = this.#options
    const nowMs = performance.now()
    if (reserve.heldBytes === 0 || nowMs - this.#lookedMs < lookMs) return
    this.#lookedMs = nowMs
    this.#freeBytes = await files.freeBytes(directory)
    await this.#keepReserve()
  }

  /** The disk refused a write, whatever it says of itself: how many bytes are free without the reserve. */
  async giveUpReserve(): Promise<number> {
    const { files, directory, reserve } = this.#options
    this.#remakeAtMs = performance.now() + remakeRestMs
    await reserve.giveUp()
    this.#freeBytes = await files.freeBytes(directory)
    return this.#freeBytes
  }

  async #keepReserve(): Promise<void> {
    const { files, directory, reserve, reserveBytesMax, keepsReserve } = this.#options
    if (reserve.heldBytes > 0 && this.#freeBytes < reserveBytesMax / giveUpShare) await reserve.giveUp()
    else if (keepsReserve && this.#mayRemake()) {
      if (!(await reserve.make())) this.#remakeAtMs = performance.now() + remakeRestMs
    } else return
    this.#freeBytes = await files.freeBytes(directory)
  }

  async idle(): Promise<void> {
    await this.#refreshing
  }

  #mayRemake(): boolean {
    const { reserve, reserveBytesMax } = this.#options
    return reserve.heldBytes !== reserve.bytes && this.roomBytes >= reserveBytesMax && performance.now() >= this.#remakeAtMs
  }

  /** In the background. */
  refreshSoon(): void {
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
