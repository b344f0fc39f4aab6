/** Puts the parts of an opened store together. */

import { join } from 'node:path'
import type { Limits } from '../../core/base/limits.ts'
import { Capacity } from './capacity.ts'
import { IndexCache } from './index/index-cache.ts'
import { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import type { JournalLimits } from './journal/journal-writer.ts'
import { JournalWriter } from './journal/journal-writer.ts'
import { decodeSegmentHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { PreparedSegment } from './journal/segment-maker.ts'
import { SegmentMaker } from './journal/segment-maker.ts'
import { LevelStore } from './level-store.ts'
import type { Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { Overlay } from './overlay.ts'
import { PayloadReader } from './payload-reader.ts'
import { Reclaim } from './reclaim.ts'
import { RecordReads } from './record-reads.ts'
import type { ResumedStore } from './resume-store.ts'
import { Scrub } from './scrub.ts'
import { readTolerant } from './tolerant-file.ts'
import { verifyStore } from './verify-store.ts'

const verifyFindingsMax = 1000
const capacityRefreshMs = 1000

export async function wireStore(
  opening: Opening,
  index: LevelIndex,
  resumed: ResumedStore,
  unlock: () => void,
): Promise<LevelStore> {
  const { files, journalDirectory, limits, events, byteLimit } = opening
  const { condition, identity } = resumed
  const takesChanges = condition.kind === 'sound' && opening.inspect !== true
  const cache = new IndexCache(limits.valueCacheBytes)
  const overlay = new Overlay(limits.indexBatchBytesMax)
  const capacity = await openCapacity(opening)
  let store: LevelStore | undefined
  const onFailed = (error: unknown) => store?.fail(error)
  const indexWriter = new IndexWriter({
    ...{ index, cache, overlay },
    state: resumed.state,
    oldestMarker: resumed.oldestMarker,
    liveBytes: resumed.liveBytes,
    events,
    delayMs: limits.indexDelayMs,
    markersMax: limits.indexMarkersMax,
    onIndexed: () => {
      journal.indexMoved()
      if (takesChanges) reclaim.wake()
    },
    onFailed,
  })
  // After a restart on a full disk nothing is indexed that would start a reclaim.
  const maker = openMaker(opening, capacity, () => reclaim.wake())
  const journal = new JournalWriter({
    salt: identity.file.salt,
    maker,
    overlay,
    events,
    limits: journalLimits(limits),
    position: resumed.end,
    current: takesChanges ? await currentSegment(opening, resumed) : undefined,
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
  const release = async (provenThrough: number | undefined) => {
    try {
      if (provenThrough !== undefined && takesChanges) await identity.stopped(provenThrough)
    } finally {
      unlock()
    }
  }
  const reclaim = new Reclaim({
    ...{ limits, files, directory: journalDirectory, salt: identity.file.salt, events },
    ...{ index, overlay, indexWriter, journal, payloads, capacity, onFailed },
    liveBytes: resumed.liveBytes,
  })
  const { indexDirectory } = opening
  const { salt, storeId, bootCount } = identity.file
  const checked = { index, indexWriter, payloads, capacity, files, directory: journalDirectory, indexDirectory, salt }
  const scrub = openScrub(opening, index, payloads)
  const parts = {
    limits,
    events,
    byteLimit,
    identity: { storeId, bootCount },
    condition,
    inspected: opening.inspect === true,
    capacity,
    release,
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
  scrub?.start()
  return store
}

/** A store that is only looked at does not stay open for long enough. */
function openScrub(opening: Opening, index: LevelIndex, payloads: PayloadReader): Scrub | undefined {
  const { clock, files, indexDirectory, limits, events, inspect } = opening
  if (clock === undefined || inspect === true) return undefined
  return new Scrub({ index, payloads, files, indexDirectory, clock, limits, events })
}

async function openCapacity(opening: Opening): Promise<Capacity> {
  const { files, directory, indexDirectory, journalDirectory, byteLimit, limits } = opening
  const capacity = new Capacity({
    files,
    directory,
    indexDirectory,
    byteLimit,
    reserveBytesMax: limits.storeReserveBytes,
    refreshMs: capacityRefreshMs,
  })
  await capacity.refresh()
  for (const segment of await listSegments(opening)) {
    capacity.addSegment(segment, await files.fileSize(join(journalDirectory, segmentName(segment))))
  }
  return capacity
}

function openMaker({ files, journalDirectory, events, limits }: Opening, capacity: Capacity, onFull: () => void): SegmentMaker {
  return new SegmentMaker({
    files,
    directory: journalDirectory,
    events,
    diskReserveBytes: limits.storeReserveBytes,
    retryMs: limits.diskFullRetryMs,
    onMade: (segment, size) => capacity.addSegment(segment, size),
    onUnmade: (segment) => capacity.dropSegment(segment),
    onFull,
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
