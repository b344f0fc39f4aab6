import { isCoded } from '../../../shared/coded-error.ts'
import { partBytes } from '../../api/ndjson/ndjson-values.ts'
import type { KeyMetadata } from '../client/key-value-client.ts'
import type { ExportOptions } from './export-options.ts'
import { askForIndexDamage, listedPages } from './listed-pages.ts'
import type { GroupValue } from './value-group.ts'
import { groupValues, smallBytesMax } from './value-group.ts'

const pageKeys = 256

export interface LineOutput {
  write(bytes: Uint8Array): Promise<void>
}

/** Writes every key below the prefix as one line, in the order of the keys. */
export async function exportNdjson(output: LineOutput, options: ExportOptions): Promise<void> {
  const { prefix, report, progressed } = options
  let before = ''
  for await (const page of listedPages(options, pageKeys)) {
    const values = await smallValues(
      page.items.flatMap(({ metadata }) => metadata ?? []),
      before,
      options,
    )
    for (const { metadata } of page.items) {
      if (metadata === undefined) continue
      const written = await writeValue(output, metadata, values.get(metadata.key), options)
      if (typeof written === 'number') report.copy(written)
      else if (written === 'vanished') report.skip(written, metadata.key.slice(prefix.length))
      else report.fail(written, metadata.key.slice(prefix.length))
      progressed()
      before = metadata.key
    }
  }
  await askForIndexDamage(options)
}

/** Values of the page's small keys, fetched together where the whole page is small. */
async function smallValues(
  page: readonly KeyMetadata[],
  after: string,
  options: ExportOptions,
): Promise<Map<string, GroupValue>> {
  const values = new Map<string, GroupValue>()
  if (page.some(({ size }) => size > smallBytesMax)) return values
  const query = { prefix: options.prefix, after, count: page.length, signal: options.signal }
  try {
    for await (const { metadata, value } of groupValues(options.client, query)) values.set(metadata.key, { metadata, value })
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error // asked for one by one, so that the damaged one is named
  }
  return values
}

/** Bytes written. A value that turns out damaged after a part of it was written ends the export: its line cannot be taken back. */
async function writeValue(
  output: LineOutput,
  listed: KeyMetadata,
  small: GroupValue | undefined,
  { client, prefix, signal }: ExportOptions,
): Promise<number | 'vanished' | 'damaged'> {
  if (small !== undefined) {
    await writeLine(output, { ...lineHead(small.metadata, prefix), value: base64(small.value) })
    return small.value.length
  }
  let part = 0
  try {
    const { metadata, pieces } = await client.get(listed.key, undefined, { signal })
    const head = lineHead(metadata, prefix)
    const size = Number(metadata.size)
    let written = 0
    for await (const piece of regrouped(pieces)) {
      part += 1
      written += piece.length
      const marks = size <= partBytes ? {} : { part, ...(part === 1 && { size }), ...(written === size && { last: true }) }
      await writeLine(output, { ...head, ...marks, value: base64(piece) })
    }
    return size
  } catch (error) {
    if (isCoded(error, 'key-not-found')) return 'vanished'
    if (isCoded(error, 'data-corrupt') && part === 0) return 'damaged'
    throw error
  }
}

function lineHead({ key, version, contentType }: KeyMetadata, prefix: string) {
  return { key: key.slice(prefix.length), version: String(version), ...(contentType !== '' && { contentType }) }
}

/** Pieces of exactly partBytes, the last one shorter; one empty piece for an empty value. */
async function* regrouped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let size = 0
  let given = false
  for await (const piece of pieces) {
    let rest = piece
    while (size + rest.length >= partBytes) {
      const taken = partBytes - size
      yield Buffer.concat([...parts, rest.subarray(0, taken)])
      given = true
      parts = []
      size = 0
      rest = rest.subarray(taken)
    }
    if (rest.length > 0) parts.push(rest)
    size += rest.length
  }
  if (size > 0 || !given) yield Buffer.concat(parts)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function writeLine(output: LineOutput, line: object): Promise<void> {
  return output.write(Buffer.from(`${JSON.stringify(line)}\n`))
}
