/**
 * Accepts what a damaged store has lost and makes it sound again. The index is built anew: every record of the old one that
 * verifies, read without LevelDB, which a damaged table may end; then the frames of the newest unbroken run of segments wherever they are newer. Older segments are not replayed: a
 * removal that came after them may lie in a segment that was reclaimed, and what was removed must not come back.
 *
 * The new index takes the old one's place in one rename; the identity, with a new store id, comes last.
 */

import { join } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import { enterDirectory } from './enter-directory.ts'
import { readLayers } from './index/index-layers.ts'
import type { JournalPosition } from './index/index-state.ts'
import { encodeLiveBytes, encodeMarker, liveKey, markerKey } from './index/index-state.ts'
import type { LevelIndex } from './index/level-index.ts'
import { isIndexLocked } from './index/lock-probe.ts'
import type { Recount } from './index/recount.ts'
import { recountRecords } from './index/recount.ts'
import { installNewIndex, openNewIndex, setIndexAside } from './index-folders.ts'
import { saltOfHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { RecordSalvage } from './record-salvage.ts'
import { replaceDamagedSegments } from './replace-segments.ts'
import type { StoreFile } from './store-files.ts'
import { damaged, identityName, readStoreFile, writeFormat } from './store-files.ts'
import { StoreIdentityFile } from './store-identity.ts'
import { lockedByOther } from './store-lock.ts'
import { readTolerant } from './tolerant-file.ts'

export interface RecoveryReport {
  readonly storeId: Uint8Array
  readonly records: number
  /** What was found missing or damaged, and is given up. */
  readonly findings: readonly string[]
}

export function recoverLevelStore(options: LevelStoreOptions): Promise<RecoveryReport> {
  return enterDirectory({ ...options, repairFormat: true }, async ({ opening, hasFormat, leave }) => {
    const findings: string[] = []
    const note = (finding: string) => void findings.push(finding)
    if (!hasFormat) {
      note('FORMAT: the file was missing or not readable')
      await writeFormat(opening.files, opening.directory, opening.madeBy ?? 'memo')
    }
    const identity = new StoreIdentityFile(opening, await knownIdentity(opening, note))
    const report = await rebuild(opening, identity, findings, note)
    leave()
    return report
  })
}

async function rebuild(
  opening: Opening,
  identity: StoreIdentityFile,
  findings: readonly string[],
  note: (finding: string) => void,
): Promise<RecoveryReport> {
  const { files, directory } = opening
  for (const finding of identity.file.findings) note(finding)
  if (await isIndexLocked(files, opening.indexDirectory)) throw await lockedByOther(files, directory)
  // First of all: a node that starts meanwhile finds no index and stays out.
  const source = await setIndexAside(opening)
  const target = await openNewIndex(opening)
  let end: JournalPosition
  let records = 0
  try {
    const salvage = new RecordSalvage({ opening, salt: identity.file.salt, target, note })
    if (source !== undefined) await salvage.copyIndex(readLayers({ files, folder: join(directory, source), note }))
    else note('index: the folder is missing')
    await salvage.replayNewestRun()
    await salvage.dropUnreadablePayloads()
    end = await journalEnd(opening, Math.max(salvage.highestSequence, identity.file.provenThrough))
    const recount = await recountRecords(target)
    await replaceDamagedSegments(opening, identity.file.salt, recount.liveBytes, end.sequence)
    end = await journalEnd(opening, end.sequence)
    records = await writeStanding(target, end, recount)
    await target.flushToTables()
  } finally {
    await target.close()
  }
  await installNewIndex(opening)
  await identity.recovered(end.sequence)
  return { storeId: identity.file.storeId, records, findings: [...findings] }
}

/** The identity file, or what the journal itself still says of it. */
async function knownIdentity(opening: Opening, note: (finding: string) => void): Promise<StoreFile> {
  const { files, directory, journalDirectory } = opening
  try {
    const file = await readStoreFile(files, directory)
    if (file !== undefined) return file
  } catch (error) {
    if (!isCoded(error, 'store-damaged')) throw error
  }
  note('store: the identity was missing or not readable')
  for (const segment of await listSegments(opening)) {
    const path = join(journalDirectory, segmentName(segment))
    const { bytes } = await readTolerant(files, path, Buffer.alloc(segmentHeaderBytes))
    const salt = saltOfHeader(segment, bytes)
    if (salt === undefined) continue
    return { storeId: opening.random.bytes(16), salt, bootCount: 0, provenThrough: 0, findings: [] }
  }
  throw damaged(directory, identityName, 'the file is lost and no segment of the journal says whose it is')
}

/** Behind the last segment: the next frame opens a new one, so nothing damaged is ever written to. */
async function journalEnd(opening: Opening, sequence: number): Promise<JournalPosition> {
  const { files, journalDirectory } = opening
  const last = (await listSegments(opening)).at(-1)
  if (last === undefined) return { segment: 0, offset: 0, sequence }
  return { segment: last, offset: await files.fileSize(join(journalDirectory, segmentName(last))), sequence }
}

async function writeStanding(target: LevelIndex, end: JournalPosition, { families, liveBytes }: Recount): Promise<number> {
  const live = [...liveBytes].map(([segment, bytes]) => ({
    key: liveKey(segment),
    value: encodeLiveBytes(segment, end.sequence, bytes),
  }))
  const marker = encodeMarker({ marker: 1, start: end, end, tabledMarker: 1, families })
  await target.write([...live, { key: markerKey(1), value: marker }])
  return families.reduce((sum, { records }) => sum + records, 0)
}
