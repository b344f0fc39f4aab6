/**
 * What an operation on a page led to, as it is answered and as it is kept under the request id that a caller brought.
 *
 * Invariants: one record per request, with the digest of what it asked and the outcome of each of its operations in their order; it holds whole entries, so that a
 * repeated request is answered as the first one was, whatever happened to the key since.
 */

import { assert } from '../../../shared/assert.ts'
import { askedDigestBytes } from './asked-digest.ts'
import type { Entry } from './entry.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

export type OperationOutcome =
  /** `entry` is the new state after a put, the removed one after a delete; undefined where an absence was demanded and found. */
  | { readonly kind: 'done'; readonly entry: Entry | undefined }
  /** The precondition does not hold for `entry`, or for a key without one. */
  | { readonly kind: 'conflict'; readonly entry: Entry | undefined }

/** What is kept under a request id. */
export interface KeptOutcomes {
  /** `askedDigest` of the request that was decided. */
  readonly asked: Uint8Array
  readonly outcomes: readonly OperationOutcome[]
}

const outcomeFormat = 1
const countOffset = 1 + askedDigestBytes
const headerBytes = countOffset + 4
const kindCodes = { done: 1, conflict: 2 } as const
const operationHeaderBytes = 3

export function encodeOutcomes({ asked, outcomes }: KeptOutcomes): Uint8Array {
  assert(asked.length === askedDigestBytes, 'an outcome is kept with what was asked')
  const entries = outcomes.map(({ entry }) => (entry === undefined ? undefined : encodeEntry(entry)))
  let length = headerBytes
  for (const entry of entries) length += operationHeaderBytes + (entry?.length ?? 0)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  bytes[0] = outcomeFormat
  bytes.set(asked, 1)
  view.setUint32(countOffset, outcomes.length)
  let offset = headerBytes
  outcomes.forEach(({ kind }, index) => {
    const entry = entries[index]
    bytes[offset] = kindCodes[kind]
    view.setUint16(offset + 1, entry?.length ?? 0)
    offset += operationHeaderBytes
    if (entry === undefined) return
    bytes.set(entry, offset)
    offset += entry.length
  })
  return bytes
}

/** The outcomes of one request; undefined when the bytes are no record of a known format. */
export function decodeOutcomes(bytes: Uint8Array): KeptOutcomes | undefined {
  if (bytes.length < headerBytes || bytes[0] !== outcomeFormat) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.getUint32(countOffset)
  const outcomes: OperationOutcome[] = []
  let offset = headerBytes
  while (outcomes.length < count) {
    if (offset + operationHeaderBytes > bytes.length) return undefined
    const kind = bytes[offset] === kindCodes.done ? 'done' : bytes[offset] === kindCodes.conflict ? 'conflict' : undefined
    const length = view.getUint16(offset + 1)
    offset += operationHeaderBytes
    const entry = length === 0 ? undefined : decodeEntry(bytes.subarray(offset, offset + length))
    if (kind === undefined || offset + length > bytes.length || (length > 0 && entry === undefined)) return undefined
    outcomes.push({ kind, entry })
    offset += length
  }
  return offset === bytes.length ? { asked: bytes.slice(1, countOffset), outcomes } : undefined
}
