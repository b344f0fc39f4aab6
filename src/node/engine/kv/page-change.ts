import type { RequestId } from '../../core/base/request-id.ts'
import type { ContentBlock } from '../../core/block/content-block.ts'
import type { NamedValue } from '../../core/kv/entry.ts'
import type { PageOperation, PagePrecondition, PageRequest } from '../../core/kv/page-batch.ts'
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

/** About the bytes that an operation adds to a batch of the store beside its value, rounded up. */
export function operationWeight(keyBytes: number, contentTypeBytes: number): number {
  return operationBytes + keyBytes * keyCopies + contentTypeBytes * contentTypeCopies
}

export function changeWeight(change: PageChange): number {
  let weight = 0
  for (const operation of change.operations) {
    weight += operationWeight(operation.key.bytes.length, operation.kind === 'put' ? operation.contentType.length : 0)
    if (operation.kind === 'delete') continue
    const { block, settles } = operation.value
    if (block !== undefined) weight += block.stored.length + blockOverheadBytes
    for (const { key } of settles) weight += key.length
  }
  return weight
}

/** The request as the page decides it: blocks that travel with their entries are born at `hlc`. */
export function pageRequestOf(change: PageChange, hlc: bigint): PageRequest {
  const operations: PageOperation[] = []
  for (const operation of change.operations) {
    const { key, precondition } = operation
    if (operation.kind === 'delete') operations.push({ kind: 'delete', key: key.bytes, keyText: key.text, precondition })
    else {
      const { address, size, chunks, block, birth } = operation.value
      const { contentType } = operation
      const value: NamedValue = { address, size, chunks, contentType, birth: block === undefined || birth < hlc ? birth : hlc }
      operations.push({ kind: 'put', key: key.bytes, keyText: key.text, precondition, value })
    }
  }
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
