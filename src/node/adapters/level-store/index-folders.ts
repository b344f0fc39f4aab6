/** The index in place, the one that is being built, and those that were set aside. */

import { join } from 'node:path'
import { openIndex } from './enter-directory.ts'
import type { LevelIndex } from './index/level-index.ts'
import { isIndexLocked } from './index/lock-probe.ts'
import type { Opening } from './opening.ts'
import { indexName } from './store-files.ts'
import { lockedByOther } from './store-lock.ts'

const newIndexName = `${indexName}.new`
const damagedPattern = /^index\.damaged-(\d+)$/

/** Where there is an index to read from: in its place, or set aside by a rebuild that was cut short. Undefined where there is none. */
export async function findIndex(opening: Opening): Promise<string | undefined> {
  const { files, directory, indexDirectory } = opening
  if ((await files.list(indexDirectory)) !== undefined) return indexDirectory
  const newest = await newestDamaged(opening)
  return newest === undefined ? undefined : join(directory, damagedName(newest))
}

/** Whether a rebuild of another process is under way: its new index is open. */
export function isRebuilding({ files, directory }: Pick<Opening, 'files' | 'directory'>): Promise<boolean> {
  return isIndexLocked(files, join(directory, newIndexName))
}

/** An empty index beside the place of the index. */
export async function openNewIndex(opening: Opening): Promise<LevelIndex> {
  const { files, directory } = opening
  const folder = join(directory, newIndexName)
  if (await isIndexLocked(files, folder)) throw await lockedByOther(files, directory)
  await files.removeDirectory(folder)
  try {
    return await openIndex({ ...opening, indexDirectory: folder }, true)
  } catch (error) {
    await files.removeDirectory(folder)
    throw error
  }
}

/**
 * The new index, whole and closed, takes the place of the old one, which is set aside. Between the two renames there is no index, and
 * no start goes on; a rebuild then reads the one that was set aside last. Where the second fails the old one is put back.
 */
export async function installNewIndex(opening: Opening): Promise<void> {
  const { files, directory, indexDirectory } = opening
  const aside = join(directory, damagedName(((await newestDamaged(opening)) ?? 0) + 1))
  const hadIndex = (await files.list(indexDirectory)) !== undefined
  if (hadIndex) await files.rename(indexDirectory, aside)
  try {
    await files.rename(join(directory, newIndexName), indexDirectory)
  } catch (error) {
    if (hadIndex) await files.rename(aside, indexDirectory)
    throw error
  }
  await files.syncDirectory(directory)
}

/** What a rebuild that failed leaves behind is only in the way of those who need the room. */
export async function dropNewIndex({ files, directory }: Opening): Promise<void> {
  await files.removeDirectory(join(directory, newIndexName))
}

function damagedName(number: number): string {
  return `${indexName}.damaged-${number}`
}

async function newestDamaged({ files, directory }: Opening): Promise<number | undefined> {
  const numbers = ((await files.list(directory)) ?? []).flatMap((name) => {
    const matched = damagedPattern.exec(name)
    return matched === null ? [] : [Number(matched[1])]
  })
  return numbers.length === 0 ? undefined : Math.max(...numbers)
}
