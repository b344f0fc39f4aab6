/** Reads the frames of one segment file, front to back, through a window of its bytes and around what the disk cannot read. */

import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Files } from '../files.ts'
import type { TolerantFile, UnreadableRange } from '../tolerant-file.ts'
import { openTolerant, unreadableText } from '../tolerant-file.ts'
import type { FrameHeader, FrameOperation } from './frame-codec.ts'
import { decodeFrameHeader, decodeOperations, frameHeaderBytes, frameLengthOf, operationsVerify } from './frame-codec.ts'
import type { SegmentHeader } from './segment-format.ts'
import { decodeSegmentHeader, segmentHeaderBytes, segmentName, segmentSeed } from './segment-format.ts'

const windowBytes = 1024 * 1024
const frameAlignment = 8

export interface ReadFrame {
  readonly header: FrameHeader
  readonly operations: readonly FrameOperation[]
  readonly offset: number
  readonly length: number
}

export class SegmentReader {
  readonly segment: number
  readonly size: number
  readonly #file: TolerantFile
  readonly #seed: number
  readonly #salt: Uint8Array
  readonly #note: (finding: string) => void
  #window = Buffer.alloc(0)
  #windowStart = 0

  constructor(file: TolerantFile, salt: Uint8Array, segment: number, note: (finding: string) => void) {
    this.segment = segment
    this.size = file.size
    this.#file = file
    this.#salt = salt
    this.#note = note
    this.#seed = segmentSeed(salt, segment)
  }

  /** What was found unreadable on the way so far. */
  get unreadable(): readonly UnreadableRange[] {
    return this.#file.unreadable
  }

  async header(): Promise<SegmentHeader | undefined> {
    const at = await this.#load(0, segmentHeaderBytes)
    return at === undefined
      ? undefined
      : decodeSegmentHeader(this.#salt, this.segment, this.#window.subarray(at, at + segmentHeaderBytes))
  }

  /** The whole verified frame at the offset, or undefined. What it holds stays valid. */
  async frame(offset: number): Promise<ReadFrame | undefined> {
    const frame = await this.outline(offset)
    if (frame === undefined || !(await this.#payloadsVerify(offset + frame.length, frame.header, frame.operations)))
      return undefined
    return frame
  }

  /** The frame at the offset with its payloads unread. */
  async outline(offset: number): Promise<ReadFrame | undefined> {
    let at = await this.#load(offset, frameHeaderBytes)
    if (at === undefined) return undefined
    const header = decodeFrameHeader(this.#window, at, this.#seed)
    if (header === undefined) return undefined
    const length = frameLengthOf(header)
    if (offset + length > this.size) return undefined
    at = await this.#load(offset, frameHeaderBytes + header.operationsLength)
    if (at === undefined || !operationsVerify(this.#window, at, header)) return undefined
    const operations = decodeOperations(this.#window, at, header, { segment: this.segment, offset })
    return operations === undefined ? undefined : { header, operations, offset, length }
  }

  /** The first verified frame at or behind the offset. */
  async frameFrom(offset: number): Promise<ReadFrame | undefined> {
    for (let at = await this.#candidate(offset); at !== undefined; at = await this.#candidate(at + frameAlignment)) {
      const frame = await this.frame(at)
      if (frame !== undefined) return frame
    }
    return undefined
  }

  /** The unreadable range that keeps the frame at the offset from being read, if that is what does. */
  async hiding(offset: number): Promise<UnreadableRange | undefined> {
    const at = await this.#load(offset, frameHeaderBytes)
    const header = at === undefined ? undefined : decodeFrameHeader(this.#window, at, this.#seed)
    const end = offset + (header === undefined ? frameHeaderBytes : frameLengthOf(header))
    return this.unreadable.find(({ from, to }) => from < end && to > offset)
  }

  /** End of the last byte at or behind the offset that is not zero or cannot be read; the offset itself when there is none. */
  async dataEnd(offset: number): Promise<number> {
    let end = offset
    for (let start = offset; start < this.size; start += windowBytes) {
      const length = Math.min(windowBytes, this.size - start)
      const at = await this.#load(start, length)
      if (at === undefined) break
      if (allZero(this.#window, at, at + length)) continue
      const last = lastNonZero(this.#window, at, at + length)
      if (last !== undefined) end = start + (last - at) + 1
    }
    return Math.max(end, this.unreadable.at(-1)?.to ?? 0)
  }

  close(): Promise<void> {
    for (const range of this.unreadable) this.#note(`journal: segment ${this.segment} ${unreadableText(range)}`)
    return this.#file.close()
  }

  /** The next aligned offset whose bytes verify as a frame's header. */
  async #candidate(offset: number): Promise<number | undefined> {
    for (let start = offset; start + frameHeaderBytes <= this.size; ) {
      const length = Math.min(windowBytes, this.size - start)
      const at = await this.#load(start, length)
      if (at === undefined) return undefined
      const end = at + length - frameHeaderBytes
      const blank = allZero(this.#window, at, at + length)
      for (let position = at; !blank && position <= end; position += frameAlignment) {
        // Zeros are most of a young segment: one comparison skips them.
        if (this.#window[position] === 0) continue
        if (decodeFrameHeader(this.#window, position, this.#seed) !== undefined) return start + (position - at)
      }
      start += Math.max(frameAlignment, (end - at + frameAlignment) & ~(frameAlignment - 1))
    }
    return undefined
  }

  async #payloadsVerify(end: number, header: FrameHeader, operations: readonly FrameOperation[]): Promise<boolean> {
    for (const operation of operations) {
      if (operation.kind !== 'payload' && operation.kind !== 'move') continue
      const { offset, length, checksum } = operation.place
      if ((await this.#sum(offset, length)) !== checksum) return false
    }
    const paddingBytes = (8 - (header.payloadsLength & 7)) & 7
    const at = paddingBytes === 0 ? 0 : await this.#load(end - paddingBytes, paddingBytes)
    return at !== undefined && lastNonZero(this.#window, at, at + paddingBytes) === undefined
  }

  async #sum(offset: number, length: number): Promise<number | undefined> {
    let sum = 0
    for (let done = 0; done < length; ) {
      const step = Math.min(windowBytes, length - done)
      const at = await this.#load(offset + done, step)
      if (at === undefined) return undefined
      sum = crc32(this.#window.subarray(at, at + step), sum)
      done += step
    }
    return sum
  }

  /** Position in the window of the bytes wanted, or undefined where the file ends before them. */
  async #load(offset: number, length: number): Promise<number | undefined> {
    const inside = offset - this.#windowStart
    if (inside >= 0 && inside + length <= this.#window.length) return inside
    // A new buffer each time: frames that were read hold views of the old one.
    const wanted = Math.min(Math.max(length, windowBytes), Math.max(0, this.size - offset))
    if (wanted < length) return undefined
    const window = Buffer.allocUnsafeSlow(wanted)
    const filled = await this.#file.read(window, offset)
    this.#window = window.subarray(0, filled)
    this.#windowStart = offset
    return filled < length ? undefined : 0
  }
}

/** `note` is told, when the reader is closed, of every range that it could not read. */
export async function openSegment(
  files: Files,
  directory: string,
  salt: Uint8Array,
  segment: number,
  note: (finding: string) => void,
): Promise<SegmentReader> {
  const file = await openTolerant(files, join(directory, segmentName(segment)))
  return new SegmentReader(file, salt, segment, note)
}

const zeros = Buffer.alloc(windowBytes)

function allZero(bytes: Buffer, from: number, to: number): boolean {
  return to - from <= zeros.length && bytes.compare(zeros, 0, to - from, from, to) === 0
}

function lastNonZero(bytes: Buffer, from: number, to: number): number | undefined {
  for (let index = to - 1; index >= from; index--) if (bytes[index] !== 0) return index
  return undefined
}
