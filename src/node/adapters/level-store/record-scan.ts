/** One bounded page of a family from the index, payloads read at their places. */

import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { emptyBytes } from '../../core/base/bytes.ts'
import type { RecordFamily, ScanOptions, StoredRecord } from '../../ports/record-store.ts'
import type { KeyRange, LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, indexKey } from './index/record-codec.ts'
import { familyCode } from './journal/frame-codec.ts'

export interface RecordScanOptions {
  readonly index: LevelIndex
  readonly recordsMax: number
  /** The whole value, for one that lies in the journal. */
  readonly getPayload: (family: RecordFamily, key: Uint8Array) => Promise<Uint8Array | undefined>
  readonly corrupt: (family: RecordFamily) => CodedError
}

const pageRecordsMax = 1000
const pageBytesMax = 1024 * 1024

export async function scanRecords(
  { index, recordsMax, getPayload, corrupt }: RecordScanOptions,
  family: RecordFamily,
  options: ScanOptions,
): Promise<readonly StoredRecord[]> {
  const { limit, bytesMax = Number.POSITIVE_INFINITY, reverse = false, keysOnly = false, signal } = options
  assert(limit >= 1 && limit <= recordsMax, 'a scan asks for at least one record and at most the limit')
  const records: StoredRecord[] = []
  let bytes = 0
  const pageRecords = Math.min(limit, pageRecordsMax)
  const pageBytes = Math.min(pageBytesMax, Math.max(bytesMax, 4096))
  for await (const page of index.pages(keyRange(family, options), { reverse, pageRecords, pageBytes })) {
    if (signal?.aborted === true) throw new CodedError('cancelled', 'the scan was given up')
    for (const [prefixed, stored] of page) {
      const key = prefixed.subarray(1)
      if (keysOnly) records.push({ key, value: emptyBytes })
      else {
        const decoded = decodeIndexValue(prefixed, stored)
        if (decoded === undefined) throw corrupt(family)
        const value = decoded.kind === 'inline' ? decoded.value : await getPayload(family, key)
        if (value === undefined) continue
        records.push({ key, value })
        bytes += value.length
      }
      if (records.length >= limit || bytes >= bytesMax) return records
    }
  }
  return records
}

function keyRange(family: RecordFamily, { from, after, before }: ScanOptions): KeyRange {
  assert(from === undefined || after === undefined, 'a scan has one lower bound')
  const code = familyCode(family)
  const lt = before === undefined ? Buffer.from([code + 2]) : indexKey(code, before)
  if (after !== undefined) return { gt: indexKey(code, after), lt }
  return { gte: from === undefined ? Buffer.from([code + 1]) : indexKey(code, from), lt }
}
