import type { ErrorCode } from '../../shared/coded-error.ts'
import { CodedError } from '../../shared/coded-error.ts'

/** What a script learns from the end of a command. Documented in docs/CLI.md; numbers never change their meaning. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unavailable: 5,
  denied: 6,
  corrupt: 7,
  full: 8,
  outcomeUnknown: 9,
  dataDirectory: 10,
  portInUse: 11,
  writeFailed: 12,
} as const

const exitCodeOfError: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': exitCodes.usage,
  'config-invalid': exitCodes.usage,
  'unsafe-bind': exitCodes.usage,
  'range-not-satisfiable': exitCodes.usage,
  'key-not-found': exitCodes.notFound,
  'block-not-found': exitCodes.notFound,
  'store-not-found': exitCodes.notFound,
  'key-already-exists': exitCodes.conflict,
  'block-already-exists': exitCodes.conflict,
  'version-conflict': exitCodes.conflict,
  'revision-changed': exitCodes.conflict,
  'request-too-old': exitCodes.conflict,
  contended: exitCodes.conflict,
  'not-running': exitCodes.unavailable,
  unavailable: exitCodes.unavailable,
  unauthenticated: exitCodes.denied,
  'permission-denied': exitCodes.denied,
  'signature-invalid': exitCodes.denied,
  'data-corrupt': exitCodes.corrupt,
  'limit-exceeded': exitCodes.full,
  'queue-full': exitCodes.full,
  'storage-full': exitCodes.full,
  'store-read-only': exitCodes.full,
  cancelled: exitCodes.outcomeUnknown,
  'deadline-exceeded': exitCodes.outcomeUnknown,
  'outcome-unknown': exitCodes.outcomeUnknown,
  'store-locked': exitCodes.dataDirectory,
  'store-newer-format': exitCodes.dataDirectory,
  'store-unwritable': exitCodes.dataDirectory,
  'store-damaged': exitCodes.dataDirectory,
  'key-unavailable': exitCodes.dataDirectory,
  'port-in-use': exitCodes.portInUse,
  internal: exitCodes.failure,
}

export function exitCodeOf(error: unknown): number {
  return error instanceof CodedError ? exitCodeOfError[error.code] : exitCodes.failure
}
