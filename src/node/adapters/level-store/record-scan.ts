/**
 * One bounded page of a family: the index's range merged with what the journal holds beyond it, payloads read at their places. Nothing
 * waits for the index to be written.
 */

import { assert } from '../../../shared/assert.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { RecordFamily, ScanOptions, StoredRecord } from '../../ports/record-store.ts'
import type { KeyRange, LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, indexKey } from './index/record-codec.ts'
import { familyCode } from './journal/frame-codec.ts'
import type { Overlay, OverlayEntry, PendingEntry } from './overlay.ts'
import { keyText } from './overlay.ts'
import { UnreadableKeys } from './unreadable-keys.ts'

export interface RecordScanOptions {
  readonly index: Pick<LevelIndex, 'pages'>
  readonly overlay: Overlay
  readonly recordsMax: number
  /** The whole value, for one that lies in the journal. */
  readonly getPayload: (family: RecordFamily, key: Uint8Array) => Promise<Uint8Array | undefined>
  readonly corrupt: (family: RecordFamily) => CodedError
  /** Whether there is a record of this key that does not verify. */
  readonly isUnreadable: (family: RecordFamily, key: Uint8Array) => Promise<boolean>
}

/** A record as it was found, its value not read yet. */
type Found =
  | { readonly key: Uint8Array; readonly stored: Buffer; readonly prefixed: Buffer }
  | { readonly key: Uint8Array; readonly entry: OverlayEntry }

const pageRecordsMax = 1000
const pageBytesMax = 1024 * 1024

export async function scanRecords(
  parts: RecordScanOptions,
  family: RecordFamily,
  options: ScanOptions,
): Promise<readonly StoredRecord[]> {
  const { limit, bytesMax = Number.POSITIVE_INFINITY, keysOnly = false, signal } = options
  assert(limit >= 1 && limit <= parts.recordsMax, 'a scan asks for at least one record and at most the limit')
  const records: StoredRecord[] = []
  const unreadable = options.damage && new UnreadableKeys(options.damage, options.reverse === true)
  let bytes = 0
  const isFull = () => records.length + (unreadable?.count ?? 0) >= limit || bytes >= bytesMax
  for await (const page of mergedPages(parts, family, options)) {
    if (signal?.aborted === true) throw new CodedError('cancelled', 'the scan was given up')
    for (const found of page) {
      const value = keysOnly ? emptyBytes : await recordValue(parts, family, found, options.damage !== undefined)
      if (value instanceof Uint8Array) {
        unreadable?.pass(found.key)
        records.push({ key: found.key, value })
        bytes += value.length
      } else if (value === 'unreadable') unreadable?.meet(found.key)
      else if (value === 'misread') options.damage?.incomplete()
      if (isFull()) break
    }
    if (isFull()) break
  }
  unreadable?.pass(undefined)
  return records
}

/** `misread`: what stood there has no such key. Undefined: it was removed meanwhile. */
async function recordValue(
  parts: RecordScanOptions,
  family: RecordFamily,
  found: Found,
  isTold: boolean,
): Promise<Uint8Array | 'unreadable' | 'misread' | undefined> {
  const inline = inlineValue(found)
  if (inline instanceof Uint8Array) return inline
  if (inline === 'damaged') {
    if (!isTold) throw parts.corrupt(family)
    return (await parts.isUnreadable(family, found.key)) ? 'unreadable' : 'misread'
  }
  try {
    return await parts.getPayload(family, found.key)
  } catch (error) {
    if (!isTold || !isCoded(error, 'data-corrupt')) throw error
    return 'unreadable'
  }
}

/** Undefined where the value lies in the journal. */
function inlineValue(found: Found): Uint8Array | 'damaged' | undefined {
  if ('entry' in found) return found.entry.value
  const decoded = decodeIndexValue(found.prefixed, found.stored)
  if (decoded === undefined) return 'damaged'
  return decoded.kind === 'inline' ? decoded.value : undefined
}

/**
 * Both sides are of one moment: the index's iterator is made in the same step in which the overlay is looked at. What is indexed in
 * between stands in both, and the overlay's word counts.
 */
async function* mergedPages(
  { index, overlay }: RecordScanOptions,
  family: RecordFamily,
  options: ScanOptions,
): AsyncGenerator<readonly Found[], void, void> {
  const { limit, bytesMax = Number.POSITIVE_INFINITY, reverse = false, damage } = options
  const pageRecords = Math.min(limit, pageRecordsMax)
  const pageBytes = Math.min(pageBytesMax, Math.max(bytesMax, 4096))
  let pending: readonly PendingEntry[] = []
  const onSnapshot = () => {
    pending = overlay.pending(familyCode(family), rangeText(options), reverse)
  }
  const onDamage = damage && (() => damage.incomplete())
  const walk = { reverse, pageRecords, pageBytes, onSnapshot, ...(onDamage && { onDamage }) }
  let next = 0
  const before = (left: string, right: string) => (reverse ? left > right : left < right)
  for await (const page of index.pages(keyRange(family, options), walk)) {
    const merged: Found[] = []
    for (const [prefixed, stored] of page) {
      const key = prefixed.subarray(1)
      const text = pending.length > next ? keyText(key) : ''
      for (; next < pending.length && before(pending[next]?.text ?? '', text); next++) pushPending(pending[next], merged)
      if (pending[next]?.text === text) pushPending(pending[next++], merged)
      else merged.push({ key, stored, prefixed })
    }
    yield merged
  }
  const rest: Found[] = []
  for (; next < pending.length; next++) pushPending(pending[next], rest)
  yield rest
}

function pushPending(pending: PendingEntry | undefined, merged: Found[]): void {
  if (pending === undefined) return
  const { entry } = pending
  if (entry.value !== undefined || entry.place !== undefined) merged.push({ key: entry.key, entry })
}

function keyRange(family: RecordFamily, { from, after, before }: ScanOptions): KeyRange {
  assert(from === undefined || after === undefined, 'a scan has one lower bound')
  const code = familyCode(family)
  const lt = before === undefined ? Buffer.from([code + 2]) : indexKey(code, before)
  if (after !== undefined) return { gt: indexKey(code, after), lt }
  return { gte: from === undefined ? Buffer.from([code + 1]) : indexKey(code, from), lt }
}

function rangeText({ from, after, before }: ScanOptions) {
  return {
    ...(from !== undefined && { gte: keyText(from) }),
    ...(after !== undefined && { gt: keyText(after) }),
    ...(before !== undefined && { lt: keyText(before) }),
  }
}
