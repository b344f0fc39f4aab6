/**
 * Accepts what a damaged store has lost and makes it sound again. The index is built anew: every record of the old one that
 * verifies, then the frames of the newest unbroken run of segments wherever they are newer. Older segments are not replayed: a
 * removal that came after them may lie in a segment that was reclaimed, and what was removed must not come back.
 *
 * The new index takes the old one's place in one rename; the identity, with a new store id, comes last.
 */

import { join } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import { enterDirectory, openIndex } from './enter-directory.ts'
import type { Files } from './files.ts'
import type { JournalPosition } from './index/index-state.ts'
import { encodeLiveBytes, encodeMarker, liveKey, markerKey } from './index/index-state.ts'
import type { LevelIndex } from './index/level-index.ts'
import { recountRecords } from './index/recount.ts'
import { saltOfHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { RecordSalvage } from './record-salvage.ts'
import type { StoreFile } from './store-files.ts'
import { damaged, identityName, indexName, readStoreFile, writeFormat } from './store-files.ts'
import { StoreIdentityFile } from './store-identity.ts'

export interface RecoveryReport {
  readonly storeId: Uint8Array
  readonly records: number
  /** What was found missing or damaged, and is given up. */
  readonly findings: readonly string[]
}

const newIndexName = `${indexName}.new`
const damagedIndexPattern = /^index\.damaged-(\d+)$/

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
  const source = await sourceIndex(opening, note)
  await removeFolder(files, join(directory, newIndexName))
  const target = await openIndex({ ...opening, indexDirectory: join(directory, newIndexName) }, true)
  let end: JournalPosition
  let records = 0
  try {
    const salvage = new RecordSalvage({ opening, salt: identity.file.salt, target, note })
    if (source !== undefined) await salvage.copyIndex(source)
    await salvage.replayNewestRun()
    await salvage.dropUnreadablePayloads()
    end = await journalEnd(opening, Math.max(salvage.highestSequence, identity.file.provenThrough))
    records = await writeStanding(target, end)
    await target.flushToTables()
  } finally {
    await target.close()
    await source?.close()
  }
  await swapIndex(opening)
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
    const file = await files.open(join(journalDirectory, segmentName(segment)), 'read')
    const bytes = Buffer.alloc(segmentHeaderBytes)
    await file.read(bytes, 0)
    await file.close()
    const salt = saltOfHeader(segment, bytes)
    if (salt === undefined) continue
    return { storeId: opening.random.bytes(16), salt, bootCount: 0, provenThrough: 0, findings: [] }
  }
  throw damaged(directory, identityName, 'the file is lost and no segment of the journal says whose it is')
}

/** The index to copy from: the one in place, or the one set aside by a recovery that was cut short. */
async function sourceIndex(opening: Opening, note: (finding: string) => void): Promise<LevelIndex | undefined> {
  const { files, directory, indexDirectory } = opening
  const aside = await newestDamagedIndex(opening)
  const inPlace = (await files.list(indexDirectory)) !== undefined
  const source = inPlace || aside === undefined ? indexDirectory : join(directory, `${indexName}.damaged-${aside}`)
  try {
    return await openIndex({ ...opening, indexDirectory: source }, false)
  } catch (error) {
    if (!isCoded(error, 'store-damaged')) throw error
    note(error.message)
    return undefined
  }
}

async function newestDamagedIndex({ files, directory }: Opening): Promise<number | undefined> {
  const numbers = ((await files.list(directory)) ?? []).flatMap((name) => {
    const matched = damagedIndexPattern.exec(name)
    return matched === null ? [] : [Number(matched[1])]
  })
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}

async function swapIndex(opening: Opening): Promise<void> {
  const { files, directory, indexDirectory } = opening
  const number = ((await newestDamagedIndex(opening)) ?? 0) + 1
  if ((await files.list(indexDirectory)) !== undefined) {
    await files.rename(indexDirectory, join(directory, `${indexName}.damaged-${number}`))
  }
  await files.rename(join(directory, newIndexName), indexDirectory)
  await files.syncDirectory(directory)
}

/** Behind the last segment: the next frame opens a new one, so nothing damaged is ever written to. */
async function journalEnd(opening: Opening, sequence: number): Promise<JournalPosition> {
  const { files, journalDirectory } = opening
  const last = (await listSegments(opening)).at(-1)
  if (last === undefined) return { segment: 0, offset: 0, sequence }
  return { segment: last, offset: await files.fileSize(join(journalDirectory, segmentName(last))), sequence }
}

async function writeStanding(target: LevelIndex, end: JournalPosition): Promise<number> {
  const { families, liveBytes } = await recountRecords(target)
  const live = [...liveBytes].map(([segment, bytes]) => ({
    key: liveKey(segment),
    value: encodeLiveBytes(segment, end.sequence, bytes),
  }))
  const marker = encodeMarker({ marker: 1, start: end, end, tabledMarker: 1, families })
  await target.write([...live, { key: markerKey(1), value: marker }])
  return families.reduce((sum, { records }) => sum + records, 0)
}

async function removeFolder(files: Files, folder: string): Promise<void> {
  for (const name of (await files.list(folder)) ?? []) await files.unlink(join(folder, name))
}
