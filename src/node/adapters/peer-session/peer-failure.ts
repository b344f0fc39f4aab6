import type { ErrorDetails } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { PeerFailure } from './peer-frame.ts'

/** Members and letters of the details that travel, and letters of a message, which are at most three bytes each. */
export const failureDetailsMax = 8
export const failureTextMax = 256
export const failureMessageMax = 340

/** What the other end is told. Errors without a code are bugs, of which it learns nothing. */
export function failureOf(error: unknown): PeerFailure {
  if (!(error instanceof CodedError)) return { code: 'internal', message: 'the node met an error of its own', details: {} }
  return { code: error.code, message: error.message.slice(0, failureMessageMax), details: plainDetails(error.details) }
}

export function errorOf(failure: PeerFailure): CodedError {
  return new CodedError(failure.code, failure.message, { details: failure.details })
}

/** What a caller is told that waits no more: the reason of its signal where that has a code. */
export function abortError(signal: AbortSignal): CodedError {
  const reason: unknown = signal.reason
  return reason instanceof CodedError ? reason : new CodedError('cancelled', 'the caller waits no more', { cause: reason })
}

export function unavailable(message: string, details: ErrorDetails = {}): CodedError {
  return new CodedError('unavailable', message, { details })
}

function plainDetails(details: ErrorDetails): ErrorDetails {
  const fits = Object.entries(details).filter(
    ([name, value]) =>
      name.length <= failureTextMax &&
      (typeof value === 'string' ? value.length <= failureTextMax : typeof value === 'number' && Number.isFinite(value)),
  )
  return Object.fromEntries(fits.slice(0, failureDetailsMax))
}
