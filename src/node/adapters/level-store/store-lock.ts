/**
 * One opener per directory. LevelDB's lock is an fcntl lock, which a process loses as soon as anything in it opens and closes the
 * lock file, so openers in this process are kept apart by a set and nobody ever opens that file.
 */

import { CodedError } from '../../../shared/coded-error.ts'
import type { Files } from './files.ts'
import { readPid } from './store-files.ts'

const openDirectories = new Set<string>()

export interface StoreLock {
  release(): void
}

/** `directory` is a real path. */
export function lockInProcess(directory: string): StoreLock {
  if (openDirectories.has(directory)) throw lockedError(directory, process.pid)
  openDirectories.add(directory)
  return { release: () => void openDirectories.delete(directory) }
}

export async function lockedByOther(files: Files, directory: string): Promise<CodedError> {
  return lockedError(directory, await readPid(files, directory))
}

export function lockedByRecovery(directory: string): CodedError {
  return new CodedError('store-locked', `another process recovers ${directory}`, { details: { directory } })
}

function lockedError(directory: string, pid: number | undefined): CodedError {
  const holder = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`
  return new CodedError('store-locked', `${directory} is in use by ${holder}`, {
    details: { directory, ...(pid !== undefined && { pid }) },
  })
}
