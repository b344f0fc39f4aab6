import { Metadata, status } from '@grpc/grpc-js'
import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'

/** The only place that knows gRPC's numbers; an error code without a row does not compile. */
export const grpcStatusOf = {
  'invalid-argument': status.INVALID_ARGUMENT,
  'key-not-found': status.NOT_FOUND,
  'key-already-exists': status.ALREADY_EXISTS,
  'block-not-found': status.NOT_FOUND,
  'block-already-exists': status.ALREADY_EXISTS,
  'store-not-found': status.NOT_FOUND,
  'version-conflict': status.ABORTED,
  'revision-changed': status.ABORTED,
  'range-not-satisfiable': status.OUT_OF_RANGE,
  'request-too-old': status.ABORTED,
  contended: status.ABORTED,
  unauthenticated: status.UNAUTHENTICATED,
  'permission-denied': status.PERMISSION_DENIED,
  'signature-invalid': status.PERMISSION_DENIED,
  'limit-exceeded': status.RESOURCE_EXHAUSTED,
  'queue-full': status.RESOURCE_EXHAUSTED,
  'storage-full': status.RESOURCE_EXHAUSTED,
  cancelled: status.CANCELLED,
  'deadline-exceeded': status.DEADLINE_EXCEEDED,
  'outcome-unknown': status.DEADLINE_EXCEEDED,
  unavailable: status.UNAVAILABLE,
  'data-corrupt': status.DATA_LOSS,
  'store-read-only': status.FAILED_PRECONDITION,
  'not-running': status.UNAVAILABLE,
  internal: status.INTERNAL,
  // Of a start; no call can meet them.
  'config-invalid': status.INTERNAL,
  'port-in-use': status.INTERNAL,
  'unsafe-bind': status.INTERNAL,
  'store-locked': status.INTERNAL,
  'store-newer-format': status.INTERNAL,
  'store-unwritable': status.INTERNAL,
  'store-damaged': status.INTERNAL,
  'key-unavailable': status.INTERNAL,
} as const satisfies Record<ErrorCode, status>

const unchanged = 'nothing was changed'

/** What the caller of a change must know of its outcome and cannot read from the status. */
const outcomeOfChange: Partial<Record<ErrorCode, string>> = {
  'queue-full': unchanged,
  'storage-full': unchanged,
  'not-running': unchanged,
  unavailable: unchanged,
  'deadline-exceeded': 'outcome unknown, retry with the same request id',
  'outcome-unknown': 'outcome unknown, retry with the same request id',
  'request-too-old': 'too old, ask with Stat',
}

/** An error with a message for its caller in `grpc-status-details-bin`: the encoded google.rpc.Status. */
export class DetailedError extends CodedError {
  readonly statusDetails: Uint8Array

  constructor(code: ErrorCode, message: string, statusDetails: Uint8Array) {
    super(code, message)
    this.statusDetails = statusDetails
  }
}

export interface Failure {
  readonly code: status
  readonly details: string
  readonly metadata: Metadata
  /** True when the caller is told nothing but a number under which the log has the rest. */
  readonly hidden: boolean
}

export interface FailureFacts {
  /** Whether the call may have changed something. */
  readonly changes: boolean
  /** Names the failure in the log, where it is hidden from the caller. */
  readonly correlationId: () => string
  readonly statusBytesMax: number
}

/** What a caller hears of an error. */
export function failureOf(error: unknown, facts: FailureFacts): Failure {
  const code = error instanceof CodedError ? error.code : 'internal'
  const metadata = new Metadata()
  metadata.set('memo-code', code)
  if (!(error instanceof CodedError) || grpcStatusOf[code] === status.INTERNAL) {
    const correlationId = facts.correlationId()
    metadata.set('memo-correlation-id', correlationId)
    return { code: status.INTERNAL, details: `internal error, in the node's log as ${correlationId}`, metadata, hidden: true }
  }
  if (error instanceof DetailedError) metadata.set('grpc-status-details-bin', Buffer.from(error.statusDetails))
  const outcome = facts.changes && !error.message.includes(unchanged) ? outcomeOfChange[code] : undefined
  const message = outcome === undefined || error.message.includes(outcome) ? error.message : `${error.message}; ${outcome}`
  return { code: grpcStatusOf[code], details: clipMessage(message, facts.statusBytesMax), metadata, hidden: false }
}

/** Cuts a message so that it fits a header: a key in it may have 4096 bytes, and three times as many when percent-encoded. */
function clipMessage(message: string, bytesMax: number): string {
  if (message.length * 9 <= bytesMax || encodeURI(message).length <= bytesMax) return message
  let length = 0
  let clipped = ''
  for (const point of message) {
    length += encodeURI(point).length
    if (length > bytesMax - 9) return `${clipped}…`
    clipped += point
  }
  return clipped
}
