import type { RecordStore } from '../ports/record-store.ts'
import { inspectedStoreMessage, suspectStoreMessage } from '../ports/record-store.ts'

/** Why the store refuses every change, for the one who asks for it; undefined where it takes them. */
export function storeRefusal({ condition, inspected }: Pick<RecordStore, 'condition' | 'inspected'>): string | undefined {
  if (condition.kind === 'suspect') return suspectStoreMessage
  return inspected === true ? inspectedStoreMessage : undefined
}
