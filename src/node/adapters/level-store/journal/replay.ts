/**
 * Reads the journal from where the index stands and decides what a bad frame is. The argument is in docs/DATA.md: with one write
 * in flight at a time, a frame is lost rightly only if nothing valid says that it was synced.
 */

import { join } from 'node:path'
import type { StoreEvents } from '../../../ports/record-store.ts'
import type { Files } from '../files.ts'
import type { JournalPosition } from '../index/index-state.ts'
import { segmentHeaderBytes, segmentName, segmentOfUnfinishedName, unfinishedName } from './segment-format.ts'
import type { ReadFrame } from './segment-reader.ts'
import { SegmentReader } from './segment-reader.ts'

/** Takes in a verified frame. */
export type TakeFrame = (frame: ReadFrame, end: JournalPosition) => Promise<void> | undefined

export interface JournalRange {
  readonly files: Files
  readonly directory: string
  readonly salt: Uint8Array
  readonly events: StoreEvents
  /** Numbers of the segment files, ascending. */
  readonly segments: readonly number[]
  /** Where the index stands. */
  readonly from: JournalPosition
}

export interface ReplayOptions extends JournalRange {
  /** Highest sequence number that something outside the journal proves durable. */
  readonly provenThrough: number
  /** Frames come in order, and across a hole with a gap. */
  readonly onFrame: TakeFrame
  /** Told of a hole before anything behind it is taken in. */
  readonly onHole: (finding: string) => Promise<void>
}

export interface ReplayResult {
  /** Where the next frame goes, after a sound journal. */
  readonly end: JournalPosition
}

/** Where the journal stops being readable in sequence. */
interface Stop {
  readonly position: JournalPosition
  readonly reader: SegmentReader | undefined
}

/** What later bytes say about the frame that is missing at the stop. */
interface Proof {
  /** The highest sequence number that they prove durable. */
  readonly syncedThrough: number
  /** The first verified frame behind the stop that continues the journal, if any. */
  readonly next: { readonly segment: number; readonly offset: number } | undefined
}

export async function replayJournal(options: ReplayOptions): Promise<ReplayResult> {
  let position = options.from
  const short = await shortOfPosition(options)
  if (short !== undefined) await options.onHole(short)
  for (;;) {
    const stop = await readSequence(options, position, options.onFrame)
    try {
      const missing = stop.position.sequence + 1
      const proof = await proofBehind(options, stop)
      const isProven = Math.max(proof.syncedThrough, options.provenThrough) >= missing
      const cut = await cutShort(options, stop)
      if (cut === undefined && !isProven && !(await misses(options, stop.position))) {
        await cutTail(options, stop)
        return { end: stop.position }
      }
      await options.onHole(
        cut ??
          (isProven
            ? `journal: frame ${missing} is missing in segment ${stop.position.segment} at ${stop.position.offset}`
            : `journal: segment ${stop.position.segment + 1} is missing`),
      )
      if (proof.next === undefined) return { end: stop.position }
      position = { ...proof.next, sequence: -1 }
    } finally {
      await stop.reader?.close()
    }
  }
}

/**
 * A segment is made while the one before it is in use, is gone from the end of the journal before that one is, and is reclaimed
 * only behind the index: a later one without the next one says that the next one was lost.
 */
async function misses(range: JournalRange, { segment }: JournalPosition): Promise<boolean> {
  if (range.segments.includes(segment + 1)) return false
  return range.segments.some((later) => later > segment) || (await unfinishedBehind(range, segment + 1)).length > 0
}

/** Segments behind this one that a start before this one began to make. */
async function unfinishedBehind({ files, directory }: JournalRange, segment: number): Promise<readonly number[]> {
  const names = (await files.list(directory)) ?? []
  return names.flatMap((name) => segmentOfUnfinishedName(name) ?? []).filter((made) => made > segment)
}

/** A segment gets its name when it has its whole size, so one that is shorter was cut, and with it perhaps what was answered. */
async function cutShort({ files, directory, segments }: JournalRange, { position, reader }: Stop): Promise<string | undefined> {
  const header = await reader?.header()
  if (reader !== undefined && reader.size < (header?.size ?? segmentHeaderBytes)) {
    return `journal: segment ${reader.segment} was cut at ${reader.size}`
  }
  for (const segment of segments.filter((later) => later > position.segment)) {
    const size = await files.fileSize(join(directory, segmentName(segment)))
    if (size < segmentHeaderBytes) return `journal: segment ${segment} was cut at ${size}`
  }
  return undefined
}

/** The index stands at a place in the journal that is not there: what the place's segment held is lost. */
async function shortOfPosition({ files, directory, segments, from }: JournalRange): Promise<string | undefined> {
  if (from.segment === 0) return undefined
  if (!segments.includes(from.segment)) return `journal: segment ${from.segment} is missing`
  const size = await files.fileSize(join(directory, segmentName(from.segment)))
  return size < from.offset ? `journal: segment ${from.segment} ends at ${size}, before ${from.offset}` : undefined
}

/** Hands on the frames up to the sequence number; false when one of them is missing. */
export async function readRange(range: JournalRange, through: number, onFrame: TakeFrame): Promise<boolean> {
  if (range.from.segment < 0) return false
  const stop = await readSequence(range, range.from, onFrame, through)
  await stop.reader?.close()
  return stop.position.sequence === through
}

/** Hands on every frame in sequence. A position with sequence -1 stands at a verified frame behind a hole. */
async function readSequence(
  range: JournalRange,
  from: JournalPosition,
  onFrame: TakeFrame,
  through = Number.POSITIVE_INFINITY,
): Promise<Stop> {
  let position = from
  let reader = await openSegment(range, position.segment)
  for (;;) {
    if (position.sequence >= through) return { position, reader }
    const frame = await reader?.frame(Math.max(position.offset, segmentHeaderBytes))
    if (frame !== undefined && (position.sequence === -1 || frame.header.sequence === position.sequence + 1)) {
      const end = { segment: position.segment, offset: frame.offset + frame.length, sequence: frame.header.sequence }
      await onFrame(frame, end)
      position = end
      continue
    }
    const next = await openSegment(range, position.segment + 1)
    const header = await next?.header()
    if (next === undefined || header?.firstSequence !== position.sequence + 1) {
      await next?.close()
      return { position, reader }
    }
    await reader?.close()
    reader = next
    position = { segment: next.segment, offset: segmentHeaderBytes, sequence: position.sequence }
  }
}

/** Looks through everything behind the stop for frames and headers that prove something durable. */
async function proofBehind(options: ReplayOptions, { position, reader }: Stop): Promise<Proof> {
  let syncedThrough = 0
  let next: Proof['next']
  const visit = async (segment: SegmentReader, from: number) => {
    for (let frame = await segment.frameFrom(from); frame !== undefined; ) {
      syncedThrough = Math.max(syncedThrough, frame.header.syncedThrough)
      if (frame.header.sequence > position.sequence) next ??= { segment: segment.segment, offset: frame.offset }
      frame = await segment.frameFrom(frame.offset + frame.length)
    }
  }
  if (reader !== undefined) await visit(reader, Math.max(position.offset, segmentHeaderBytes))
  for (const number of options.segments.filter((segment) => segment > position.segment)) {
    const later = await openSegment(options, number)
    if (later === undefined) continue
    try {
      const header = await later.header()
      if (header !== undefined) syncedThrough = Math.max(syncedThrough, header.firstSequence - 1)
      await visit(later, segmentHeaderBytes)
    } finally {
      await later.close()
    }
  }
  return { syncedThrough, next }
}

/** Takes away what was written and never answered, so that it cannot come back behind later frames. */
async function cutTail(range: JournalRange, { position, reader }: Stop): Promise<void> {
  const { files, directory, events, segments } = range
  const start = Math.max(position.offset, segmentHeaderBytes)
  const end = (await reader?.dataEnd(start)) ?? start
  if (end > start) {
    await zero(range, position.segment, start, end)
    events.tailCut({ segment: position.segment, offset: start, bytes: end - start })
  }
  for (const made of await unfinishedBehind(range, position.segment)) {
    await files.unlink(join(directory, unfinishedName(made)))
    await files.syncDirectory(directory)
  }
  // The last one first, each synced before the next: a gap among them would say that a segment was lost.
  const later = segments.filter((segment) => segment > position.segment).reverse()
  for (const segment of later) {
    const unused = await openSegment(range, segment)
    const bytes = (await unused?.dataEnd(0)) ?? 0
    await unused?.close()
    if (bytes > 0) events.tailCut({ segment, offset: 0, bytes })
    await files.unlink(join(directory, segmentName(segment)))
    await files.syncDirectory(directory)
  }
}

async function zero({ files, directory }: JournalRange, segment: number, start: number, end: number): Promise<void> {
  const file = await files.open(join(directory, segmentName(segment)), 'write')
  try {
    const zeros = Buffer.alloc(Math.min(end - start, 1024 * 1024))
    for (let at = start; at < end; at += zeros.length) {
      await file.write([zeros.subarray(0, Math.min(zeros.length, end - at))], at)
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function openSegment({ files, directory, salt, segments }: JournalRange, segment: number) {
  if (!segments.includes(segment)) return undefined
  const path = join(directory, segmentName(segment))
  const size = await files.fileSize(path)
  return new SegmentReader(await files.open(path, 'read'), size, salt, segment)
}
