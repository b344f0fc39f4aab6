/** The NDJSON of exports and imports: one object a line, values in base64, large ones in parts on lines that follow each other. */

import { isUtf8 } from 'node:buffer'
import type { NdjsonLine, NdjsonLineProblem } from '../../../ipc/contract/ndjson-line.ts'
import { readNdjsonLine } from '../../../ipc/contract/ndjson-line.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Line } from './ndjson-lines.ts'
import { readLines } from './ndjson-lines.ts'

/** Bytes of a value above which it is cut into parts. A multiple of 3, so that the base64 of a part needs no padding. */
export const partBytes = 12 * 1024 * 1024

export type NdjsonRecord = NdjsonLine & { readonly bytes: Buffer; readonly number: number }

export interface NdjsonValue {
  readonly key: string
  readonly contentType: string
  readonly size: number
  /** Of a value on one line. */
  readonly bytes?: Uint8Array
  /** Only once, and only before the next value is asked for, unless the value is on one line. */
  open(): AsyncIterable<Uint8Array>
}

/** Whether a stored value has the content type that a line or a file says; most files say nothing of it. */
export function hasContentType(stored: string, said: string): boolean {
  return said === '' || said === stored
}

/** The values of lines that pass by once. Throws CodedError `invalid-argument` for a line that is none. */
export async function* ndjsonValues(input: AsyncIterable<Uint8Array>, lineBytesMax?: number): AsyncGenerator<NdjsonValue> {
  const lines = readLines(input, lineBytesMax)
  for await (const line of lines) {
    const record = parseLine(line)
    const { key, contentType = '', bytes } = record
    if (record.part === undefined) {
      const open = async function* () {
        yield bytes
      }
      yield { key, contentType, size: bytes.length, bytes, open }
      continue
    }
    const parts = partsOf(joined(record, parsed(lines)), line.number)
    yield { key, contentType, size: firstPartSize(record), open: () => parts }
    for await (const _ of parts) {
      // whatever the taker left
    }
  }
}

export async function* partsOf(records: AsyncIterable<NdjsonRecord>, firstLine: number): AsyncGenerator<Uint8Array> {
  let expected = 1
  let size = 0
  let sizeSaid: number | undefined
  let key: string | undefined
  for await (const record of records) {
    if (record.part !== expected || (key !== undefined && record.key !== key)) throw torn(record.number, expected)
    key = record.key
    sizeSaid ??= record.size
    size += record.bytes.length
    yield record.bytes
    if (record.last === true) {
      if (size !== sizeSaid) throw bad(firstLine, `its parts have ${size} bytes together, not ${sizeSaid}`)
      return
    }
    expected += 1
  }
  throw torn(firstLine, expected)
}

export async function skipParts(first: NdjsonRecord, lines: AsyncGenerator<Line>): Promise<void> {
  let last = first
  while (last.last !== true) {
    const next = await lines.next()
    if (next.done === true) throw torn(first.number, (last.part ?? 0) + 1)
    last = parseLine(next.value)
    if (last.key !== first.key) throw torn(last.number, (last.part ?? 0) + 1)
  }
}

async function* parsed(lines: AsyncGenerator<Line>): AsyncGenerator<NdjsonRecord> {
  // not for-await: the lines belong to the caller and must not be closed when this one ends early
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) yield parseLine(next.value)
}

async function* joined(first: NdjsonRecord, rest: AsyncIterable<NdjsonRecord>): AsyncGenerator<NdjsonRecord> {
  yield first
  yield* rest
}

export function firstPartSize(record: NdjsonRecord): number {
  if (record.part !== 1 || record.size === undefined) throw bad(record.number, 'it continues a value that has no beginning')
  return record.size
}

export function parseLine({ number, bytes }: Line): NdjsonRecord {
  if (!isUtf8(bytes)) throw bad(number, reasonOf({ kind: 'not-utf8' }))
  const read = readNdjsonLine(bytes.toString('utf8'))
  if ('problem' in read) throw bad(number, reasonOf(read.problem))
  const decoded = decodeBase64(read.line.value)
  if (decoded === undefined) throw bad(number, reasonOf({ kind: 'value-not-base64' }))
  return { ...read.line, bytes: decoded, number }
}

function reasonOf(problem: NdjsonLineProblem): string {
  switch (problem.kind) {
    case 'not-utf8':
      return 'it is not UTF-8'
    case 'not-json':
      return 'it is not JSON'
    case 'not-object':
      return 'it is no object with "key" and "value"'
    case 'key-missing':
      return 'it has no key'
    case 'key-not-text':
      return 'its key is no text'
    case 'key-half-character':
      return 'its key has half a character'
    case 'value-missing':
      return 'it has no value'
    case 'value-not-text':
      return 'its value is no text in base64'
    case 'value-not-base64':
      return 'its value is not base64'
    case 'unknown-member':
      return `${JSON.stringify(problem.member)} is no member of a line`
    case 'unfit-member':
      return `its ${JSON.stringify(problem.member)} is not as it should be`
  }
}

/** Node's decoder ignores what it does not know; a damaged value must not pass. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function bad(line: number, what: string): CodedError {
  return new CodedError('invalid-argument', `line ${line} cannot be imported: ${what}`, { details: { line } })
}

function torn(line: number, expected: number): CodedError {
  return bad(line, `part ${expected} of a large value is missing`)
}
