import { isCoded } from '../../../../shared/coded-error.ts'
import type { CallContext } from '../../../engine/call-context.ts'
import type { KeyMetadata, KeyValueService, ListPage } from '../../../engine/kv/key-value-service.ts'
import { partBytes } from '../../ndjson/ndjson-values.ts'
import { controlLimits } from '../control-limits.ts'
import type { JobRecord } from './job-record.ts'

const store = ''

/**
 * Every key below the prefix as NDJSON, in the order of the keys, as `memo export` writes it. A large value passes through piece by
 * piece; where it turns out damaged behind its beginning the export fails, because a line cannot be taken back.
 */
export async function* exportLines(keyValues: KeyValueService, record: JobRecord): AsyncGenerator<Uint8Array, void> {
  const context = { signal: record.signal }
  let pageToken: Uint8Array | undefined
  do {
    const page = await pageOf(keyValues, record.prefix, pageToken, context)
    noteDamage(page, record)
    for (const { metadata, value } of page.items) {
      if (value === undefined) yield* largeLine(keyValues, metadata, record, context)
      else {
        yield text(`${openLine(metadata, record.prefix, {})}${base64(value)}"}\n`)
        record.bytesMoved(value.length)
        record.itemDone()
      }
    }
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  // The index may have been found damaged by what was read after its page.
  if (record.metDamage) noteIndexDamage(await keyValues.list(store, { prefix: record.prefix, limit: 1 }, context), record)
}

/** What the list lacks: the rest goes on. */
export function noteDamage(page: ListPage, record: JobRecord): void {
  for (const key of page.damage?.unreadable ?? [])
    record.itemDamaged(key.slice(record.prefix.length), 'what is known of this key cannot be read')
  noteIndexDamage(page, record)
}

function noteIndexDamage({ damage }: ListPage, record: JobRecord): void {
  if (damage?.incomplete === true) record.listIncomplete()
}

/** With values, unless one of them is damaged: then they are read one by one, so that the damaged one is named. */
async function pageOf(
  keyValues: KeyValueService,
  prefix: string,
  pageToken: Uint8Array | undefined,
  context: CallContext,
): Promise<ListPage> {
  const { jobPageKeys, jobPageBytes } = controlLimits
  const query = { prefix, limit: jobPageKeys, bytesMax: jobPageBytes, ...(pageToken !== undefined && { pageToken }) }
  try {
    return await keyValues.list(store, { ...query, withValues: true }, context)
  } catch (error) {
    if (!isCoded(error, 'data-corrupt')) throw error
    return await keyValues.list(store, query, context)
  }
}

async function* largeLine(
  keyValues: KeyValueService,
  listed: KeyMetadata,
  record: JobRecord,
  context: CallContext,
): AsyncGenerator<Uint8Array, void> {
  const name = listed.key.slice(record.prefix.length)
  const begun = await begin(keyValues, listed.key, context)
  if (begun === 'vanished') return record.itemSkipped()
  if (begun === 'damaged') return record.itemDamaged(name, 'its stored value is damaged')
  const { metadata, pieces } = begun
  const { size } = metadata
  let written = 0
  let carry: Uint8Array = new Uint8Array(0)
  yield text(openLine(metadata, record.prefix, marksOf(size, 0)))
  for await (const piece of pieces) {
    for (let rest = piece; rest.length > 0; ) {
      const length = Math.min(rest.length, partBytes - (written % partBytes))
      const bytes = Buffer.concat([carry, rest.subarray(0, length)])
      const whole = bytes.length - (bytes.length % 3)
      yield text(base64(bytes.subarray(0, whole)))
      carry = bytes.subarray(whole)
      rest = rest.subarray(length)
      written += length
      if (written % partBytes === 0 && written < size)
        yield text(`"}\n${openLine(metadata, record.prefix, marksOf(size, written))}`)
    }
    record.bytesMoved(piece.length)
  }
  yield text(`${base64(carry)}"}\n`)
  record.itemDone()
}

interface BegunValue {
  readonly metadata: KeyMetadata
  readonly pieces: AsyncIterable<Uint8Array>
}

/** Reads the first piece before anything of the value is written. */
async function begin(
  keyValues: KeyValueService,
  key: string,
  context: CallContext,
): Promise<BegunValue | 'vanished' | 'damaged'> {
  try {
    const found = await keyValues.read(store, key, {}, context)
    if (found === undefined) return 'vanished'
    const iterator = found.pieces[Symbol.asyncIterator]()
    const first = await iterator.next()
    const pieces = async function* () {
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
    }
    return { metadata: found.metadata, pieces: pieces() }
  } catch (error) {
    if (isCoded(error, 'data-corrupt')) return 'damaged'
    throw error
  }
}

/** What says of a line that it is one part of a value; nothing for a value on one line. */
function marksOf(size: number, written: number): object {
  if (size <= partBytes) return {}
  const last = written + partBytes >= size
  return { part: written / partBytes + 1, ...(written === 0 && { size }), ...(last && { last }) }
}

/** A line up to the first character of its value. */
function openLine({ key, version, contentType }: KeyMetadata, prefix: string, marks: object): string {
  const head = { key: key.slice(prefix.length), version: String(version), ...(contentType !== '' && { contentType }), ...marks }
  return `${JSON.stringify(head).slice(0, -1)},"value":"`
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function text(characters: string): Uint8Array {
  return Buffer.from(characters)
}
