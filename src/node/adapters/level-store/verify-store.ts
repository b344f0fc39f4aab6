/** Reads everything and compares it with what the store says of itself. */

import { CodedError } from '../../../shared/coded-error.ts'
import type { VerifyReport } from '../../ports/record-store.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import type { FamilyCount } from './index/index-state.ts'
import { addFingerprint, emptyCounts } from './index/index-state.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, valueFacts } from './index/record-codec.ts'
import type { PayloadReader } from './payload-reader.ts'

export interface VerifyOptions {
  readonly index: LevelIndex
  readonly indexWriter: IndexWriter
  readonly payloads: PayloadReader
  /** Everything durable is in the index when it resolves. */
  readonly settle: () => Promise<void>
  readonly findingsMax: number
  readonly signal: AbortSignal | undefined
}

/** The families' records with their prefixes; below and above lie the store's own facts and nothing. */
export const recordRange = { gte: Buffer.from([1]), lt: Buffer.from([recordFamilies.length + 1]) }

export async function verifyStore(options: VerifyOptions): Promise<VerifyReport> {
  const { index, indexWriter, findingsMax, signal } = options
  const findings: string[] = []
  const note = (finding: string) => {
    if (findings.length < findingsMax) findings.push(finding)
  }
  await options.settle()
  // The iterator is made before anything else can change the index, so that both speak of the same batch.
  const pages = index.pages(recordRange)
  const expected = indexWriter.counts.map((count) => ({ ...count }))
  const counted = emptyCounts()
  for await (const page of pages) {
    if (signal?.aborted === true) throw new CodedError('cancelled', 'the verification was given up')
    for (const [key, value] of page) await verifyRecord(options, key, value, counted, note)
  }
  compareCounts(expected, counted, note)
  let records = 0
  let bytes = 0
  for (const count of counted) {
    records += count.records
    bytes += count.bytes
  }
  return { records, bytes, findings }
}

async function verifyRecord(
  { payloads, index }: VerifyOptions,
  key: Buffer,
  value: Buffer,
  counted: readonly FamilyCount[],
  note: (finding: string) => void,
): Promise<void> {
  const code = (key[0] ?? 0) - 1
  const count = counted[code]
  const family = recordFamilies[code] ?? 'unknown'
  if (count === undefined) return
  const facts = valueFacts(key.length - 1, value)
  count.records++
  count.bytes += facts.bytes
  count.fingerprint = addFingerprint(count.fingerprint, facts.checksum)
  const decoded = decodeIndexValue(key, value)
  if (decoded === undefined) return note(`${family}: an index entry does not match its checksum`)
  if (decoded.kind === 'inline') return
  const read = await payloads.read(decoded.place)
  if (read.kind === 'value') return
  const now = await index.get(key)
  if (now === undefined || !now.equals(value)) return
  const reason = read.kind === 'damaged' ? read.reason : 'its segment is gone'
  note(`${family}: segment ${decoded.place.segment} at ${decoded.place.offset}: ${reason}`)
}

function compareCounts(expected: readonly FamilyCount[], counted: readonly FamilyCount[], note: (finding: string) => void): void {
  recordFamilies.forEach((family, code) => {
    const wanted = expected[code]
    const found = counted[code]
    if (wanted === undefined || found === undefined) return
    if (wanted.records !== found.records) note(`${family}: ${found.records} records instead of ${wanted.records}`)
    else if (wanted.fingerprint !== found.fingerprint) note(`${family}: the records' fingerprint differs from the one kept`)
    else if (wanted.bytes !== found.bytes) note(`${family}: ${found.bytes} bytes instead of ${wanted.bytes}`)
  })
}
