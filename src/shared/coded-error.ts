/**
 * Every way in which a call to a service of memo can fail. The faces map each code to their own wire exactly once
 * (gRPC: src/node/api/grpc/status-of.ts), so a new code without a row there does not compile.
 */
export const errorCodes = [
  // the caller's request
  'invalid-argument',
  'key-not-found',
  'key-already-exists',
  'block-not-found',
  'block-already-exists',
  'store-not-found',
  'version-conflict',
  'revision-changed',
  'range-not-satisfiable',
  'request-too-old',
  'contended',
  'unauthenticated',
  'permission-denied',
  'signature-invalid',
  'limit-exceeded',
  'queue-full',
  'storage-full',
  'cancelled',
  'deadline-exceeded',
  'outcome-unknown',
  // the cluster's state
  'unavailable',
  // the node's state
  'data-corrupt',
  'store-read-only',
  'not-running',
  'internal',
  // starting up
  'config-invalid',
  'port-in-use',
  'unsafe-bind',
  'store-locked',
  'store-newer-format',
  'store-unwritable',
  'store-damaged',
  'key-unavailable',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** Facts that may be logged and shown: never keys, payloads or secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean>>

/** The one error that crosses service borders. `message` is written for the person who reads it. */
export class CodedError extends Error {
  override readonly name = 'CodedError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: { readonly details?: ErrorDetails; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }
}

export function isCoded<Code extends ErrorCode>(error: unknown, code: Code): error is CodedError & { readonly code: Code } {
  return error instanceof CodedError && error.code === code
}
