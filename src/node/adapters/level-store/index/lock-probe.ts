/** Whether some process has a LevelDB open, asked without opening it: LevelDB takes its lock before it looks at anything else. */

import { ClassicLevel } from 'classic-level'
import type { Files } from '../files.ts'
import { levelFailure } from './level-failure.ts'

export async function isIndexLocked(files: Files, folder: string): Promise<boolean> {
  // LevelDB would make a folder that is missing.
  if ((await files.list(folder)) === undefined) return false
  const options = { createIfMissing: false, errorIfExists: true }
  const probe = new ClassicLevel(folder, options)
  try {
    await probe.open(options)
    await probe.close()
    return false
  } catch (error) {
    return levelFailure(folder, error).kind === 'locked'
  }
}
