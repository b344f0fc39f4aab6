import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressBytes } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeText } from '../../core/base/text.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { KeyScan, ListRange } from '../../core/kv/list-plan.ts'
import { ListPlan } from '../../core/kv/list-plan.ts'
import { decodePageToken, encodePageToken } from '../../core/kv/page-token.ts'
import { entryKey, userKeyOf } from '../../core/kv/record-keys.ts'
import type { RecordStore, ScanOptions } from '../../ports/record-store.ts'
import { checkBound, throwIfAborted } from './checked-arguments.ts'
import type { ListQuery } from './key-value-service.ts'
import { readableEntry } from './readable-entry.ts'

/** What one listed page holds, before values are read. */
export interface ListedKeys {
  readonly items: readonly { readonly key: string; readonly bytes: Uint8Array; readonly entry: Entry }[]
  readonly commonPrefixes: readonly string[]
  readonly nextPageToken: Uint8Array | undefined
  /** The bytes of keys and values that the page was bounded by; larger values are left out. */
  readonly bytesMax: number
}

/** Lists the entries of a page. Every scan sees what was durable when it began. */
export class PageLister {
  readonly #store: RecordStore
  readonly #limits: Limits

  constructor(store: RecordStore, limits: Limits) {
    this.#store = store
    this.#limits = limits
  }

  async list(page: BlockAddress, query: ListQuery, signal: AbortSignal): Promise<ListedKeys> {
    const range = this.#rangeOf(page, query)
    const plan = new ListPlan(range, this.#limits.scanRecordsMax)
    const filling = new PageFilling(query, this.#limits)
    for (;;) {
      throwIfAborted(signal)
      // One more than there is room for says whether anything follows.
      const scan = plan.nextScan(filling.room + 1)
      if (scan === undefined) return filling.finish(undefined)
      const found = await this.#store.scan('entry', scanOptions(page, scan, range.reverse, signal))
      for (const [index, { key, value }] of found.entries()) {
        const userKey = userKeyOf(key)
        const step = plan.look(userKey, index)
        if (step.kind === 'skip') continue
        const entry = step.kind === 'item' ? readableEntry(value) : undefined
        if (!filling.add(step.kind === 'folder' ? step.prefix : userKey, entry)) {
          const { position } = plan
          return filling.finish(position === undefined ? undefined : encodePageToken(page, range.reverse, position))
        }
        plan.take(userKey, step)
      }
      plan.endScan(found.length < scan.limit)
    }
  }

  #rangeOf(page: BlockAddress, query: ListQuery): ListRange {
    const limits = this.#limits
    const reverse = query.reverse === true
    const { pageToken } = query
    const prefix = checkBound(query.prefix, 'the prefix', limits)
    const expected = { store: page, reverse, prefix, keyBytesMax: limits.keyBytesMax }
    const position = pageToken === undefined ? undefined : decodePageToken(pageToken, expected)
    if (pageToken !== undefined && position === undefined) {
      throw new CodedError('invalid-argument', 'the page token is not one of this listing')
    }
    const end = checkBound(query.end, 'the end of the range', limits)
    // Going forward the token is behind every key that startAfter leaves out; going back both bound the range.
    const startAfter = position !== undefined && !reverse ? '' : query.startAfter
    return {
      prefix,
      startAfter: checkBound(startAfter, 'the key to start after', limits),
      end: end.length === 0 ? undefined : end,
      delimiter: checkBound(query.delimiter, 'the delimiter', limits),
      reverse,
      position,
    }
  }
}

/** One listed page while it fills up. */
class PageFilling {
  readonly #countMax: number
  readonly #bytesMax: number
  readonly #withValues: boolean
  readonly #items: ListedKeys['items'][number][] = []
  readonly #prefixes: string[] = []
  #bytes = 0

  constructor(query: ListQuery, limits: Limits) {
    const { limit = 0, bytesMax = limits.listBytesMax } = query
    if (!Number.isSafeInteger(limit) || limit < 0) throw new CodedError('invalid-argument', 'the limit is not a whole number')
    if (!(bytesMax >= 0)) throw new CodedError('invalid-argument', 'the bytes of a page are not a number')
    this.#countMax = limit === 0 ? limits.listKeysMax : Math.min(limit, limits.listKeysMax)
    this.#bytesMax = Math.min(bytesMax, limits.listBytesMax)
    this.#withValues = query.withValues === true
  }

  /** How many more fit by their number. */
  get room(): number {
    return this.#countMax - this.#items.length - this.#prefixes.length
  }

  /** False when there is no room for it; the first one always fits. */
  add(key: Uint8Array, entry: Entry | undefined): boolean {
    const bytes = key.length + (this.#withValues && entry !== undefined && entry.size <= this.#bytesMax ? entry.size : 0)
    const isFirst = this.#items.length + this.#prefixes.length === 0
    if (!isFirst && (this.room <= 0 || this.#bytes + bytes > this.#bytesMax)) return false
    this.#bytes += bytes
    const text = decodeText(key)
    if (text === undefined) throw new CodedError('data-corrupt', 'a key is not text')
    if (entry === undefined) this.#prefixes.push(text)
    else this.#items.push({ key: text, bytes: key, entry })
    return true
  }

  finish(nextPageToken: Uint8Array | undefined): ListedKeys {
    return { items: this.#items, commonPrefixes: this.#prefixes, nextPageToken, bytesMax: this.#bytesMax }
  }
}

function scanOptions(page: BlockAddress, scan: KeyScan, reverse: boolean, signal: AbortSignal): ScanOptions {
  const before = scan.before === undefined ? prefixEnd(page.subarray(0, addressBytes)) : entryKey(page, scan.before)
  const bounds = { from: entryKey(page, scan.from), limit: scan.limit, reverse, signal }
  return before === undefined ? bounds : { ...bounds, before }
}
