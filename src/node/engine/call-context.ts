import type { RequestId } from '../core/base/request-id.ts'

/** Which states of a key or block a read may show. */
export type ReadConsistency =
  /** Everything that was answered before the read began. */
  | { readonly kind: 'linearizable' }
  /** Everything that was answered more than so long before. */
  | { readonly kind: 'bounded'; readonly boundMs: number }
  /** One that was current once. */
  | { readonly kind: 'eventual' }

/** What accompanies every call to a service: its cancellation, and the caller's request id where it brought one. */
export interface CallContext {
  /** Aborted by cancellation or deadline; the reason is a CodedError `cancelled` or `deadline-exceeded`. */
  readonly signal: AbortSignal
  /** Only for changes. The node makes one where the caller has none. */
  readonly requestId?: RequestId
  /** Only for reads, which are linearizable without. */
  readonly consistency?: ReadConsistency
  /** Called with the bytes of a value before it is read into memory; throws `queue-full` where its caller has no room for it. */
  readonly reserveAnswer?: (bytes: number) => void
}
