import type { RequestId } from '../core/base/request-id.ts'

/** What accompanies every call to a service: its cancellation, and the caller's request id where it brought one. */
export interface CallContext {
  /** Aborted by cancellation or deadline; the reason is a CodedError `cancelled` or `deadline-exceeded`. */
  readonly signal: AbortSignal
  /** Only for changes. The node makes one where the caller has none. */
  readonly requestId?: RequestId
  /** Called with the bytes of a value before it is read into memory; throws `queue-full` where its caller has no room for it. */
  readonly reserveAnswer?: (bytes: number) => void
}
