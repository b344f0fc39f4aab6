import { ORPCError, ValidationError } from '@orpc/server'
import type { Failure } from '../../../ipc/contract/common-schemas.ts'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'

/** Codes after which the same call may succeed a moment later, with nothing changed by the first. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set(['contended', 'queue-full', 'not-running', 'unavailable'])
/** Codes that leave open whether a change was made. */
const unknownOutcomes: ReadonlySet<ErrorCode> = new Set(['cancelled', 'deadline-exceeded', 'outcome-unknown'])

export interface FailureFacts {
  /** Whether the call may have changed something. */
  readonly changes: boolean
  /** Logs an unexpected error and gives the id under which the log has it. */
  readonly report: (error: unknown) => string
}

/** What a screen hears of an error: its code and message, or for a bug a number under which the log has the rest. */
export function failureOf(error: unknown, facts: FailureFacts): Failure {
  const coded = codedErrorOf(error)
  if (coded === undefined || coded.code === 'internal') {
    const correlationId = facts.report(withoutValues(error))
    const message = `internal error, in the node's log as ${correlationId}`
    return { code: 'internal', message, retryable: false, details: {}, correlationId }
  }
  const { code, message } = coded
  const details = Object.fromEntries(Object.entries(coded.details).map(([name, value]) => [name, String(value)]))
  if (facts.changes && unknownOutcomes.has(code)) details.outcome = 'unknown'
  return { code, message, retryable: retryableCodes.has(code), details }
}

/** A code that something was refused by, where it was foreseen. */
function codedErrorOf(error: unknown): CodedError | undefined {
  if (error instanceof CodedError) return error
  if (!(error instanceof ORPCError)) return undefined
  if (error.code === 'BAD_REQUEST') return refusedInput(error)
  return undefined
}

interface InputIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
  /** Of a limit of the wire, its name. */
  readonly params?: { readonly limit?: unknown; readonly maximum?: unknown } | undefined
}

function refusedInput({ cause, message }: { readonly cause?: unknown; readonly message: string }): CodedError {
  const issue: InputIssue | undefined = cause instanceof ValidationError ? cause.issues[0] : undefined
  if (issue === undefined) return new CodedError('invalid-argument', message)
  const field = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  const text = field === '' ? issue.message : `${field}: ${issue.message}`
  const { limit, maximum } = issue.params ?? {}
  if (typeof limit !== 'string') return new CodedError('invalid-argument', text, { details: { field } })
  return new CodedError('limit-exceeded', `${text} (${limit})`, { details: { field, limit, maximum: String(maximum) } })
}

/** A failed validation holds what was validated, which may be keys and values: only the places of its issues are logged. */
function withoutValues(error: unknown): unknown {
  const cause = error instanceof ORPCError ? error.cause : error
  if (!(cause instanceof ValidationError)) return error
  const places = cause.issues.map(({ path, message }: InputIssue) => `${(path ?? []).map(String).join('.')}: ${message}`)
  return new Error(`${cause.message}: ${places.slice(0, 5).join('; ')}`)
}
