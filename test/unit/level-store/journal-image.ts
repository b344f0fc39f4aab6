import type { FrameWrite } from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import {
  alignFrame,
  encodeFrame,
  frameHeaderBytes,
  frameSize,
} from '../../../src/node/adapters/level-store/journal/frame-codec.ts'
import {
  encodeSegmentHeader,
  segmentHeaderBytes,
  segmentName,
  segmentSeed,
  unfinishedName,
} from '../../../src/node/adapters/level-store/journal/segment-format.ts'
import type { SegmentReader } from '../../../src/node/adapters/level-store/journal/segment-reader.ts'
import { openSegment } from '../../../src/node/adapters/level-store/journal/segment-reader.ts'
import { MemoryFiles } from './memory-files.ts'

export const salt = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
export const inlinePayloadBytesMax = 64
export const directory = '/journal'

export function put(key: string, value: string): FrameWrite {
  return { kind: 'put', family: 'entry', key: Buffer.from(key), value: Buffer.from(value) }
}

export interface FramePlace {
  readonly segment: number
  readonly offset: number
}

/** One frame as the journal writer lays it down. */
function frameBytes(at: FramePlace, sequence: number, syncedThrough: number, writes: readonly FrameWrite[]): Buffer {
  const size = frameSize(writes, inlinePayloadBytesMax)
  const head = Buffer.alloc(frameHeaderBytes + size.operationsLength)
  const payloads: Uint8Array[] = []
  const context = { ...at, seed: segmentSeed(salt, at.segment), sequence, syncedThrough, inlinePayloadBytesMax }
  encodeFrame(head, 0, writes.some(({ kind }) => kind === 'move') ? 'move' : 'batch', writes, size, context, (payload) =>
    payloads.push(payload),
  )
  return Buffer.concat([head, ...payloads, Buffer.alloc(alignFrame(size.payloadsLength) - size.payloadsLength)])
}

/** A journal written by hand, so that any damage can be laid into it. */
export class JournalImage {
  readonly memory = new MemoryFiles()
  readonly places = new Map<number, FramePlace & { readonly length: number }>()
  readonly #segmentBytes: number
  #segment = 0
  #offset = 0

  constructor(segmentBytes = 16 * 1024) {
    this.#segmentBytes = segmentBytes
  }

  /** Starts a segment whose first frame will be `firstSequence`. */
  segment(firstSequence: number, { header = true } = {}): this {
    this.#segment++
    this.#offset = segmentHeaderBytes
    const bytes = Buffer.alloc(this.#segmentBytes)
    if (header) encodeSegmentHeader(salt, { segment: this.#segment, firstSequence, size: this.#segmentBytes }).copy(bytes)
    this.memory.contents.set(this.#path(this.#segment), bytes)
    return this
  }

  frame(
    sequence: number,
    syncedThrough: number,
    writes: readonly FrameWrite[] = [put(`key ${sequence}`, `value ${sequence}`)],
  ): this {
    const bytes = frameBytes({ segment: this.#segment, offset: this.#offset }, sequence, syncedThrough, writes)
    bytes.copy(this.bytes(this.#segment), this.#offset)
    this.places.set(sequence, { segment: this.#segment, offset: this.#offset, length: bytes.length })
    this.#offset += bytes.length
    return this
  }

  /** Takes the end of a segment's file away. */
  cutFile(segment: number, size: number): this {
    this.memory.contents.set(this.#path(segment), this.bytes(segment).subarray(0, size))
    return this
  }

  /** A segment that was being made when the process ended. */
  unfinished(segment: number): this {
    this.memory.contents.set(`${directory}/${unfinishedName(segment)}`, Buffer.alloc(100))
    return this
  }

  /** Turns a byte of a frame, by default in its operations. */
  damage(sequence: number, offset = frameHeaderBytes): this {
    const place = this.places.get(sequence)!
    const bytes = this.bytes(place.segment)
    bytes.writeUInt8(bytes.readUInt8(place.offset + offset) ^ 0xff, place.offset + offset)
    return this
  }

  zero(sequence: number): this {
    const place = this.places.get(sequence)!
    this.bytes(place.segment).fill(0, place.offset, place.offset + place.length)
    return this
  }

  remove(segment: number): this {
    this.memory.contents.delete(this.#path(segment))
    return this
  }

  get segments(): number[] {
    return [...this.memory.contents.keys()]
      .filter((path) => path.endsWith('.seg'))
      .sort()
      .map((path) => Number.parseInt(path.slice(directory.length + 1), 16))
  }

  bytes(segment: number): Buffer {
    return this.memory.contents.get(this.#path(segment))!
  }

  async reader(segment: number): Promise<SegmentReader> {
    return await openSegment(this.memory.files, directory, salt, segment, () => undefined)
  }

  #path(segment: number): string {
    return `${directory}/${segmentName(segment)}`
  }
}
