/**
 * Accepts what a damaged store has lost and makes it sound again. The index is built anew: every record of the old one that
 * verifies, read without LevelDB, which a damaged table may end; then the frames of the newest unbroken run of segments wherever they are newer. Older segments are not replayed: a
 * removal that came after them may lie in a segment that was reclaimed, and what was removed must not come back.
 *
 * Nothing is touched before the new index is whole beside the old one. Then, in this order: the identity says that something is
 * missing, the new index takes the old one's place, segments that only the old one asked for give way, and the identity gets a new
 * store id. Whoever cuts this short leaves a store that is recovered again.
 */

import { join } from 'node:path'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { enterDirectory } from './enter-directory.ts'
import { readLayers } from './index/index-layers.ts'
import type { JournalPosition } from './index/index-state.ts'
import { encodeLiveBytes, encodeMarker, liveKey, markerKey } from './index/index-state.ts'
import type { LevelIndex } from './index/level-index.ts'
import { isIndexLocked } from './index/lock-probe.ts'
import type { Recount } from './index/recount.ts'
import { recountRecords } from './index/recount.ts'
import { dropNewIndex, findIndex, installNewIndex, openNewIndex } from './index-folders.ts'
import { saltOfHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { RecordSalvage } from './record-salvage.ts'
import { findDamagedSegments, replaceSegments } from './replace-segments.ts'
import type { StoreFile } from './store-files.ts'
import { damaged, identityName, readStoreFile, writeFormat } from './store-files.ts'
import { storeFormat } from './store-format.ts'
import { StoreIdentityFile } from './store-identity.ts'
import { lockedByOther } from './store-lock.ts'
import { readTolerant } from './tolerant-file.ts'

const unfinishedFinding = 'index: a recovery was begun and did not end'

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
    if (!hasFormat) note('FORMAT: the file was missing or not readable')
    const identity = new StoreIdentityFile(opening, await knownIdentity(opening, note))
    for (const finding of identity.file.findings) note(finding)
    const records = await rebuild(opening, hasFormat, identity, note)
    leave()
    return { storeId: identity.file.storeId, records, findings }
  })
}

/** The number of records that are left. */
async function rebuild(
  opening: Opening,
  hasFormat: boolean,
  identity: StoreIdentityFile,
  note: (finding: string) => void,
): Promise<number> {
  const { files, directory } = opening
  if (await isIndexLocked(files, opening.indexDirectory)) throw await lockedByOther(files, directory)
  const source = await findIndex(opening)
  await assertRoom(opening, source)
  const target = await openNewIndex(opening)
  let built: BuiltIndex
  try {
    built = await fillIndex(opening, target, identity, source, note)
    // Who started meanwhile has the old index open, and keeps it.
    if (await isIndexLocked(files, opening.indexDirectory)) throw await lockedByOther(files, directory)
    // Whatever comes in between the next steps, a start finds that something is missing, until the last of them is done.
    // Nobody knows what was written under the lost one.
    if (!hasFormat) await writeFormat(files, directory, storeFormat, opening.madeBy)
    if (identity.file.findings.length === 0) await identity.lost(unfinishedFinding)
    await installNewIndex(opening)
  } catch (error) {
    // What led here says more than what may go wrong here.
    await dropNewIndex(opening).catch(() => undefined)
    throw error
  }
  await replaceSegments(opening, identity.file.salt, built.damagedSegments, built.end.sequence)
  await identity.recovered(built.end.sequence)
  return built.records
}

interface BuiltIndex {
  readonly records: number
  readonly end: JournalPosition
  /** What gives way to empty segments once the index does not ask for it any more. */
  readonly damagedSegments: readonly number[]
}

/** Fills the new index beside the old one; it is closed and durable when this resolves. Nothing else is touched. */
async function fillIndex(
  opening: Opening,
  target: LevelIndex,
  identity: StoreIdentityFile,
  source: string | undefined,
  note: (finding: string) => void,
): Promise<BuiltIndex> {
  const { files } = opening
  const { salt, provenThrough } = identity.file
  try {
    const salvage = new RecordSalvage({ opening, salt, target, note })
    let isWhole = true
    const noteOfIndex = (finding: string) => {
      isWhole = false
      note(finding)
    }
    if (source === undefined) note('index: the folder is missing')
    else await salvage.copyIndex(readLayers({ files, folder: source, note: noteOfIndex }), () => isWhole)
    await salvage.replayNewestRun()
    await salvage.dropUnreadablePayloads()
    const recount = await recountRecords(target)
    const damagedSegments = await findDamagedSegments(opening, salt, recount.liveBytes)
    const end = await journalEnd(opening, Math.max(salvage.highestSequence, provenThrough), damagedSegments)
    const records = await writeStanding(target, end, recount)
    await target.flushToTables()
    return { records, end, damagedSegments }
  } finally {
    await target.close()
  }
}

/** A new index takes about as much as the old one and what is to be replayed into it. */
async function assertRoom({ files, directory, limits, reserve }: Opening, source: string | undefined): Promise<void> {
  let bytes = limits.indexWriteBufferBytes
  for (const name of source === undefined ? [] : ((await files.list(source)) ?? [])) {
    // A size that cannot be read is told by who reads the file.
    bytes += await files.fileSize(join(source ?? '', name)).catch(() => 0)
  }
  if ((await files.freeBytes(directory)) >= bytes) return
  await reserve.giveUp()
  const freeBytes = await files.freeBytes(directory)
  if (freeBytes >= bytes) return
  const text = `${directory}: the new index may take ${bytes} bytes and the disk has ${freeBytes} left; nothing was changed`
  throw new CodedError('storage-full', text, { details: { bytes, freeBytes } })
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
async function journalEnd(opening: Opening, sequence: number, replaced: readonly number[]): Promise<JournalPosition> {
  const { files, journalDirectory } = opening
  const last = (await listSegments(opening)).at(-1)
  if (last === undefined) return { segment: 0, offset: 0, sequence }
  const size = replaced.includes(last) ? segmentHeaderBytes : await files.fileSize(join(journalDirectory, segmentName(last)))
  return { segment: last, offset: size, sequence }
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
