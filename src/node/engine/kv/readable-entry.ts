import { CodedError } from '../../../shared/coded-error.ts'
import type { Entry } from '../../core/kv/entry.ts'
import { decodeEntry } from '../../core/kv/entry.ts'
import type { CalledEntry } from '../../core/kv/page-calls.ts'

/** The entry that a record holds, where there is one. Throws `data-corrupt` when it is none. */
export function readableEntry(bytes: Uint8Array): Entry
export function readableEntry(bytes: Uint8Array | undefined): Entry | undefined
export function readableEntry(bytes: Uint8Array | undefined): Entry | undefined {
  if (bytes === undefined) return undefined
  const entry = decodeEntry(bytes)
  if (entry === undefined) throw new CodedError('data-corrupt', 'the entry of a key cannot be read')
  return entry
}

/** As another node told it. Throws `data-corrupt` where that cannot read it. */
export function readableCalledEntry(found: CalledEntry): Entry | undefined {
  if (found === 'unreadable') throw new CodedError('data-corrupt', 'the entry of this key cannot be read')
  return found
}
