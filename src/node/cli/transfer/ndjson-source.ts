import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { CodedError } from '../../../shared/coded-error.ts'
import type { Line } from './ndjson-lines.ts'
import { readLines } from './ndjson-lines.ts'
import type { ImportItem } from './transfer-item.ts'

const pieceBytes = 256 * 1024

/**
 * One line: a whole value, or one part of a large one. Parts of a value follow each other, count from 1, the first says the size of
 * all, the last says so.
 */
const lineSchema = z.strictObject({
  key: z.string().min(1),
  value: z.string(),
  contentType: z.string().optional(),
  version: z.union([z.number(), z.string()]).optional(),
  part: z.number().int().min(1).optional(),
  size: z.number().int().min(0).optional(),
  last: z.boolean().optional(),
})
type Record = z.output<typeof lineSchema> & { readonly bytes: Buffer; readonly number: number }

/** The lines of a file. Large values can be read again, so that they are compared before they are sent. */
export async function* ndjsonFileSource(path: string): AsyncGenerator<ImportItem> {
  const open = (start: number) => readLines(createReadStream(path, { start, highWaterMark: pieceBytes }))
  const lines = open(0)
  for await (const line of lines) {
    const record = parseLine(line)
    if (record.part === undefined) yield wholeItem(record)
    else {
      const value = () => partsOf(ownRecords(open(line.offset)), line.number)
      yield {
        kind: 'value',
        name: record.key,
        contentType: record.contentType ?? '',
        size: firstPartSize(record),
        open: value,
        read: () => all(value()),
        once: false,
      }
      await skipParts(record, lines)
    }
  }
}

/** The lines of standard input. */
export async function* ndjsonStreamSource(input: AsyncIterable<Uint8Array>): AsyncGenerator<ImportItem> {
  const lines = readLines(input)
  for await (const line of lines) {
    const record = parseLine(line)
    if (record.part === undefined) {
      yield wholeItem(record)
      continue
    }
    const parts = partsOf(joined(record, parsed(lines)), line.number)
    yield {
      kind: 'value',
      name: record.key,
      contentType: record.contentType ?? '',
      size: firstPartSize(record),
      open: () => parts,
      read: () => all(parts),
      once: true,
    }
    for await (const _ of parts) {
      // whatever the taker left
    }
  }
}

function wholeItem({ key, contentType = '', bytes }: Record): ImportItem {
  const pieces = async function* () {
    yield bytes
  }
  return {
    kind: 'value',
    name: key,
    contentType,
    size: bytes.length,
    read: () => Promise.resolve(bytes),
    open: pieces,
    once: false,
  }
}

async function* partsOf(records: AsyncIterable<Record>, firstLine: number): AsyncGenerator<Uint8Array> {
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

async function skipParts(first: Record, lines: AsyncGenerator<Line>): Promise<void> {
  let last = first
  while (last.last !== true) {
    const next = await lines.next()
    if (next.done === true) throw torn(first.number, (last.part ?? 0) + 1)
    last = parseLine(next.value)
    if (last.key !== first.key) throw torn(last.number, (last.part ?? 0) + 1)
  }
}

async function* ownRecords(lines: AsyncIterable<Line>): AsyncGenerator<Record> {
  for await (const line of lines) yield parseLine(line)
}

async function* parsed(lines: AsyncGenerator<Line>): AsyncGenerator<Record> {
  // not for-await: the lines belong to the caller and must not be closed when this one ends early
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) yield parseLine(next.value)
}

async function* joined(first: Record, rest: AsyncIterable<Record>): AsyncGenerator<Record> {
  yield first
  yield* rest
}

function firstPartSize(record: Record): number {
  if (record.part !== 1 || record.size === undefined) throw bad(record.number, 'it continues a value that has no beginning')
  return record.size
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return Buffer.concat(parts)
}

function parseLine({ number, bytes }: Line): Record {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw bad(number, 'it is not JSON')
  }
  const result = lineSchema.safeParse(value)
  if (!result.success) throw bad(number, 'it is not { "key": text, "value": base64 }')
  const decoded = decodeBase64(result.data.value)
  if (decoded === undefined) throw bad(number, 'its value is not base64')
  return { ...result.data, bytes: decoded, number }
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
