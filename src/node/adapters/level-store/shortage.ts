/** What the system denies for a while and nobody has to mend in the store: room on the disk, file descriptors, memory. */

import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { systemCode } from './files.ts'
import { isFullCode } from './store-files.ts'

const starvedCodes = new Set(['EMFILE', 'ENFILE', 'ENOMEM'])

export function isStarvedCode(code: string | undefined): boolean {
  return code !== undefined && starvedCodes.has(code)
}

/** What a caller is told: it may try again. */
export function starved(cause?: unknown): CodedError {
  const message = 'the system has no file descriptor or memory left for the store; try again later'
  return new CodedError('queue-full', message, cause === undefined ? {} : { cause })
}

/** The error as `storage-full` or `queue-full`; undefined where it is anything else, which does not pass by itself. */
export function shortageOf(error: unknown): CodedError | undefined {
  if (isCoded(error, 'storage-full') || isCoded(error, 'queue-full')) return error
  const code = systemCode(error)
  if (isStarvedCode(code)) return starved(error)
  return isFullCode(code) ? new CodedError('storage-full', 'the disk is full', { cause: error }) : undefined
}
