/** Puts the parts of an opened store together. */

import { join } from 'node:path'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import { Capacity } from './capacity.ts'
import type { SegmentCheckOptions, SegmentDamage } from './check-segment.ts'
import { FormatGate } from './format-gate.ts'
import { IndexCache } from './index/index-cache.ts'
import type { LevelIndex } from './index/level-index.ts'
import type { JournalLimits } from './journal/journal-writer.ts'
import { JournalWriter } from './journal/journal-writer.ts'
import { decodeSegmentHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { PreparedSegment } from './journal/segment-maker.ts'
import { SegmentMaker } from './journal/segment-maker.ts'
import { LevelStore } from './level-store.ts'
import { openIndexWriter } from './open-index-writer.ts'
import type { Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { Overlay } from './overlay.ts'
import { PayloadReader } from './payload-reader.ts'
import { Reclaim } from './reclaim.ts'
import { RecordReads } from './record-reads.ts'
import type { ResumedStore } from './resume-store.ts'
import type { ScrubOptions } from './scrub.ts'
import { Scrub } from './scrub.ts'
import { shortageOf } from './shortage.ts'
import { writeFormat } from './store-files.ts'
import { storeFormat } from './store-format.ts'
import type { StoreIdentityFile } from './store-identity.ts'
import { readTolerant } from './tolerant-file.ts'
import { verifyStore } from './verify-store.ts'

const verifyFindingsMax = 1000
const capacityRefreshMs = 1000
/** Of the reserve: segments of removals leave it, so that the index can follow. */
const reserveShareOfIndex = 1 / 2

export async function wireStore(
  opening: Opening,
  index: LevelIndex,
  resumed: ResumedStore,
  unlock: () => void,
): Promise<LevelStore> {
  const { files, journalDirectory, indexDirectory, limits, events, byteLimit } = opening
  const { condition, identity } = resumed
  const takesChanges = condition.kind === 'sound' && opening.inspect !== true
  const cache = new IndexCache(limits.valueCacheBytes)
  const overlay = new Overlay(limits.indexBatchBytesMax)
  const capacity = await openCapacity(opening, resumed, takesChanges)
  let store: LevelStore | undefined
  const onFailed = (error: unknown) => store?.fail(error)
  const writerHooks = {
    onIndexed: () => {
      journal.indexMoved()
      if (takesChanges) reclaim.wake()
    },
    onStalled: (error: CodedError) => {
      if (isCoded(error, 'data-corrupt')) {
        index.meetDamage(error)
        scrub?.refuses(error.message)
      }
      journal.indexMoved()
    },
    onFailed,
    isJournalDamaged: () => reclaim.knowsDamage,
  }
  const indexWriter = openIndexWriter(opening, resumed, { index, cache, overlay, ...writerHooks }, capacity)
  // After a restart on a full disk nothing is indexed that would start a reclaim.
  const maker = openMaker(opening, capacity, () => reclaim.wake())
  const journal = new JournalWriter({
    salt: identity.file.salt,
    ...{ maker, overlay, events, gate: openGate(opening, capacity) },
    limits: journalLimits(limits),
    position: resumed.end,
    current: takesChanges ? await currentSegment(opening, resumed) : undefined,
    giveUpReserve: () => capacity.giveUpReserve(),
    indexStalled: () => indexWriter.stalled,
    onDurable: () => indexWriter.wake(),
    onFailed,
  })
  const payloads = new PayloadReader({
    files,
    directory: journalDirectory,
    readsMax: limits.payloadReadsMax,
    openFilesMax: limits.segmentFilesMax,
  })
  const { slowReadMs, asyncReadsMs } = limits
  const reads = new RecordReads({ index, overlay, cache, payloads, writer: indexWriter, events, slowReadMs, asyncReadsMs })
  const reclaim = new Reclaim({
    ...{ limits, files, directory: journalDirectory, salt: identity.file.salt, events },
    ...{ index, overlay, indexWriter, journal, payloads, capacity, onFailed },
    ...{ storeDirectory: opening.directory, liveBytes: resumed.liveBytes, onRoomMade: () => maker.roomMade() },
  })
  const { salt, storeId, bootCount } = identity.file
  const segments = { files, directory: journalDirectory, salt, segments: capacity.segmentSizes, position: () => journal.position }
  const checked = { index, indexWriter, payloads, files, indexDirectory, journal: segments }
  const scrub = openScrub(opening, index, payloads, segments, scrubHooks(takesChanges, index, reclaim))
  // Of a store that takes no changes the reader is told, and nobody else.
  if (takesChanges) index.watchDamage((error) => indexWriter.meetDamage(error))
  const parts = {
    limits,
    events,
    byteLimit,
    identity: { storeId, bootCount },
    condition,
    inspected: opening.inspect === true,
    capacity,
    release: (provenThrough: number | undefined) =>
      noteStop(opening, identity, takesChanges ? provenThrough : undefined).finally(unlock),
  }
  store = new LevelStore({
    ...parts,
    ...{ index, overlay, indexWriter, journal, maker, payloads, reads },
    reclaim,
    scrub,
    verify: (opened, signal) =>
      verifyStore({ ...checked, settle: () => opened.settle(), findingsMax: verifyFindingsMax, signal }),
  })
  if (takesChanges) await journal.prepare()
  capacity.refreshSoon()
  scrub?.start()
  return store
}

/** What the scrub finds of a segment sets nothing in motion in a store that takes no changes. */
function scrubHooks(takesChanges: boolean, index: LevelIndex, reclaim: Reclaim) {
  return {
    onDamagedSegment: (segment: number, damage: SegmentDamage) => {
      if (takesChanges) reclaim.distrust(segment, damage)
    },
    onDamagedIndex: (finding: string) => index.meetDamage(new CodedError('data-corrupt', finding)),
  }
}

/** Neither a full disk nor a lack of files keeps a store from being closed: what is not noted of the stop the next start reads from the journal. */
async function noteStop({ reserve }: Opening, identity: StoreIdentityFile, provenThrough: number | undefined): Promise<void> {
  if (provenThrough === undefined) return
  try {
    await identity.stopped(provenThrough)
  } catch (error) {
    const shortage = shortageOf(error)
    if (shortage === undefined) throw error
    if (isCoded(shortage, 'storage-full')) await reserve.giveUp()
    await identity.stopped(provenThrough).catch((again: unknown) => {
      if (shortageOf(again) === undefined) throw again
    })
  }
}

/** A store that is only looked at does not stay open for long enough. */
function openScrub(
  opening: Opening,
  index: LevelIndex,
  payloads: PayloadReader,
  journal: SegmentCheckOptions,
  told: Pick<ScrubOptions, 'onDamagedSegment' | 'onDamagedIndex'>,
): Scrub | undefined {
  const { clock, files, indexDirectory, limits, events, inspect } = opening
  if (clock === undefined || inspect === true) return undefined
  return new Scrub({ index, payloads, files, indexDirectory, journal, clock, limits, events, ...told })
}

async function openCapacity(opening: Opening, { state }: ResumedStore, keepsReserve: boolean): Promise<Capacity> {
  const { files, directory, indexDirectory, journalDirectory, byteLimit, limits, reserve } = opening
  const capacity = new Capacity({
    files,
    directory,
    indexDirectory,
    byteLimit,
    openedBytes: state.families.reduce((sum, { bytes }) => sum + bytes, 0),
    reserveBytesMax: limits.storeReserveBytes,
    reserve,
    keepsReserve,
    refreshMs: capacityRefreshMs,
  })
  await capacity.refresh()
  for (const segment of await listSegments(opening)) {
    capacity.addSegment(segment, await files.fileSize(join(journalDirectory, segmentName(segment))))
  }
  return capacity
}

function openMaker(
  { files, journalDirectory, events, limits, reserve }: Opening,
  capacity: Capacity,
  onFull: () => void,
): SegmentMaker {
  return new SegmentMaker({
    files,
    directory: journalDirectory,
    events,
    leaveFreeBytes: (use) =>
      use === 'values' ? limits.storeReserveBytes + reserve.owedBytes : limits.storeReserveBytes * reserveShareOfIndex,
    retryMs: limits.diskFullRetryMs,
    onMade: (segment, size) => capacity.addSegment(segment, size),
    onUnmade: (segment) => capacity.dropSegment(segment),
    onFull,
  })
}

function openGate({ files, directory, format, madeBy }: Opening, capacity: Capacity): FormatGate {
  return new FormatGate({
    format,
    raise: () => writeFormat(files, directory, storeFormat, madeBy),
    giveUpReserve: () => capacity.giveUpReserve(),
  })
}

/** The segment that the journal ends in. One whose header is damaged takes nothing more. */
async function currentSegment(opening: Opening, { end, identity }: ResumedStore): Promise<PreparedSegment | undefined> {
  const { files, journalDirectory, events } = opening
  if (end.offset < segmentHeaderBytes) return undefined
  const path = join(journalDirectory, segmentName(end.segment))
  const size = await files.fileSize(path)
  if (end.offset >= size) return undefined
  const { bytes } = await readTolerant(files, path, Buffer.alloc(segmentHeaderBytes))
  if (decodeSegmentHeader(identity.file.salt, end.segment, bytes) !== undefined) {
    return { segment: end.segment, size, file: await files.open(path, 'write') }
  }
  events.damageFound({ finding: `journal: the header of segment ${end.segment} does not verify` })
  return undefined
}

/** Room in a segment for the largest batch, beside its header and the bytes kept for removals. */
function journalLimits(limits: Limits): JournalLimits {
  const { batchBytesMax, segmentBytes, storeReserveBytes } = limits
  const leastBytes = 2 * segmentHeaderBytes + batchBytesMax
  const wholeBytes = Math.max(segmentBytes, leastBytes)
  const firstBytes = Math.max(Math.floor(wholeBytes / 4), leastBytes)
  return {
    inlinePayloadBytesMax: limits.inlinePayloadBytesMax,
    replayBytesMax: limits.replayBytesMax,
    replayRecordsMax: limits.replayRecordsMax,
    groupBytesMax: limits.commitGroupBytesMax,
    segmentBytes: wholeBytes,
    firstSegmentBytes: firstBytes,
    reserveBytes: Math.min(storeReserveBytes, Math.floor(firstBytes / 4)),
  }
}
