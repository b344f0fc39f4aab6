import { isDefinedError, ORPCError } from '@orpc/client'
import type { Failure } from '../../ipc/contract/common-schemas.ts'
import { failureSchema } from '../../ipc/contract/common-schemas.ts'
import { CodedError } from '../../shared/coded-error.ts'

function plain(code: Failure['code'], message: string, retryable: boolean): Failure {
  return { code, message, retryable, details: {} }
}

/** Every error that a call can end with, as the one shape that screens show. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ORPCError && isDefinedError(error)) {
    const parsed = failureSchema.safeParse(error.data)
    if (parsed.success) return parsed.data
  }
  if (error instanceof CodedError) return plain(error.code, error.message, error.code === 'not-running')
  if (error instanceof DOMException && error.name === 'AbortError') return plain('cancelled', 'The call was cancelled.', true)
  if (error instanceof ORPCError) return plain('internal', error.message, false)
  return plain('internal', error instanceof Error ? error.message : String(error), false)
}
