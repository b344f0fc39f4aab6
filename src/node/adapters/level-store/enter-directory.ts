/** The way into a data directory: whose format it is, and that nobody else is in it. */

import { dirname, join, resolve } from 'node:path'
import { isCoded } from '../../../shared/coded-error.ts'
import { isDiskShort, reserveBytesOf } from './capacity.ts'
import type { Files } from './files.ts'
import { levelFailure } from './index/level-failure.ts'
import { LevelIndex } from './index/level-index.ts'
import { isIndexLocked } from './index/lock-probe.ts'
import { nodeFiles } from './node-files.ts'
import type { LevelStoreOptions, Opening } from './opening.ts'
import { ReserveFile } from './reserve-file.ts'
import { checkFormat, damaged, indexName, journalName, unwritable } from './store-files.ts'
import { firstStoreFormat } from './store-format.ts'
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
    const format = await formatOf(files, options)
    await makeDirectoryDurably(files, resolve(options.directory))
    const directory = await files.realPath(options.directory)
    const lock = lockInProcess(directory)
    try {
      const journalDirectory = join(directory, journalName)
      const reserve = await openReserve(files, directory, options)
      const indexDirectory = join(directory, indexName)
      const places = { directory, files, journalDirectory, indexDirectory }
      const opening = { ...options, ...places, reserve, format: format ?? firstStoreFormat }
      return await run({ opening, hasFormat: format !== undefined, leave: () => lock.release() })
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    throw unwritable(options.directory, error)
  }
}

/** Given up where the disk has no room for what a start writes. */
async function openReserve(
  files: Files,
  directory: string,
  { random, limits, byteLimit, events }: EnterOptions,
): Promise<ReserveFile> {
  const bytes = reserveBytesOf(byteLimit, limits.storeReserveBytes)
  const onGivenUp = (given: number) => events.reserveGivenUp({ bytes: given })
  const reserve = await ReserveFile.find({ files, directory, random, bytes, onGivenUp })
  if (reserve.heldBytes === 0 || !(await isDiskShort(files, directory, limits.storeReserveBytes))) return reserve
  // It may be the reserve of somebody who has the store open.
  if (!(await isIndexLocked(files, join(directory, indexName)))) await reserve.giveUp()
  return reserve
}

/** What FORMAT says; a recovery may find it lost and writes it anew. */
async function formatOf(files: Files, { directory, repairFormat = false }: EnterOptions): Promise<number | undefined> {
  try {
    return await checkFormat(files, directory)
  } catch (error) {
    if (repairFormat && isCoded(error, 'store-damaged')) return undefined
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
    const failure = levelFailure(directory, error)
    if (failure.kind === 'locked') throw await lockedByOther(files, directory)
    if (failure.kind === 'refused') throw failure.error
    throw damaged(directory, indexName, `LevelDB does not open it: ${failure.reason}`, error)
  }
  return index
}
