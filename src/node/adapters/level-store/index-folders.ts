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

/**
 * Sets the index in place aside. Its new name, or that of the index which a rebuild that was cut short had set aside; undefined
 * where there is neither.
 */
export async function setIndexAside(opening: Opening): Promise<string | undefined> {
  const { files, directory, indexDirectory } = opening
  const newest = await newestDamaged(opening)
  if ((await files.list(indexDirectory)) === undefined) return newest === undefined ? undefined : damagedName(newest)
  const aside = damagedName((newest ?? 0) + 1)
  await files.rename(indexDirectory, join(directory, aside))
  await files.syncDirectory(directory)
  return aside
}

/** An empty index beside the place of the index. */
export async function openNewIndex(opening: Opening): Promise<LevelIndex> {
  const { files, directory } = opening
  const folder = join(directory, newIndexName)
  if (await isIndexLocked(files, folder)) throw await lockedByOther(files, directory)
  for (const name of (await files.list(folder)) ?? []) await files.unlink(join(folder, name))
  return openIndex({ ...opening, indexDirectory: folder }, true)
}

export async function installNewIndex({ files, directory, indexDirectory }: Opening): Promise<void> {
  await files.rename(join(directory, newIndexName), indexDirectory)
  await files.syncDirectory(directory)
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
