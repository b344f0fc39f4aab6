/**
 * Takes segments that do not read whole and hold nothing alive out of the journal, when a recovery has taken everything from them:
 * they would be found damaged for ever and never be reclaimed. Each is kept under another name, so that its bad sectors are not
 * used again, and leaves an empty segment behind, because a number that is missing means a loss.
 */

import { join } from 'node:path'
import { readsWhole } from './check-segment.ts'
import type { Files } from './files.ts'
import { encodeSegmentHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import { openSegment } from './journal/segment-reader.ts'
import type { Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { replaceFile } from './store-files.ts'

export async function findDamagedSegments(
  opening: Opening,
  salt: Uint8Array,
  liveBytes: ReadonlyMap<number, number>,
): Promise<readonly number[]> {
  const damaged: number[] = []
  for (const segment of await listSegments(opening)) {
    if ((liveBytes.get(segment) ?? 0) === 0 && !(await verifies(opening, salt, segment))) damaged.push(segment)
  }
  return damaged
}

export async function replaceSegments(
  { files, directory, journalDirectory }: Opening,
  salt: Uint8Array,
  segments: readonly number[],
  sequence: number,
): Promise<void> {
  for (const segment of segments) {
    const name = segmentName(segment)
    await keepDamagedSegment(files, directory, journalDirectory, segment)
    const header = encodeSegmentHeader(salt, { segment, firstSequence: sequence + 1, size: segmentHeaderBytes })
    await replaceFile(files, journalDirectory, name, header)
    await files.syncDirectory(directory)
  }
}

/** Moves the file out of the journal, to where nothing reads it. */
export async function keepDamagedSegment(
  files: Files,
  directory: string,
  journalDirectory: string,
  segment: number,
): Promise<void> {
  const name = segmentName(segment)
  await files.rename(join(journalDirectory, name), join(directory, `journal.damaged-${name}`))
}

async function verifies({ files, journalDirectory }: Opening, salt: Uint8Array, segment: number): Promise<boolean> {
  const reader = await openSegment(files, journalDirectory, salt, segment, () => undefined)
  try {
    return await readsWhole(reader)
  } finally {
    await reader.close()
  }
}
