import { createReadStream } from 'node:fs'
import type { Line } from '../../api/ndjson/ndjson-lines.ts'
import { readLines } from '../../api/ndjson/ndjson-lines.ts'
import type { NdjsonRecord } from '../../api/ndjson/ndjson-values.ts'
import { firstPartSize, ndjsonValues, parseLine, partsOf, skipParts } from '../../api/ndjson/ndjson-values.ts'
import type { ImportItem } from './transfer-item.ts'

const pieceBytes = 256 * 1024

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
  for await (const { key, contentType, size, bytes, open } of ndjsonValues(input)) {
    const once = bytes === undefined
    yield { kind: 'value', name: key, contentType, size, open, read: async () => bytes ?? (await all(open())), once }
  }
}

function wholeItem({ key, contentType = '', bytes }: NdjsonRecord): ImportItem {
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

async function* ownRecords(lines: AsyncIterable<Line>): AsyncGenerator<NdjsonRecord> {
  for await (const line of lines) yield parseLine(line)
}

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of pieces) parts.push(piece)
  return Buffer.concat(parts)
}
