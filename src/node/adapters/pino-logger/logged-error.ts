import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'

const causesMax = 4

/** Codes whose messages speak about the node itself. The others answer a caller, and may name the caller's own key. */
const codesOfTheNode: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'store-read-only',
  'not-running',
  'outcome-unknown',
  'storage-full',
  'internal',
  'config-invalid',
  'port-in-use',
  'unsafe-bind',
  'store-locked',
  'store-newer-format',
  'store-unwritable',
  'store-damaged',
  'key-unavailable',
])

/** An error as it may be logged: a message only where it cannot name a user's key, then code, details, frames and causes. */
export function loggedError(error: unknown, depth = 0): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { type: typeof error }
  const coded = error instanceof CodedError ? { code: error.code, ...detailsOf(error) } : systemCodeOf(error)
  const speaks = !(error instanceof CodedError) || codesOfTheNode.has(error.code)
  const cause = error.cause !== undefined && depth < causesMax ? { cause: loggedError(error.cause, depth + 1) } : {}
  return { type: error.name, ...coded, ...(speaks && { message: error.message }), stack: framesOf(error), ...cause }
}

function detailsOf(error: CodedError): Readonly<Record<string, unknown>> {
  const entries = Object.entries(error.details).map(([name, value]) => [name, typeof value === 'bigint' ? `${value}` : value])
  return entries.length === 0 ? {} : { details: Object.fromEntries(entries) }
}

function systemCodeOf(error: Error): Readonly<Record<string, unknown>> {
  return 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
}

/** The stack without its first lines, which repeat the message. */
function framesOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n')
  return lines.filter((line) => /^\s+at /.test(line)).join('\n')
}
