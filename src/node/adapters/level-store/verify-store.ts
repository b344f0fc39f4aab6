/** Reads everything and compares it with what the store says of itself. */

import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { VerifyReport } from '../../ports/record-store.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import type { SegmentCheckOptions } from './check-segment.ts'
import { checkSegment, segmentsOf, ToldPlaces } from './check-segment.ts'
import type { Files } from './files.ts'
import { checkIndexFiles, damageText } from './index/index-files.ts'
import type { FamilyCount } from './index/index-state.ts'
import { addFingerprint, emptyCounts } from './index/index-state.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, recordName, recordRange, valueFacts } from './index/record-codec.ts'
import type { Place } from './journal/frame-codec.ts'
import type { PayloadReader } from './payload-reader.ts'

export interface VerifyOptions {
  readonly index: LevelIndex
  readonly indexWriter: IndexWriter
  readonly payloads: PayloadReader
  readonly files: Files
  readonly indexDirectory: string
  readonly journal: SegmentCheckOptions
  /** Everything durable is in the index when it resolves. */
  readonly settle: () => Promise<void>
  readonly findingsMax: number
  readonly signal: AbortSignal | undefined
}

export async function verifyStore(options: VerifyOptions): Promise<VerifyReport> {
  const { findingsMax, signal } = options
  const findings: string[] = []
  const journal: string[] = []
  const note = (finding: string) => {
    if (findings.length < findingsMax) findings.push(finding)
  }
  const told = new ToldPlaces()
  const noteRecord = ({ text, place }: RecordDamage) => {
    note(text)
    if (place !== undefined) told.add(place)
  }
  await options.settle()
  // Before LevelDB reads them: a damaged block may end the process, and what it hides is not told by reading on.
  const tables = await checkIndexFiles(options.files, options.indexDirectory, signal)
  for (const damage of [...tables.damage, ...tables.unreadableLogs]) note(damageText(damage))
  const counted = tables.damage.length > 0 ? emptyCounts() : await verifyRecords(options, note, noteRecord)
  for (const segment of segmentsOf(options.journal)) {
    const { findings: faults, frames } = await checkSegment(options.journal, segment, told, () => throwWhenGivenUp(signal))
    for (const fault of faults) note(fault)
    journal.push(...frames.slice(0, findingsMax - journal.length))
  }
  let records = 0
  let bytes = 0
  for (const count of counted) {
    records += count.records
    bytes += count.bytes
  }
  return { records, bytes, findings, journal }
}

function throwWhenGivenUp(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new CodedError('cancelled', 'the verification was given up')
}

async function verifyRecords(
  options: VerifyOptions,
  note: (finding: string) => void,
  noteRecord: (damage: RecordDamage) => void,
): Promise<readonly FamilyCount[]> {
  const { index, indexWriter, signal } = options
  // The iterator is made before anything else can change the index, so that both speak of the same batch.
  await indexWriter.betweenBatches()
  const pages = index.pages(recordRange)
  const expected = indexWriter.counts.map((count) => ({ ...count }))
  const counted = emptyCounts()
  try {
    for await (const page of pages) {
      throwWhenGivenUp(signal)
      for (const [key, value] of page) await verifyRecord(options, key, value, counted, noteRecord)
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
  note: (damage: RecordDamage) => void,
): Promise<void> {
  const code = (key[0] ?? 0) - 1
  const count = counted[code]
  if (count === undefined) return
  const facts = valueFacts(key.length - 1, value)
  count.records++
  count.bytes += facts.bytes
  count.fingerprint = addFingerprint(count.fingerprint, facts.checksum)
  const damage = await recordDamage(options, key, value)
  if (damage !== undefined) note(damage)
}

export interface RecordDamage {
  readonly text: string
  /** Of a payload that is not what it should be. */
  readonly place: Place | undefined
}

/** What is wrong with a record of the index, or with its payload; undefined when nothing is, or when it was changed meanwhile. */
export async function recordDamage(
  { payloads, index }: Pick<VerifyOptions, 'payloads' | 'index'>,
  key: Buffer,
  value: Buffer,
): Promise<RecordDamage | undefined> {
  const decoded = decodeIndexValue(key, value)
  if (decoded === undefined) return { text: `${recordName(key)}: an index entry does not match its checksum`, place: undefined }
  if (decoded.kind === 'inline') return undefined
  const read = await payloads.read(decoded.place)
  if (read.kind === 'value') return undefined
  const now = await index.get(key)
  if (now === undefined || !now.equals(value)) return undefined
  const reason = read.kind === 'damaged' ? read.reason : 'its segment is gone'
  const { place } = decoded
  return { text: `${recordName(key)}: segment ${place.segment} at ${place.offset}: ${reason}`, place }
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
