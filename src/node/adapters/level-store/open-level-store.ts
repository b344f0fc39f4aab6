/** Opens a data directory: format, lock, index, journal, in this order. */

import { isCoded } from '../../../shared/coded-error.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import { enterDirectory, openIndex } from './enter-directory.ts'
import { isRebuilding } from './index-folders.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { ensureSoundIndex } from './rebuild-index.ts'
import { resumeStore } from './resume-store.ts'
import { damaged, indexName, readStoreFile, writeFormat, writePid } from './store-files.ts'
import { StoreIdentityFile } from './store-identity.ts'
import { lockedByRecovery } from './store-lock.ts'
import { wireStore } from './wire-store.ts'

export function openLevelStore(options: LevelStoreOptions): Promise<RecordStore> {
  return enterDirectory(options, async ({ opening, hasFormat, leave }) => {
    const { files, directory, format, madeBy } = opening
    if (!hasFormat) await writeFormat(files, directory, format, madeBy)
    return await openLocked(opening, leave)
  })
}

async function openLocked(opening: Opening, unlock: () => void): Promise<RecordStore> {
  const { files, directory, journalDirectory } = opening
  if (await isRebuilding(opening)) throw lockedByRecovery(directory)
  await files.makeDirectory(journalDirectory)
  // The segments first: whoever made one had written the identity before it.
  const hasSegments = (await listSegments(opening)).length > 0
  const before = await readStoreFile(files, directory)
  if (before === undefined && hasSegments) throw damaged(directory, 'store', 'the file is missing')
  if (before !== undefined) await ensureSoundIndex(opening, before)
  const index = await openIndex(opening, before === undefined)
  try {
    opening.locked?.()
    await writePid(files, directory, process.pid)
    // Read again under the lock: another process may have been at work in between.
    const file = await readStoreFile(files, directory)
    const identity = new StoreIdentityFile(opening, file)
    const resumed = await resumeStore(opening, index, identity, await listSegments(opening))
    return await wireStore(opening, index, resumed, unlock)
  } catch (error) {
    await index.close()
    throw isCoded(error, 'data-corrupt') ? damaged(directory, indexName, error.message, error) : error
  }
}
