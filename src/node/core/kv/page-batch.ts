/**
 * What an entry of a page's log holds: the requests that were folded into one turn of their origin node.
 *
 * Invariants: (session, sequence) names a batch once and for all; its HLC is above every revision that the page gave before; the
 * operations of one request stand together and are decided in their order.
 */

import type { RequestId } from '../base/request-id.ts'
import type { BatchName, NamedValue } from './entry.ts'

/** What a change demands of the key's present state. `present` is any existing version. */
export type PagePrecondition =
  | { readonly kind: 'any' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' }
  | { readonly kind: 'version'; readonly version: bigint }

interface OperationFacts {
  /** The user's key in UTF-8, and as text: the one names records, the other finds what is at hand. */
  readonly key: Uint8Array
  readonly keyText: string
  readonly precondition: PagePrecondition
}

export interface PutOperation extends OperationFacts {
  readonly kind: 'put'
  readonly value: NamedValue
}

export interface DeleteOperation extends OperationFacts {
  readonly kind: 'delete'
}

export type PageOperation = PutOperation | DeleteOperation

export interface PageRequest {
  /** Present where the caller brought one: its outcome is then kept. */
  readonly requestId: RequestId | undefined
  readonly operations: readonly PageOperation[]
}

export interface PageBatch extends BatchName {
  readonly hlc: bigint
  /** SHA-256 of the public key of the user that signs the batch, 32 bytes. */
  readonly writer: Uint8Array
  readonly requests: readonly PageRequest[]
  /** Outcomes that are forgotten first, so that their number stays bounded. */
  readonly forget: { readonly floor: bigint; readonly count: number }
}
