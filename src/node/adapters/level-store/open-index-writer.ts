import { join } from 'node:path'
import type { CodedError } from '../../../shared/coded-error.ts'
import type { Capacity } from './capacity.ts'
import type { Files, OpenFile } from './files.ts'
import { systemCode } from './files.ts'
import type { IndexWriterOptions } from './index/index-writer.ts'
import { IndexWriter } from './index/index-writer.ts'
import type { Opening } from './opening.ts'
import type { ResumedStore } from './resume-store.ts'
import { isStarvedCode } from './shortage.ts'
import { identityName } from './store-files.ts'

/** LevelDB writes its log into a table when it opens, and lists its tables anew. */
const reopenBuffers = 2
/** LevelDB needs its lock, log, manifest, the name of that and a table or two, and gives back what it has open when it is closed. */
const filesToOpen = 8
const firstSegment = 1

type WriterParts = Pick<IndexWriterOptions, 'index' | 'cache' | 'overlay' | 'onIndexed' | 'onFailed'> & {
  readonly onStalled: (error: CodedError) => void
  /** Some of it is known not to verify. */
  readonly isJournalDamaged: () => boolean
}

export function openIndexWriter(
  { events, limits, files, directory }: Opening,
  { state, oldestMarker, liveBytes }: ResumedStore,
  { isJournalDamaged, ...parts }: WriterParts,
  capacity: Capacity,
): IndexWriter {
  return new IndexWriter({
    ...parts,
    ...{ state, oldestMarker, liveBytes, events },
    damagedText: () => damagedIndexText(reachesBack([...capacity.segmentSizes.keys()]) && !isJournalDamaged()),
    delayMs: limits.indexDelayMs,
    markersMax: limits.indexMarkersMax,
    room: {
      makeRoom: () => capacity.makeRoom(),
      giveUpReserve: () => capacity.giveUpReserve(),
      reopenBytes: reopenBuffers * limits.indexWriteBufferBytes,
      canOpenFiles: () => canOpenFiles(files, directory),
    },
    retryMs: limits.diskFullRetryMs,
    onStalled: (error) => {
      events.indexStalled({ error })
      parts.onStalled(error)
    },
  })
}

/** Whether the journal has every segment since its first frame. */
function reachesBack(segments: readonly number[]): boolean {
  return (
    segments.length > 0 &&
    segments.toSorted((left, right) => left - right).every((segment, order) => segment === firstSegment + order)
  )
}

function damagedIndexText(isJournalWhole: boolean): string {
  const advice = isJournalWhole
    ? 'restart the node, which makes the index anew from the journal'
    : 'do not restart it before you have exported what is readable: this journal does not hold everything, so a start ends with exit code 10, and "memo cluster recover" keeps what verifies'
  return `the index is damaged: puts are refused, removals are taken for a while: ${advice}`
}

async function canOpenFiles(files: Files, directory: string): Promise<boolean> {
  const opened: OpenFile[] = []
  try {
    for (let count = 0; count < filesToOpen; count++) opened.push(await files.open(join(directory, identityName), 'read'))
    return true
  } catch (error) {
    if (isStarvedCode(systemCode(error))) return false
    throw error
  } finally {
    for (const file of opened) await file.close()
  }
}
