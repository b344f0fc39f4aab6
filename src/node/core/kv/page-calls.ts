/**
 * What a node asks of the primary of a page beside changes, and what it answers: entries of keys, and listed pages. docs/PROTOCOL.md,
 * Calls to pages, states the bytes.
 *
 * Invariants: answers stand in the order of the question; an entry that the primary cannot read is said to be unreadable, never absent.
 */

import { assert } from '../../../shared/assert.ts'
import { emptyBytes } from '../base/bytes.ts'
import type { CanonicalReader } from '../base/canonical-codec.ts'
import { CanonicalWriter, decodeCanonical, recordTag } from '../base/canonical-codec.ts'
import { isHlc } from '../base/hybrid-clock.ts'
import { decodeText, encodeText } from '../base/text.ts'
import type { Entry } from './entry.ts'
import { decodeEntry, encodeEntry } from './entry.ts'

const keysFormat = recordTag('memo/page-keys/1')
const settleFormat = recordTag('memo/page-settle/1')
const entriesFormat = recordTag('memo/page-entries/1')
const listFormat = recordTag('memo/page-list/1')
const listedFormat = recordTag('memo/page-listed/1')

const keysMax = 65_536
const keyBytesMax = 65_535
const tokenBytesMax = 70_000

/** Of a key whose entry cannot be read. */
export type CalledEntry = Entry | 'unreadable' | undefined

/** A listing as it is asked for: `ListQuery` of the engine. */
export interface CalledList {
  readonly prefix?: string
  readonly startAfter?: string
  readonly end?: string
  readonly delimiter?: string
  readonly limit?: number
  readonly reverse?: boolean
  readonly withValues?: boolean
  readonly pageToken?: Uint8Array
  readonly bytesMax?: number
}

/** A listed page before values are read. */
export interface CalledPage {
  readonly items: readonly { readonly key: string; readonly bytes: Uint8Array; readonly entry: Entry }[]
  readonly commonPrefixes: readonly string[]
  readonly nextPageToken: Uint8Array | undefined
  readonly bytesMax: number
  readonly damage: { readonly unreadable: readonly string[]; readonly incomplete: boolean } | undefined
}

export function encodePageKeys(keys: readonly Uint8Array[]): Uint8Array {
  return new CanonicalWriter(keysFormat).list(keys, (key, item) => item.bytes(key)).finish()
}

export function decodePageKeys(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  return decodeCanonical(keysFormat, bytes, (reader) => reader.list(keysMax, (item) => item.bytes(1, keyBytesMax)))
}

/** Every change that the page decides from now on is to be stamped above this. */
export function encodePageSettle(stamp: bigint): Uint8Array {
  return new CanonicalWriter(settleFormat, 32).uint(stamp).finish()
}

export function decodePageSettle(bytes: Uint8Array): bigint | undefined {
  return decodeCanonical(settleFormat, bytes, (reader) => {
    const stamp = reader.uint64()
    reader.require(isHlc(stamp))
    return stamp
  })
}

export function encodeEntries(entries: readonly CalledEntry[]): Uint8Array {
  return new CanonicalWriter(entriesFormat)
    .list(entries, (entry, item) => {
      if (entry === undefined) item.uint(0)
      else if (entry === 'unreadable') item.uint(1)
      else item.uint(2).bytes(encodeEntry(entry))
    })
    .finish()
}

export function decodeEntries(bytes: Uint8Array): readonly CalledEntry[] | undefined {
  return decodeCanonical(entriesFormat, bytes, (reader) =>
    reader.list(keysMax, (item): CalledEntry => {
      const kind = item.uint(2)
      if (kind === 0) return undefined
      return kind === 1 ? 'unreadable' : readEntry(item)
    }),
  )
}

export function encodeCalledList(list: CalledList): Uint8Array {
  const { prefix = '', startAfter = '', end = '', delimiter = '', limit = 0, pageToken = emptyBytes } = list
  return new CanonicalWriter(listFormat)
    .bytes(encodeText(prefix))
    .bytes(encodeText(startAfter))
    .bytes(encodeText(end))
    .bytes(encodeText(delimiter))
    .uint(limit)
    .uint((list.reverse === true ? 1 : 0) + (list.withValues === true ? 2 : 0))
    .bytes(pageToken)
    .list(list.bytesMax === undefined ? [] : [list.bytesMax], (bytesMax, item) => item.uint(bytesMax))
    .finish()
}

export function decodeCalledList(bytes: Uint8Array): CalledList | undefined {
  return decodeCanonical(listFormat, bytes, (reader) => {
    const [prefix, startAfter, end, delimiter] = [readText(reader), readText(reader), readText(reader), readText(reader)]
    const limit = reader.uint()
    const flags = reader.uint(3)
    const pageToken = reader.bytes(0, tokenBytesMax)
    const [bytesMax] = reader.list(1, (item) => item.uint())
    return {
      prefix,
      startAfter,
      end,
      delimiter,
      limit,
      reverse: flags % 2 === 1,
      withValues: flags >= 2,
      ...(pageToken.length > 0 && { pageToken }),
      ...(bytesMax !== undefined && { bytesMax }),
    }
  })
}

export function encodeCalledPage(page: CalledPage): Uint8Array {
  const { items, commonPrefixes, nextPageToken, bytesMax, damage } = page
  const writer = new CanonicalWriter(listedFormat, 64 + items.length * 256)
  writer.list(items, ({ bytes, entry }, item) => item.bytes(bytes).bytes(encodeEntry(entry)))
  writer.list(commonPrefixes, (prefix, item) => item.bytes(encodeText(prefix)))
  writer.bytes(nextPageToken ?? emptyBytes).uint(bytesMax)
  return writer
    .list(damage === undefined ? [] : [damage], ({ unreadable, incomplete }, item) => {
      item.uint(incomplete ? 1 : 0).list(unreadable, (key, each) => each.bytes(encodeText(key)))
    })
    .finish()
}

export function decodeCalledPage(bytes: Uint8Array): CalledPage | undefined {
  return decodeCanonical(listedFormat, bytes, (reader) => {
    const items = reader.list(keysMax, (item) => {
      const key = item.bytes(1, keyBytesMax)
      return { key: textOf(item, key), bytes: key, entry: readEntry(item) }
    })
    const commonPrefixes = reader.list(keysMax, readText)
    const token = reader.bytes(0, tokenBytesMax)
    const bytesMax = reader.uint()
    const [damage] = reader.list(1, (item) => ({ incomplete: item.uint(1) === 1, unreadable: item.list(keysMax, readText) }))
    return { items, commonPrefixes, nextPageToken: token.length > 0 ? token : undefined, bytesMax, damage }
  })
}

function readEntry(reader: CanonicalReader): Entry {
  const entry = decodeEntry(reader.bytes())
  reader.require(entry !== undefined)
  assert(entry !== undefined, 'an entry was required')
  return entry
}

function readText(reader: CanonicalReader): string {
  return textOf(reader, reader.bytes(0, keyBytesMax))
}

function textOf(reader: CanonicalReader, bytes: Uint8Array): string {
  const text = decodeText(bytes)
  reader.require(text !== undefined)
  return text ?? ''
}
