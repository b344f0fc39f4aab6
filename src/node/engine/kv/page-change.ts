import type { RequestId } from '../../core/base/request-id.ts'
import type { ContentBlock } from '../../core/block/content-block.ts'
import type { NamedValue } from '../../core/kv/entry.ts'
import type { PagePrecondition, PageRequest } from '../../core/kv/page-batch.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import type { CheckedKey } from './checked-arguments.ts'

/** A value that is ready for its entry. */
export interface ReadyValue extends Omit<NamedValue, 'contentType'> {
  /** The block that travels with the entry and is born with it; undefined where it is stored already. */
  readonly block: ContentBlock | undefined
  /** Candidates for collection that the entry makes superfluous. */
  readonly settles: readonly RecordWrite[]
}

export type ChangeOperation =
  | {
      readonly kind: 'put'
      readonly key: CheckedKey
      readonly precondition: PagePrecondition
      readonly contentType: Uint8Array
      readonly value: ReadyValue
    }
  | { readonly kind: 'delete'; readonly key: CheckedKey; readonly precondition: PagePrecondition }

/** What one call wants of a page: decided in one turn, each operation with its own outcome. */
export interface PageChange {
  readonly requestId: RequestId | undefined
  readonly operations: readonly ChangeOperation[]
}

/** Bytes that an operation adds to a batch of the store beside its key and block: entry, candidate, its part of the signed batch. */
const operationBytes = 640
/** Times that the key appears in the batch. */
const keyCopies = 4
const contentTypeCopies = 3
const blockOverheadBytes = 320

/** About the bytes that the operation adds to a batch of the store, rounded up. */
function operationWeight(operation: ChangeOperation): number {
  const contentType = operation.kind === 'put' ? operation.contentType.length : 0
  const bytes = operationBytes + operation.key.bytes.length * keyCopies + contentType * contentTypeCopies
  if (operation.kind === 'delete') return bytes
  const { block, settles } = operation.value
  const candidates = settles.reduce((sum, { key }) => sum + key.length, 0)
  return bytes + candidates + (block === undefined ? 0 : block.stored.length + blockOverheadBytes)
}

export function changeWeight(change: PageChange): number {
  return change.operations.reduce((sum, operation) => sum + operationWeight(operation), 0)
}

/** The request as the page decides it: blocks that travel with their entries are born at `hlc`. */
export function pageRequestOf(change: PageChange, hlc: bigint): PageRequest {
  const operations = change.operations.map((operation) => {
    const facts = { key: operation.key.bytes, keyText: operation.key.text, precondition: operation.precondition }
    if (operation.kind === 'delete') return { kind: 'delete' as const, ...facts }
    const { address, size, chunks, block, birth } = operation.value
    const { contentType } = operation
    const value: NamedValue = { address, size, chunks, contentType, birth: block === undefined || birth < hlc ? birth : hlc }
    return { kind: 'put' as const, ...facts, value }
  })
  return { requestId: change.requestId, operations }
}

export function isRemovalOnly(change: PageChange): boolean {
  return change.operations.every((operation) => operation.kind === 'delete')
}

/** A block that was sealed on arrival and is to be stored with its entry. */
export function readyBlock(block: ContentBlock, size: number): ReadyValue {
  return { address: block.address, size, chunks: 0, birth: bornWithEntry, block, settles: [] }
}

/** Stands for the HLC of the batch, which is not known before the turn: above every stamp. */
export const bornWithEntry: bigint = (1n << 63n) - 1n
