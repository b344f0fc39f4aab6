import { CodedError } from '../../shared/coded-error.ts'
import type { RecordStore } from '../ports/record-store.ts'
import { storeRefusal } from './store-refusal.ts'

/**
 * Thrown for a change of a block that is not this store's to make. A suspect store has a new id, so it holds none of the blocks that
 * it had: the caller is told why.
 */
export function foreignBlock(store: Pick<RecordStore, 'condition' | 'inspected'>): CodedError {
  return new CodedError('store-read-only', storeRefusal(store) ?? 'another store holds this block; it takes no changes here')
}
