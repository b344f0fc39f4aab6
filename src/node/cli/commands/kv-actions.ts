import { CodedError } from '../../../shared/coded-error.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { CliIo } from '../cli-io.ts'
import type { CliOutput } from '../cli-output.ts'
import { visible } from '../cli-output.ts'
import { DamagedList } from '../client/damaged-list.ts'
import type { KeyValueClient, PutCondition } from '../client/key-value-client.ts'
import { keyValueClient } from '../client/key-value-client.ts'
import type { ReadFlags } from '../client/read-consistency.ts'
import { ageJson, consistencyFields } from '../client/read-consistency.ts'
import type { RemoteFlags } from '../client/remote-command.ts'
import { withConnection } from '../client/remote-command.ts'
import { byteText } from '../transfer/transfer-report.ts'
import { outputFile } from '../transfer/whole-file.ts'
import { readValueInput } from '../value-input.ts'
import { metadataJson, metadataText } from './metadata-text.ts'

const defaultStore = ''

export interface GetFlags extends RemoteFlags, ReadFlags {
  readonly output?: string
  readonly offset?: bigint
  readonly length?: bigint
}

export interface PutFlags extends RemoteFlags {
  readonly file?: string
  readonly contentType?: string
  readonly ifVersion?: bigint
  readonly ifAbsent?: boolean
  readonly ifPresent?: boolean
}

export interface RemoveFlags extends RemoteFlags {
  readonly ifVersion?: bigint
}

export interface ListFlags extends RemoteFlags, ReadFlags {
  readonly delimiter?: string
  readonly limit?: number
  readonly long?: boolean
  readonly startAfter?: string
  readonly end?: string
  readonly reverse?: boolean
  readonly null?: boolean
}

export function kvGet(key: string, flags: GetFlags, io: CliIo): Promise<void> {
  const asked = consistencyFields(flags)
  return withStore(flags, io, async (client, output) => {
    const ranged = flags.offset !== undefined || flags.length !== undefined
    const range = ranged ? { offset: flags.offset ?? 0n, ...(flags.length !== undefined && { length: flags.length }) } : undefined
    await using file = await outputFile(flags.output)
    const { metadata, pieces, ageMs } = await client.get(key, range, { signal: io.signal }, asked)
    const facts = { ...metadataJson(metadata), ...ageJson(asked, ageMs) }
    if (file !== undefined) {
      for await (const piece of pieces) await file.write(piece)
      await file.commit()
      if (output.json) await output.result('', { ...facts, file: flags.output, bytes: file.bytes })
    } else if (output.json) {
      const value = await collect(pieces)
      await output.result('', { ...facts, value: value.toString('base64') })
    } else for await (const piece of pieces) await output.bytes(piece)
  })
}

export function kvPut(key: string, text: string | undefined, flags: PutFlags, io: CliIo): Promise<void> {
  return withStore(flags, io, async (client, output) => {
    const facts = { condition: putCondition(flags), ...(flags.contentType !== undefined && { contentType: flags.contentType }) }
    const input = await readValueInput(text, flags.file, io)
    const control = { signal: io.signal }
    const stored =
      input.kind === 'whole'
        ? await client.put(key, input.bytes, facts, control)
        : await client.putStream(key, input.pieces, facts, control)
    await output.result(`stored ${stored.key}: version ${stored.version}, ${byteText(Number(stored.size))}`, metadataJson(stored))
  })
}

export function kvRemove(keys: readonly string[], flags: RemoveFlags, io: CliIo): Promise<void> {
  return withStore(flags, io, async (client, output) => {
    const condition: PutCondition = flags.ifVersion === undefined ? 'any' : { version: flags.ifVersion }
    if (flags.ifVersion !== undefined && keys.length > 1) {
      throw new CodedError('invalid-argument', '--if-version is about one key, but several were given')
    }
    let failure: unknown
    for (const key of keys) {
      try {
        const removed = await client.remove(key, condition, { signal: io.signal })
        await output.result(`removed ${removed.key}: version ${removed.version}`, metadataJson(removed))
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'key-not-found' || keys.length === 1) throw error
        failure ??= error
        output.remark(noSuchKey(key))
      }
    }
    if (failure !== undefined) throw failure
  })
}

export function kvStat(key: string, flags: RemoteFlags & ReadFlags, io: CliIo): Promise<void> {
  const asked = consistencyFields(flags)
  return withStore(flags, io, async (client, output) => {
    const found = await client.stat(key, { signal: io.signal }, asked)
    if (found === undefined) throw new CodedError('key-not-found', noSuchKey(key))
    const age = ageJson(asked, found.ageMs)
    await output.result(metadataText(found.metadata, age), { ...metadataJson(found.metadata), ...age })
  })
}

/** In the words of a node. */
function noSuchKey(key: string): string {
  return `there is no key ${key}`
}

export function kvList(prefix: string, flags: ListFlags, io: CliIo): Promise<void> {
  const asked = consistencyFields(flags)
  return withStore(flags, io, async (client, output) => {
    const { delimiter = '', startAfter = '', end = '', reverse = false } = flags
    const damage = new DamagedList()
    let left = flags.limit ?? Number.POSITIVE_INFINITY
    let pageToken: Uint8Array = new Uint8Array(0)
    do {
      const limit = Math.min(left, defaultLimits.listKeysMax)
      const query = { ...asked, prefix, delimiter, startAfter, end, reverse, limit, pageToken }
      const page = await client.list(query, { signal: io.signal })
      const age = ageJson(asked, page.ageMs)
      for (const entry of inOrder(page, reverse)) await printEntry(entry, age, flags, output)
      for (const key of page.unreadable) io.stderr.write(unreadableLine(key, output.json))
      damage.take(page)
      left -= page.items.length + page.commonPrefixes.length + page.unreadable.length
      pageToken = page.nextPageToken
    } while (pageToken.length > 0 && left > 0)
    if (damage.error !== undefined) throw damage.error
  })
}

type ListEntry =
  | { readonly name: string; readonly metadata: Parameters<typeof metadataJson>[0] }
  | { readonly name: string; readonly metadata?: undefined }

/** Keys and common prefixes of a page in one order, as a person expects of a folder. */
function inOrder(page: Awaited<ReturnType<KeyValueClient['list']>>, reverse: boolean): readonly ListEntry[] {
  const entries: ListEntry[] = page.items.flatMap(({ metadata }) =>
    metadata === undefined ? [] : [{ name: metadata.key, metadata }],
  )
  if (page.commonPrefixes.length === 0) return entries
  entries.push(...page.commonPrefixes.map((name) => ({ name })))
  return entries.sort((left, right) => Buffer.compare(Buffer.from(left.name), Buffer.from(right.name)) * (reverse ? -1 : 1))
}

/** Beside the list, which holds only what can be read. */
function unreadableLine(key: string, json: boolean): string {
  return json ? `${JSON.stringify({ unreadable: key })}\n` : `memo: ${visible(key)} is there and cannot be read\n`
}

async function printEntry(entry: ListEntry, age: ReturnType<typeof ageJson>, flags: ListFlags, output: CliOutput): Promise<void> {
  if (flags.null === true && !output.json) {
    await output.bytes(Buffer.from(`${entry.name}\0`))
    return
  }
  const { metadata } = entry
  if (metadata === undefined)
    await output.result(flags.long === true ? `${longFacts('-', '-', '-')}  ${entry.name}` : entry.name, {
      ...{ prefix: entry.name },
      ...age,
    })
  else {
    const facts = metadataJson(metadata)
    const long = `${longFacts(String(facts.size), facts.version, facts.modified)}  ${facts.key}`
    await output.result(
      flags.long === true ? long : facts.key,
      flags.long === true ? { ...facts, ...age } : { key: facts.key, ...age },
    )
  }
}

function longFacts(size: string, version: string, modified: string): string {
  return `${size.padStart(12)}  ${version.padStart(6)}  ${modified.padEnd(24)}`
}

function putCondition({ ifVersion, ifAbsent, ifPresent }: PutFlags): PutCondition {
  const given = [ifVersion !== undefined, ifAbsent === true, ifPresent === true].filter(Boolean).length
  if (given > 1) throw new CodedError('invalid-argument', 'give only one of --if-version, --if-absent and --if-present')
  if (ifVersion !== undefined) return { version: ifVersion }
  return ifAbsent === true ? 'absent' : ifPresent === true ? 'present' : 'any'
}

function withStore(
  flags: RemoteFlags,
  io: CliIo,
  action: (client: KeyValueClient, output: CliOutput) => Promise<void>,
): Promise<void> {
  return withConnection(flags, io, ({ connection, output }) => action(keyValueClient(connection, defaultStore), output))
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const piece of pieces) {
    parts.push(piece)
    size += piece.length
    if (size > defaultLimits.unaryValueBytesMax) {
      throw new CodedError(
        'limit-exceeded',
        'the value is too large for --json: write it to a file with --output FILE, or ask for a range',
      )
    }
  }
  return Buffer.concat(parts)
}
