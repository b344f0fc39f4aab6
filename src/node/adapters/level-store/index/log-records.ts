/**
 * Reads the records of a file in LevelDB's log format (MANIFEST and logs): blocks of 32 KiB with fragments of
 *
 *   masked CRC-32C of type and bytes (4) | length (2) | type (1): whole, first, middle, last | bytes
 *
 * A file may end inside a record, where its writer was cut off. Anything else that does not verify is damage. LevelDB is milder: a
 * zeroed header or a length beyond the end makes it skip what follows without a word, so both are looked at more closely here.
 */

import { maskedCrc, someStartMatches } from './masked-crc.ts'

const blockBytes = 32 * 1024
const headerBytes = 7
const wholeType = 1
const firstType = 2
const middleType = 3
const lastType = 4

export interface LogRecords {
  readonly records: readonly Buffer[]
  /** Where something does not verify, and why. The records that verify are read on behind it. */
  readonly damage: readonly { readonly offset: number; readonly reason: string }[]
}

interface Fragment {
  readonly type: number
  readonly bytes: Buffer
}

type Step = { readonly next: number; readonly fragment?: Fragment; readonly damage?: string }

export function readLogRecords(file: Buffer): LogRecords {
  const records: Buffer[] = []
  const damage: { offset: number; reason: string }[] = []
  let parts: Buffer[] | undefined
  for (let at = 0; at < file.length; ) {
    const step = fragmentAt(file, at)
    const { fragment } = step
    const expected = parts === undefined ? [wholeType, firstType] : [middleType, lastType]
    const reason =
      step.damage ?? (fragment === undefined || expected.includes(fragment.type) ? undefined : 'fragments out of order')
    if (reason !== undefined) damage.push({ offset: at, reason })
    if (reason !== undefined || fragment === undefined) {
      if (reason !== undefined) parts = undefined
      if (fragment === undefined || fragment.type !== wholeType) {
        at = step.next
        continue
      }
    }
    parts = [...(parts ?? []), fragment.bytes]
    if (fragment.type === wholeType || fragment.type === lastType) {
      records.push(Buffer.concat(parts))
      parts = undefined
    }
    at = step.next
  }
  return { records, damage }
}

function fragmentAt(file: Buffer, at: number): Step {
  const blockEnd = at - (at % blockBytes) + blockBytes
  const end = Math.min(blockEnd, file.length)
  // Too little for a header: filling at the end of a block, or where the writer was cut off.
  if (at + headerBytes > end) return { next: end }
  const checksum = file.readUInt32LE(at)
  const length = file.readUInt16LE(at + 4)
  const type = file[at + 6] ?? 0
  const covered = at + headerBytes - 1
  if (type === 0 && length === 0) return afterZeros(file, at, end)
  if (at + headerBytes + length > end) {
    if (blockEnd <= file.length) return { next: end, damage: 'a length reaches beyond its block' }
    if (someStartMatches(file.subarray(covered, end), checksum)) return { next: end, damage: 'a length is wrong' }
    return { next: file.length }
  }
  const next = at + headerBytes + length
  if (maskedCrc(file.subarray(covered, next)) !== checksum) return { next: end, damage: 'a record does not match its checksum' }
  return { next, fragment: { type, bytes: file.subarray(at + headerBytes, next) } }
}

/** Zeros to the end of the file are space that nobody wrote to; with anything behind them they stand where a record was. */
function afterZeros(file: Buffer, at: number, end: number): Step {
  for (let index = at; index < file.length; index++) {
    if (file[index] !== 0) return { next: end, damage: 'zeros stand where a record was' }
  }
  return { next: file.length }
}
