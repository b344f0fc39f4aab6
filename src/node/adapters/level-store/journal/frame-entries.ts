import type { OverlayEntry } from '../overlay.ts'
import type { ReadFrame } from './segment-reader.ts'

/** What a frame read from the journal changes. */
export function frameEntries({ header: { sequence }, operations }: ReadFrame): OverlayEntry[] {
  return operations.map((operation) => {
    const { family, key } = operation
    return {
      family,
      key,
      sequence,
      value: operation.kind === 'inline' ? operation.value : undefined,
      place: operation.kind === 'payload' || operation.kind === 'move' ? operation.place : undefined,
      movedFrom: operation.kind === 'move' ? operation.from : undefined,
      isNew: false,
    }
  })
}
