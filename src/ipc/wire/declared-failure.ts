import { ORPCError } from '@orpc/client'
import type { CodedError } from '../../shared/coded-error.ts'
import type { Failure } from '../contract/common-schemas.ts'
import { declaredErrors } from '../contract/common-schemas.ts'

/** A refusal of the wire itself, in the one shape that every failed call has. */
export function declaredFailure(
  { code, message, details }: Pick<CodedError, 'code' | 'message' | 'details'>,
  retryable: boolean,
): ORPCError<'FAILED', Failure> {
  const texts = Object.fromEntries(Object.entries(details).map(([name, value]) => [name, String(value)]))
  const data: Failure = { code, message, retryable, details: texts }
  return new ORPCError('FAILED', { defined: true, status: declaredErrors.FAILED.status, message, data })
}
