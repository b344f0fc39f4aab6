import type { BlockAddress } from '../core/base/address.ts'
import { addressBytes } from '../core/base/address.ts'
import { prefixEnd } from '../core/base/bytes.ts'
import type { RecordStore, ScanOptions } from '../ports/record-store.ts'

/** Records that are looked at in one step. */
const recordsAtOnce = 1024

export interface RecordTotals {
  readonly records: number
  /** Of the keys without the block's address, and of the values; what a page says of its entries. */
  readonly bytes: number
}

/** What the store holds of a block beside its record. Of outcomes only the keys are read. Throws `data-corrupt` at a damaged value. */
export async function countRecords(
  store: RecordStore,
  family: 'entry' | 'outcome',
  block: BlockAddress,
  signal?: AbortSignal,
): Promise<RecordTotals> {
  const before = prefixEnd(block)
  const options = { ...(before && { before }), ...(signal && { signal }), limit: recordsAtOnce, keysOnly: family === 'outcome' }
  let bounds: Pick<ScanOptions, 'from' | 'after'> = { from: block }
  let records = 0
  let bytes = 0
  for (;;) {
    signal?.throwIfAborted()
    const found = await store.scan(family, { ...options, ...bounds })
    for (const { key, value } of found) {
      bounds = { after: key }
      bytes += key.length - addressBytes + value.length
    }
    records += found.length
    if (found.length < recordsAtOnce) return { records, bytes }
  }
}
