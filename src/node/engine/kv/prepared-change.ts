import type { RequestId } from '../../core/base/request-id.ts'
import type { PagePrecondition } from '../../core/kv/page-batch.ts'
import type { ChangeOperation, PageChange, PageKey } from '../../core/kv/page-change.ts'
import type { PreparedValue } from './value-preparation.ts'

export type PreparedOperation =
  | {
      readonly kind: 'put'
      readonly key: PageKey
      readonly precondition: PagePrecondition
      readonly contentType: Uint8Array
      readonly value: PreparedValue
    }
  | { readonly kind: 'delete'; readonly key: PageKey; readonly precondition: PagePrecondition }

/** What one call asks of a page, with the values that are ready for it. */
export interface PreparedChange {
  readonly requestId: RequestId | undefined
  readonly operations: readonly PreparedOperation[]
}

/** The change as the page takes it now. */
export function pageChangeOf(change: PreparedChange): PageChange {
  const operations: ChangeOperation[] = []
  for (const operation of change.operations) {
    if (operation.kind === 'delete') operations.push(operation)
    else {
      const { kind, key, precondition, contentType, value } = operation
      operations.push({ kind, key, precondition, contentType, value: value.ready })
    }
  }
  return { requestId: change.requestId, operations }
}

export function valuesOf(change: PreparedChange): PreparedValue[] {
  return change.operations.flatMap((operation) => (operation.kind === 'put' ? [operation.value] : []))
}
