/**
 * What an error of LevelDB means. It passes on the words of the system without their code, so the words are looked up here and
 * nowhere else: a disk without room and missing rights say nothing of the files.
 */

import { CodedError, isCoded } from '../../../../shared/coded-error.ts'
import { systemCode } from '../files.ts'
import { isStarvedCode, starved } from '../shortage.ts'
import { unwritable } from '../store-files.ts'

const damageCodes = new Set(['LEVEL_CORRUPTION', 'LEVEL_IO_ERROR'])
const wordsOfCodes: readonly (readonly [RegExp, string])[] = [
  [/^no space left on device|^there is not enough space on the disk/i, 'ENOSPC'],
  [/quota exceeded/i, 'EDQUOT'],
  [/^file too large/i, 'EFBIG'],
  [/^permission denied|^access is denied/i, 'EACCES'],
  [/^operation not permitted/i, 'EPERM'],
  [/^read-only file system/i, 'EROFS'],
  [/^too many open files in system/i, 'ENFILE'],
  [/^too many open files/i, 'EMFILE'],
  [/^cannot allocate memory/i, 'ENOMEM'],
]

/** LevelDB names the key of a record that it misread, byte for byte; a user's key is nobody else's business. */
const keyOfRecord = /(corrupted key) for .*/s

/** `store-damaged` is for the caller to make of `damage`, who knows whether a start can go on. */
export type LevelFailure =
  | { readonly kind: 'locked' }
  | { readonly kind: 'refused'; readonly code: string; readonly error: unknown }
  | { readonly kind: 'damage'; readonly reason: string }
  | { readonly kind: 'other'; readonly reason: string }

/** `refused`: the system denied room, rights or files. */
export function levelFailure(directory: string, error: unknown): LevelFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = cause instanceof Error ? cause.message : String(cause)
  const code = systemCode(cause) ?? ''
  if (code === 'LEVEL_LOCKED') return { kind: 'locked' }
  // What is read at once is thrown without a code.
  if (!damageCodes.has(code) && !/^(IO error|Corruption):/.test(reason)) return { kind: 'other', reason }
  const words = reason.slice(reason.lastIndexOf(': ') + 2)
  const denied = wordsOfCodes.find(([pattern]) => pattern.test(words))?.[1]
  if (denied === undefined) return { kind: 'damage', reason }
  return { kind: 'refused', code: denied, error: unwritable(directory, error, denied) }
}

/** LevelDB found its files damaged or one of them gone. A failed read or write of a file that is there is none of this. */
export function isCorruption(error: unknown): boolean {
  if (!isCoded(error, 'data-corrupt')) return false
  const reason = error.cause instanceof Error ? error.cause.message : ''
  return systemCode(error.cause) === 'LEVEL_CORRUPTION' || /^Corruption:|: No such file or directory$/.test(reason)
}

/** What a reader or writer of an open index throws. */
export function thrownOfLevel(directory: string, error: unknown): unknown {
  const failure = levelFailure(directory, error)
  if (failure.kind === 'refused') return isStarvedCode(failure.code) ? starved(failure.error) : failure.error
  if (failure.kind !== 'damage') {
    const isClosed = systemCode(error) === 'LEVEL_DATABASE_NOT_OPEN'
    return isClosed ? new CodedError('not-running', 'the index is closed', { cause: error }) : error
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = failure.reason.replace(keyOfRecord, '$1')
  const named = reason === failure.reason ? cause : Object.assign(new Error(reason), { code: systemCode(cause) })
  return new CodedError('data-corrupt', `index: LevelDB reports damage: ${reason}`, { cause: named })
}
