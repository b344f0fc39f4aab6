import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressBytes } from '../../core/base/address.ts'
import { compareBytes, prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeText } from '../../core/base/text.ts'
import type { Entry } from '../../core/kv/entry.ts'
import { decodeEntry } from '../../core/kv/entry.ts'
import type { KeyScan, ListRange } from '../../core/kv/list-plan.ts'
import { ListPlan } from '../../core/kv/list-plan.ts'
import { decodePageToken, encodePageToken } from '../../core/kv/page-token.ts'
import { entryKey, userKeyOf } from '../../core/kv/record-keys.ts'
import type { RecordStore, ScanOptions } from '../../ports/record-store.ts'
import { checkBound, throwIfAborted } from './checked-arguments.ts'
import type { ListDamage, ListQuery } from './key-value-service.ts'

/** What one listed page holds, before values are read. */
export interface ListedKeys {
  readonly items: readonly { readonly key: string; readonly bytes: Uint8Array; readonly entry: Entry }[]
  readonly commonPrefixes: readonly string[]
  readonly nextPageToken: Uint8Array | undefined
  /** The bytes of keys and values that the page was bounded by; larger values are left out. */
  readonly bytesMax: number
  readonly damage: ListDamage | undefined
}

/** A key and its entry's record; undefined where that does not verify. */
interface ListedRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
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
      const found = await this.#scan(scanOptions(page, scan, range.reverse, signal), filling)
      for (const [index, { key, value }] of found.entries()) {
        const userKey = userKeyOf(key)
        const step = plan.look(userKey, index)
        if (step.kind === 'skip') continue
        if (!(step.kind === 'folder' ? filling.addPrefix(step.prefix) : filling.addKey(userKey, value))) {
          const { position } = plan
          return filling.finish(position === undefined ? undefined : encodePageToken(page, range.reverse, position))
        }
        plan.take(userKey, step)
      }
      plan.endScan(found.length < scan.limit)
    }
  }

  /** Both what is readable and what is not, in the order of the scan. */
  async #scan(options: ScanOptions, filling: PageFilling): Promise<readonly ListedRecord[]> {
    const unreadable: ListedRecord[] = []
    const damage = {
      unreadable: (key: Uint8Array) => void unreadable.push({ key, value: undefined }),
      incomplete: () => filling.lacksKeys(),
    }
    const found = await this.#store.scan('entry', { ...options, damage })
    if (unreadable.length === 0) return found
    const sign = options.reverse === true ? -1 : 1
    return [...found, ...unreadable].sort((left, right) => sign * compareBytes(left.key, right.key))
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
  readonly #unreadable: string[] = []
  #incomplete = false
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
    return this.#countMax - this.#count
  }

  get #count(): number {
    return this.#items.length + this.#prefixes.length + this.#unreadable.length
  }

  /** False when there is no room for it; the first one always fits. */
  addPrefix(prefix: Uint8Array): boolean {
    return this.#add(prefix, prefix.length, (text) => this.#prefixes.push(text))
  }

  /** Likewise of a key with its entry's record, as far as that verifies. */
  addKey(key: Uint8Array, record: Uint8Array | undefined): boolean {
    const entry = record && decodeEntry(record)
    if (entry === undefined) return this.#add(key, key.length, (text) => this.#unreadable.push(text))
    const valueBytes = this.#withValues && entry.size <= this.#bytesMax ? entry.size : 0
    return this.#add(key, key.length + valueBytes, (text) => this.#items.push({ key: text, bytes: key, entry }))
  }

  lacksKeys(): void {
    this.#incomplete = true
  }

  finish(nextPageToken: Uint8Array | undefined): ListedKeys {
    const [unreadable, incomplete] = [this.#unreadable, this.#incomplete]
    const damage = unreadable.length > 0 || incomplete ? { unreadable, incomplete } : undefined
    return { items: this.#items, commonPrefixes: this.#prefixes, nextPageToken, bytesMax: this.#bytesMax, damage }
  }

  #add(key: Uint8Array, bytes: number, put: (text: string) => void): boolean {
    if (this.#count > 0 && (this.room <= 0 || this.#bytes + bytes > this.#bytesMax)) return false
    this.#bytes += bytes
    const text = decodeText(key)
    // Every key was checked when it came, so that this one was misread.
    if (text === undefined) this.lacksKeys()
    else put(text)
    return true
  }
}

function scanOptions(page: BlockAddress, scan: KeyScan, reverse: boolean, signal: AbortSignal): ScanOptions {
  const before = scan.before === undefined ? prefixEnd(page.subarray(0, addressBytes)) : entryKey(page, scan.before)
  const bounds = { from: entryKey(page, scan.from), limit: scan.limit, reverse, signal }
  return before === undefined ? bounds : { ...bounds, before }
}
