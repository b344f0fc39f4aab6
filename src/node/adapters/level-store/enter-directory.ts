/** The way into a data directory: whose format it is, and that nobody else is in it. */

import { dirname, join, resolve } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import type { Files } from './files.ts'
import { systemCode } from './files.ts'
import { LevelIndex } from './index/level-index.ts'
import { nodeFiles } from './node-files.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { checkFormat, damaged, indexName, journalName, unwritable } from './store-files.ts'
import { lockedByOther, lockInProcess } from './store-lock.ts'

export interface EnterOptions extends LevelStoreOptions {
  /** Go on where FORMAT is damaged. */
  readonly repairFormat?: boolean
}

export interface Entered {
  readonly opening: Opening
  /** False where nothing was kept yet. */
  readonly hasFormat: boolean
  /** Lets the next one in. */
  readonly leave: () => void
}

/** The directory is left when `run` fails; when it succeeds, `run` has seen to it that somebody leaves it later. */
export async function enterDirectory<Result>(options: EnterOptions, run: (entered: Entered) => Promise<Result>): Promise<Result> {
  const files = options.files ?? nodeFiles
  try {
    const hasFormat = await formatOf(files, options)
    await makeDirectoryDurably(files, resolve(options.directory))
    const directory = await files.realPath(options.directory)
    const lock = lockInProcess(directory)
    try {
      const journalDirectory = join(directory, journalName)
      const opening = { ...options, directory, files, journalDirectory, indexDirectory: join(directory, indexName) }
      return await run({ opening, hasFormat, leave: () => lock.release() })
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    throw unwritable(options.directory, error)
  }
}

/** What FORMAT says; a recovery may find it lost and writes it anew. */
async function formatOf(files: Files, { directory, repairFormat = false }: EnterOptions): Promise<boolean> {
  try {
    return await checkFormat(files, directory)
  } catch (error) {
    if (repairFormat && isCoded(error, 'store-damaged')) return false
    throw error
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

export async function openIndex(
  { files, directory, indexDirectory, limits }: Opening,
  createIfMissing: boolean,
): Promise<LevelIndex> {
  if (createIfMissing) await files.makeDirectory(indexDirectory) // LevelDB would let everybody read it
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
