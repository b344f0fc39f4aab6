import { CodedError } from '../../../shared/coded-error.ts'
import type { Entry } from '../../core/kv/entry.ts'
import { decodeEntry } from '../../core/kv/entry.ts'

/** The entry that a record holds, where there is one. Throws `data-corrupt` when it is none. */
export function readableEntry(bytes: Uint8Array): Entry
export function readableEntry(bytes: Uint8Array | undefined): Entry | undefined
export function readableEntry(bytes: Uint8Array | undefined): Entry | undefined {
  if (bytes === undefined) return undefined
  const entry = decodeEntry(bytes)
  if (entry === undefined) throw new CodedError('data-corrupt', 'the entry of a key cannot be read')
  return entry
}
