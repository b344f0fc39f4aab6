/** Reads payloads at their places in the journal: checked, a bounded number at once, through a bounded number of open files. */

import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { assert } from '../../../shared/assert.ts'
import type { Files, OpenFile } from './files.ts'
import { mediaErrorCode, systemCode } from './files.ts'
import type { Place } from './journal/frame-codec.ts'
import { segmentName } from './journal/segment-format.ts'

/** `retired`: the segment went away after the place was looked up, so it has to be looked up again. */
export type PayloadRead =
  | { readonly kind: 'value'; readonly value: Uint8Array }
  | { readonly kind: 'retired' }
  | { readonly kind: 'damaged'; readonly reason: string }

interface Reading {
  readonly file: Promise<OpenFile>
  readers: number
  retired: (() => void) | undefined
}

export interface PayloadReaderOptions {
  readonly files: Files
  readonly directory: string
  readonly readsMax: number
  readonly openFilesMax: number
}

export class PayloadReader {
  readonly #options: PayloadReaderOptions
  readonly #segments = new Map<number, Reading>()
  readonly #retired = new Set<number>()
  readonly #queue: (() => void)[] = []
  #active = 0

  constructor(options: PayloadReaderOptions) {
    this.#options = options
  }

  async read(place: Place): Promise<PayloadRead> {
    if (this.#retired.has(place.segment)) return { kind: 'retired' }
    const segment = this.#acquire(place.segment)
    await this.#admit()
    try {
      return await readAt(segment, place)
    } finally {
      this.#active--
      this.#queue.shift()?.()
      this.#release(place.segment, segment)
    }
  }

  /** Admits no more readers of the segment; resolves when the last one has left and its file is closed. */
  async retire(segment: number): Promise<void> {
    this.#retired.add(segment)
    const reading = this.#segments.get(segment)
    if (reading === undefined) return
    if (reading.readers > 0) {
      await new Promise<void>((resolve) => {
        reading.retired = resolve
      })
    }
    this.#segments.delete(segment)
    await closeQuietly(reading)
  }

  async close(): Promise<void> {
    for (const segment of [...this.#segments.keys()]) await this.retire(segment)
  }

  #acquire(segment: number): Reading {
    const known = this.#segments.get(segment)
    if (known !== undefined) {
      known.readers++
      // Back to the end: the map is in order of use.
      this.#segments.delete(segment)
      this.#segments.set(segment, known)
      return known
    }
    this.#evict()
    const { files, directory } = this.#options
    const made = { file: files.open(join(directory, segmentName(segment)), 'read'), readers: 1, retired: undefined }
    made.file.catch(() => this.#segments.delete(segment))
    this.#segments.set(segment, made)
    return made
  }

  #release(segment: number, reading: Reading): void {
    reading.readers--
    assert(reading.readers >= 0, `segment ${segment} is released as often as it is acquired`)
    if (reading.readers === 0) reading.retired?.()
  }

  #evict(): void {
    if (this.#segments.size < this.#options.openFilesMax) return
    for (const [segment, reading] of this.#segments) {
      if (reading.readers > 0) continue
      this.#segments.delete(segment)
      closeQuietly(reading).catch(() => undefined)
      return
    }
  }

  #admit(): Promise<void> | undefined {
    this.#active++
    if (this.#active <= this.#options.readsMax) return undefined
    return new Promise((resolve) => {
      this.#queue.push(resolve)
    })
  }
}

async function readAt({ file }: Reading, place: Place): Promise<PayloadRead> {
  try {
    const bytes = Buffer.allocUnsafeSlow(place.length)
    const filled = await (await file).read(bytes, place.offset)
    if (filled < place.length) return { kind: 'damaged', reason: 'the segment ends before the payload' }
    if (crc32(bytes) !== place.checksum) return { kind: 'damaged', reason: 'the payload does not match its checksum' }
    return { kind: 'value', value: bytes }
  } catch (error) {
    const code = mediaErrorCode(error) ?? (systemCode(error) === 'ENOENT' ? 'ENOENT' : undefined)
    if (code === undefined) throw error
    return { kind: 'damaged', reason: `the payload could not be read (${code})` }
  }
}

/** A file that was only read from has nothing to lose when it does not close. */
async function closeQuietly({ file }: Reading): Promise<void> {
  try {
    await (await file).close()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
