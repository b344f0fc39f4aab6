/** Opens a data directory: format, lock, index, journal, in this order. */

import { dirname, join, resolve } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { Files } from './files.ts'
import { systemCode } from './files.ts'
import { LevelIndex } from './index/level-index.ts'
import { nodeFiles } from './node-files.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { listSegments } from './opening.ts'
import { resumeStore } from './resume-store.ts'
import { checkFormat, damaged, indexName, journalName, readStoreFile, unwritable, writeFormat, writePid } from './store-files.ts'
import { StoreIdentityFile } from './store-identity.ts'
import { lockedByOther, lockInProcess } from './store-lock.ts'
import { wireStore } from './wire-store.ts'

export async function openLevelStore(options: LevelStoreOptions): Promise<RecordStore> {
  const files = options.files ?? nodeFiles
  try {
    const known = await checkFormat(files, options.directory)
    await makeDirectoryDurably(files, resolve(options.directory))
    const directory = await files.realPath(options.directory)
    const lock = lockInProcess(directory)
    try {
      const opening = {
        ...options,
        directory,
        files,
        journalDirectory: join(directory, journalName),
        indexDirectory: join(directory, indexName),
      }
      if (!known) await writeFormat(files, directory, options.madeBy ?? 'memo')
      return await openLocked(opening, () => lock.release())
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    throw unwritable(options.directory, error)
  }
}

/** The entries of a new directory and of those above it that are new too survive a power loss as well. */
async function makeDirectoryDurably(files: Files, directory: string): Promise<void> {
  if ((await files.list(directory)) !== undefined) return
  const above = dirname(directory)
  await makeDirectoryDurably(files, above)
  await files.makeDirectory(directory)
  await files.syncDirectory(above)
}

async function openLocked(opening: Opening, unlock: () => void): Promise<RecordStore> {
  const { files, directory, journalDirectory } = opening
  await files.makeDirectory(journalDirectory)
  const before = await readStoreFile(files, directory)
  const segments = await listSegments(opening)
  if (before === undefined && segments.length > 0) throw damaged(directory, 'store', 'the file is missing')
  const index = await openIndex(opening, before === undefined)
  try {
    await writePid(files, directory, process.pid)
    // Read again under the lock: another process may have been at work in between.
    const file = await readStoreFile(files, directory)
    const resumed = await resumeStore(opening, index, new StoreIdentityFile(opening, file), segments)
    return await wireStore(opening, index, resumed, unlock)
  } catch (error) {
    await index.close()
    throw isCoded(error, 'data-corrupt') ? damaged(directory, indexName, error.message, error) : error
  }
}

async function openIndex({ files, directory, indexDirectory, limits }: Opening, createIfMissing: boolean): Promise<LevelIndex> {
  const index = new LevelIndex(indexDirectory, {
    cacheBytes: limits.indexCacheBytes,
    writeBufferBytes: limits.indexWriteBufferBytes,
  })
  try {
    await index.open(createIfMissing)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    if (systemCode(cause) === 'LEVEL_LOCKED') throw await lockedByOther(files, directory)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw damaged(directory, indexName, `LevelDB does not open it: ${reason}`, error)
  }
  return index
}
