/** Reads everything and compares it with what the store says of itself. */

import { join } from 'node:path'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { VerifyReport } from '../../ports/record-store.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import type { Capacity } from './capacity.ts'
import type { Files } from './files.ts'
import { systemCode } from './files.ts'
import { checkIndexFiles, damageText } from './index/index-files.ts'
import type { FamilyCount } from './index/index-state.ts'
import { addFingerprint, emptyCounts } from './index/index-state.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, recordRange, valueFacts } from './index/record-codec.ts'
import { decodeSegmentHeader, segmentHeaderBytes, segmentName } from './journal/segment-format.ts'
import type { PayloadReader } from './payload-reader.ts'
import type { TolerantBytes } from './tolerant-file.ts'
import { readTolerant, unreadableText } from './tolerant-file.ts'

export interface VerifyOptions {
  readonly index: LevelIndex
  readonly indexWriter: IndexWriter
  readonly payloads: PayloadReader
  readonly capacity: Capacity
  readonly files: Files
  /** The journal's directory. */
  readonly directory: string
  readonly indexDirectory: string
  readonly salt: Uint8Array
  /** Everything durable is in the index when it resolves. */
  readonly settle: () => Promise<void>
  readonly findingsMax: number
  readonly signal: AbortSignal | undefined
}

export async function verifyStore(options: VerifyOptions): Promise<VerifyReport> {
  const { findingsMax, signal } = options
  const findings: string[] = []
  const note = (finding: string) => {
    if (findings.length < findingsMax) findings.push(finding)
  }
  await options.settle()
  // Before LevelDB reads them: a damaged block may end the process, and what it hides is not told by reading on.
  const tables = await checkIndexFiles(options.files, options.indexDirectory, signal)
  for (const damage of [...tables.damage, ...tables.unreadableLogs]) note(damageText(damage))
  const counted = tables.damage.length > 0 ? emptyCounts() : await verifyRecords(options, note)
  await verifyHeaders(options, note)
  let records = 0
  let bytes = 0
  for (const count of counted) {
    records += count.records
    bytes += count.bytes
  }
  return { records, bytes, findings }
}

async function verifyRecords(options: VerifyOptions, note: (finding: string) => void): Promise<readonly FamilyCount[]> {
  const { index, indexWriter, signal } = options
  // The iterator is made before anything else can change the index, so that both speak of the same batch.
  const pages = index.pages(recordRange)
  const expected = indexWriter.counts.map((count) => ({ ...count }))
  const counted = emptyCounts()
  try {
    for await (const page of pages) {
      if (signal?.aborted === true) throw new CodedError('cancelled', 'the verification was given up')
      for (const [key, value] of page) await verifyRecord(options, key, value, counted, note)
    }
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error
    note(error.message)
  }
  compareCounts(expected, counted, note)
  return counted
}

async function verifyRecord(
  options: VerifyOptions,
  key: Buffer,
  value: Buffer,
  counted: readonly FamilyCount[],
  note: (finding: string) => void,
): Promise<void> {
  const code = (key[0] ?? 0) - 1
  const count = counted[code]
  if (count === undefined) return
  const facts = valueFacts(key.length - 1, value)
  count.records++
  count.bytes += facts.bytes
  count.fingerprint = addFingerprint(count.fingerprint, facts.checksum)
  const finding = await recordDamage(options, key, value)
  if (finding !== undefined) note(finding)
}

/** What is wrong with a record of the index, or with its payload; undefined when nothing is, or when it was changed meanwhile. */
export async function recordDamage(
  { payloads, index }: Pick<VerifyOptions, 'payloads' | 'index'>,
  key: Buffer,
  value: Buffer,
): Promise<string | undefined> {
  const family = recordFamilies[(key[0] ?? 0) - 1] ?? 'unknown'
  const decoded = decodeIndexValue(key, value)
  if (decoded === undefined) return `${family}: an index entry does not match its checksum`
  if (decoded.kind === 'inline') return undefined
  const read = await payloads.read(decoded.place)
  if (read.kind === 'value') return undefined
  const now = await index.get(key)
  if (now === undefined || !now.equals(value)) return undefined
  const reason = read.kind === 'damaged' ? read.reason : 'its segment is gone'
  return `${family}: segment ${decoded.place.segment} at ${decoded.place.offset}: ${reason}`
}

/** The newest segment may be prepared and still empty: all zeros. */
async function verifyHeaders(
  { capacity, files, directory, salt }: VerifyOptions,
  note: (finding: string) => void,
): Promise<void> {
  const newest = Math.max(...capacity.segmentSizes.keys())
  for (const segment of [...capacity.segmentSizes.keys()].sort((left, right) => left - right)) {
    const read = await readHeader(files, join(directory, segmentName(segment)))
    // A segment that was reclaimed in the meantime is no longer counted.
    if (!capacity.segmentSizes.has(segment)) continue
    const [range] = read?.unreadable ?? []
    if (read === undefined || range !== undefined) {
      note(`journal: segment ${segment} ${range === undefined ? 'is missing' : unreadableText(range)}`)
      continue
    }
    const { bytes } = read
    if (decodeSegmentHeader(salt, segment, bytes) !== undefined) continue
    if (segment === newest && bytes.every((byte) => byte === 0)) continue
    note(`journal: the header of segment ${segment} does not verify`)
  }
}

/** Undefined where there is no such file. */
async function readHeader(files: Files, path: string): Promise<TolerantBytes | undefined> {
  try {
    return await readTolerant(files, path, Buffer.alloc(segmentHeaderBytes))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
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
