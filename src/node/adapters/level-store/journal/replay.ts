/**
 * Reads the journal from where the index stands and decides what a bad frame is. The argument is in docs/DATA.md: with one write
 * in flight at a time, a frame is lost rightly only if nothing valid says that it was synced.
 */

import { join } from 'node:path'
import type { StoreEvents } from '../../../ports/record-store.ts'
import type { Files, OpenFile } from '../files.ts'
import { mediaErrorCode } from '../files.ts'
import type { JournalPosition } from '../index/index-state.ts'
import type { UnreadableRange } from '../tolerant-file.ts'
import { unreadableText } from '../tolerant-file.ts'
import { frameHeaderBytes } from './frame-codec.ts'
import { segmentHeaderBytes, segmentName, segmentOfUnfinishedName, unfinishedName } from './segment-format.ts'
import type { ReadFrame, SegmentReader } from './segment-reader.ts'
import { openSegment } from './segment-reader.ts'

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

/** Bytes that a power cut in the middle of a write leaves unreadable, at most: larger ranges are a failing disk. */
const shornBytesMax = 64 * 1024
/** Zeros are written in pieces of this size where a larger one fails. */
const sectorBytes = 4096

export async function replayJournal(asked: ReplayOptions): Promise<ReplayResult> {
  const options = { ...asked, events: eachFindingOnce(asked.events) }
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
      const hiding = await hidingRange(options, stop)
      const isShorn = hiding === undefined || hiding.range.to - hiding.range.from <= shornBytesMax
      if (cut === undefined && !isProven && isShorn && !(await misses(options, stop.position))) {
        return { end: await cutTail(options, stop) }
      }
      await options.onHole(cut ?? holeText(stop.position, isProven || !isShorn, hiding))
      if (proof.next === undefined) return { end: stop.position }
      position = { ...proof.next, sequence: -1 }
    } finally {
      await stop.reader?.close()
    }
  }
}

/** Several looks are taken at a place before it is known what it means. */
function eachFindingOnce(events: StoreEvents): StoreEvents {
  const told = new Set<string>()
  return {
    ...events,
    damageFound(facts) {
      if (!told.has(facts.finding)) events.damageFound(facts)
      told.add(facts.finding)
    },
  }
}

interface Hiding {
  readonly segment: number
  readonly range: UnreadableRange
}

/** What cannot be read where the next frame should be: at the stop, or at the start of the next segment. */
async function hidingRange(range: JournalRange, { position, reader }: Stop): Promise<Hiding | undefined> {
  const here = await reader?.hiding(Math.max(position.offset, segmentHeaderBytes))
  if (here !== undefined) return { segment: position.segment, range: here }
  const next = await segmentReader(range, position.segment + 1)
  try {
    await next?.header()
    const there = next?.unreadable.find(({ from }) => from < segmentHeaderBytes + frameHeaderBytes)
    return there === undefined ? undefined : { segment: position.segment + 1, range: there }
  } finally {
    await next?.close()
  }
}

function holeText({ segment, offset, sequence }: JournalPosition, isFrame: boolean, hiding: Hiding | undefined): string {
  if (!isFrame) return `journal: segment ${segment + 1} is missing`
  const reason = hiding === undefined ? '' : `: segment ${hiding.segment} ${unreadableText(hiding.range)}`
  return `journal: frame ${sequence + 1} is missing in segment ${segment} at ${offset}${reason}`
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
  let reader = await segmentReader(range, position.segment)
  try {
    for (;;) {
      if (position.sequence >= through) return { position, reader }
      const frame = await reader?.frame(Math.max(position.offset, segmentHeaderBytes))
      if (frame !== undefined && (position.sequence === -1 || frame.header.sequence === position.sequence + 1)) {
        const end = { segment: position.segment, offset: frame.offset + frame.length, sequence: frame.header.sequence }
        await onFrame(frame, end)
        position = end
        continue
      }
      const next = await followingSegment(range, position)
      if (next === undefined) return { position, reader }
      await reader?.close()
      reader = next
      position = { segment: next.segment, offset: segmentHeaderBytes, sequence: position.sequence }
    }
  } catch (error) {
    await reader?.close()
    throw error
  }
}

/** The next segment, if its header says that it goes on where this one ends. */
async function followingSegment(range: JournalRange, { segment, sequence }: JournalPosition): Promise<SegmentReader | undefined> {
  const next = await segmentReader(range, segment + 1)
  try {
    if ((await next?.header())?.firstSequence === sequence + 1) return next
  } catch (error) {
    await next?.close()
    throw error
  }
  await next?.close()
  return undefined
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
    const later = await segmentReader(options, number)
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

/**
 * Takes away what was written and never answered, so that it cannot come back behind later frames. Where the next frame goes: into
 * the next segment when this one has a place there that could not be read.
 */
async function cutTail(range: JournalRange, { position, reader }: Stop): Promise<JournalPosition> {
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
    const unused = await segmentReader(range, segment)
    const bytes = (await unused?.dataEnd(0)) ?? 0
    await unused?.close()
    if (bytes > 0) events.tailCut({ segment, offset: 0, bytes })
    await files.unlink(join(directory, segmentName(segment)))
    await files.syncDirectory(directory)
  }
  const isWhole = reader?.unreadable.every(({ to }) => to <= start) ?? true
  return isWhole ? position : { ...position, offset: reader?.size ?? position.offset }
}

async function zero({ files, directory }: JournalRange, segment: number, start: number, end: number): Promise<void> {
  const file = await files.open(join(directory, segmentName(segment)), 'write')
  try {
    const zeros = Buffer.alloc(Math.min(end - start, 1024 * 1024))
    for (let at = start; at < end; at += zeros.length) {
      await zeroPiece(file, zeros.subarray(0, Math.min(zeros.length, end - at)), at)
    }
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** A sector that can neither be read nor be written stays as it is: whatever it held cannot come back. */
async function zeroPiece(file: OpenFile, zeros: Buffer, at: number): Promise<void> {
  try {
    await file.write([zeros], at)
  } catch (error) {
    if (mediaErrorCode(error) === undefined) throw error
    if (zeros.length <= sectorBytes) return
    const head = sectorBytes - (at % sectorBytes)
    for (let done = 0; done < zeros.length; done += done === 0 ? head : sectorBytes) {
      await zeroPiece(file, zeros.subarray(done, Math.min(zeros.length, done === 0 ? head : done + sectorBytes)), at + done)
    }
  }
}

async function segmentReader({ files, directory, salt, segments, events }: JournalRange, segment: number) {
  if (!segments.includes(segment)) return undefined
  return await openSegment(files, directory, salt, segment, (finding) => events.damageFound({ finding }))
}
