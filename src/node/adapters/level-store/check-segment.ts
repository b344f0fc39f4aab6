/**
 * Reads the file of one segment from front to back and tells what of it does not verify: header, frames with their payloads, and the
 * zeros behind the last of them. A frame whose records the index holds already counts as well: without it no index can be built anew.
 */

import type { Files } from './files.ts'
import { systemCode } from './files.ts'
import type { JournalPosition } from './index/index-state.ts'
import type { Place } from './journal/frame-codec.ts'
import { segmentHeaderBytes } from './journal/segment-format.ts'
import type { ReadFrame, SegmentReader } from './journal/segment-reader.ts'
import { openSegment } from './journal/segment-reader.ts'

export interface SegmentCheckOptions {
  readonly files: Files
  /** The journal's directory. */
  readonly directory: string
  readonly salt: Uint8Array
  /** Sizes of the segments that the store has, by their numbers. */
  readonly segments: ReadonlyMap<number, number>
  /** Where the next frame goes: everything before it is durable, and what lies behind it may be on its way. */
  readonly position: () => JournalPosition
}

/** More damaged payloads than this are told of twice. */
const toldPlacesMax = 10_000

/** Payloads of records that were found damaged, and told, before the segments were read. */
export class ToldPlaces {
  readonly #places = new Set<string>()

  add({ segment, offset }: Pick<Place, 'segment' | 'offset'>): void {
    if (this.#places.size < toldPlacesMax) this.#places.add(`${segment} ${offset}`)
  }

  has({ segment, offset }: Pick<Place, 'segment' | 'offset'>): boolean {
    return this.#places.has(`${segment} ${offset}`)
  }
}

/** Told of the bytes that are about to be read; throws to end the check. */
export type PaceReads = (bytes: number) => Promise<void> | void

const frameAlignment = 8

/** The segments of this moment, in order. */
export function segmentsOf({ segments }: SegmentCheckOptions): readonly number[] {
  return [...segments.keys()].sort((left, right) => left - right)
}

export interface SegmentFindings {
  /** Of the segment as such: its header, or that it is missing. */
  readonly findings: readonly string[]
  /** Of frames. What of them is alive is verified with the records. */
  readonly frames: readonly string[]
  /** Of a file that is there. */
  readonly damage: SegmentDamage | undefined
}

/** `unreadable`: the file lies on bad sectors, which are not to be used again. */
export type SegmentDamage = 'checksums' | 'unreadable'

const nothing: SegmentFindings = { findings: [], frames: [], damage: undefined }

/** What is wrong with a segment; nothing where it was reclaimed in the meantime. */
export async function checkSegment(
  options: SegmentCheckOptions,
  segment: number,
  told: ToldPlaces,
  pace: PaceReads,
): Promise<SegmentFindings> {
  const { files, directory, salt, segments, position } = options
  const end = position()
  const findings: string[] = []
  const frames: string[] = []
  let isHeaderRead = false
  let reader: SegmentReader
  try {
    reader = await openSegment(files, directory, salt, segment, (finding) => {
      ;(isHeaderRead ? frames : findings).push(finding)
    })
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
    return segments.has(segment) ? { ...nothing, findings: [`journal: segment ${segment} is missing`] } : nothing
  }
  try {
    await pace(segmentHeaderBytes)
    // One that is prepared holds nothing durable: no header, or the first write on its way.
    const holdsFrames = segment < end.segment || (segment === end.segment && end.offset > segmentHeaderBytes)
    const isHeaderBad = (await reader.header()) === undefined && reader.unreadable.length === 0
    if (isHeaderBad && holdsFrames) findings.push(`journal: the header of segment ${segment} does not verify`)
    isHeaderRead = reader.unreadable.every(({ from }) => from >= segmentHeaderBytes)
    if (holdsFrames) {
      await checkFrames({ reader, through: segment === end.segment ? end.offset : reader.size, told, pace, findings: frames })
    }
  } finally {
    await reader.close()
  }
  // The file of one that was reclaimed may be gone or taken back while it was read.
  if (!segments.has(segment)) return nothing
  const isDamaged = findings.length + frames.length > 0
  return { findings, frames, damage: isDamaged ? (reader.unreadable.length > 0 ? 'unreadable' : 'checksums') : undefined }
}

/** Whether a segment verifies from its first byte to its last. */
export async function readsWhole(reader: SegmentReader): Promise<boolean> {
  if ((await reader.header()) === undefined) return false
  const findings: string[] = []
  await checkFrames({ reader, through: reader.size, told: new ToldPlaces(), pace: () => undefined, findings })
  return findings.length === 0 && reader.unreadable.length === 0
}

interface FrameCheck {
  readonly reader: SegmentReader
  /** Frames up to here; behind the last of them there are zeros. */
  readonly through: number
  readonly told: ToldPlaces
  readonly pace: PaceReads
  readonly findings: string[]
}

async function checkFrames({ reader, through, told, pace, findings }: FrameCheck): Promise<void> {
  const { segment } = reader
  for (let offset = segmentHeaderBytes; offset < through; ) {
    const whole = await reader.frame(offset)
    const frame = whole ?? (await reader.outline(offset))
    if (frame !== undefined) {
      const end = offset + frame.length
      if (whole === undefined && !isTold(reader, offset, end) && !payloadsOf(frame).some((place) => told.has(place)))
        findings.push(`journal: segment ${segment}: a payload between ${offset} and ${end} does not match its checksum`)
      await pace(frame.length)
      offset = end
      continue
    }
    const next = await reader.frameFrom(offset + frameAlignment)
    const isInside = next !== undefined && next.offset < through
    const end = isInside ? next.offset : Math.min(through, await reader.dataEnd(offset))
    await pace(end - offset)
    if (end > offset && !isTold(reader, offset, end))
      findings.push(`journal: segment ${segment} does not verify from ${offset} to ${end}`)
    if (!isInside) return
    offset = end
  }
}

/** What cannot be read is told by the reader itself. */
function isTold(reader: SegmentReader, start: number, end: number): boolean {
  return reader.unreadable.some(({ from, to }) => from < end && to > start)
}

function payloadsOf({ operations }: ReadFrame): readonly Place[] {
  return operations.flatMap((operation) => (operation.kind === 'payload' || operation.kind === 'move' ? [operation.place] : []))
}
