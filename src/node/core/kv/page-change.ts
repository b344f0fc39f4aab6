/**
 * What one call wants of a page, with the values that are ready for their entries: what its origin node sends to the page's primary,
 * and what the entry of the page's log carries.
 *
 * Invariants: weights are never below the bytes that a change adds to a batch of the store, so that what was found to fit does.
 */

import type { RequestId } from '../base/request-id.ts'
import type { ContentBlock } from '../block/content-block.ts'
import type { NamedValue } from './entry.ts'
import type { PageOperation, PagePrecondition, PageRequest } from './page-batch.ts'

/** A value that is ready for its entry. */
export interface ReadyValue extends Omit<NamedValue, 'contentType'> {
  /** The block that travels with the entry and is born with it; undefined where it is stored already. */
  readonly block: ContentBlock | undefined
  /** Keys of the candidates for collection that the entry makes superfluous. */
  readonly settles: readonly Uint8Array[]
}

/** A user's key as it was checked: its text, and that in UTF-8. */
export interface PageKey {
  readonly text: string
  readonly bytes: Uint8Array
}

export type ChangeOperation =
  | {
      readonly kind: 'put'
      readonly key: PageKey
      readonly precondition: PagePrecondition
      readonly contentType: Uint8Array
      readonly value: ReadyValue
    }
  | { readonly kind: 'delete'; readonly key: PageKey; readonly precondition: PagePrecondition }

/** What one call wants of a page: decided in one turn, each operation with its own outcome. */
export interface PageChange {
  readonly requestId: RequestId | undefined
  readonly operations: readonly ChangeOperation[]
}

/** Bytes that an operation adds to a batch of the store beside its key and block: entry, candidate, its part of the signed batch. */
const operationBytes = 300
/** Times that the key appears in the batch: in entry, candidate and header of the block. */
const keyCopies = 3
const contentTypeCopies = 2
/** What a caller's request id adds to each operation: the id in the signed batch, and an outcome with its own copy of the entry. */
const identifiedBytes = 180
const identifiedContentTypeCopies = 1
const blockOverheadBytes = 264

/** The bytes that an operation adds to a batch of the store beside its value: never fewer than it really does. */
export function operationWeight(keyBytes: number, contentTypeBytes: number, identified: boolean): number {
  const plain = operationBytes + keyBytes * keyCopies + contentTypeBytes * contentTypeCopies
  return identified ? plain + identifiedBytes + contentTypeBytes * identifiedContentTypeCopies : plain
}

/** The bytes that a block adds where it travels with its entry. */
export function blockWeight(block: ContentBlock | undefined): number {
  return block === undefined ? 0 : block.stored.length + blockOverheadBytes
}

export function changeWeight(change: PageChange): number {
  let weight = 0
  for (const operation of change.operations) {
    const contentTypeBytes = operation.kind === 'put' ? operation.contentType.length : 0
    weight += operationWeight(operation.key.bytes.length, contentTypeBytes, change.requestId !== undefined)
    if (operation.kind === 'delete') continue
    const { block, settles } = operation.value
    weight += blockWeight(block)
    for (const key of settles) weight += key.length
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
