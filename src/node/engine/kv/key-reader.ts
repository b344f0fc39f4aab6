import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { PageKey } from '../../core/kv/page-change.ts'
import type { CallContext } from '../call-context.ts'
import { throwIfAborted } from './checked-arguments.ts'
import { checkVersion, metadataOf, stretchOf } from './key-value-answers.ts'
import type { KeyMetadata, ListItem, ReadOptions, ValueRead } from './key-value-service.ts'
import type { Page } from './page.ts'
import type { ListedKeys } from './page-lister.ts'
import type { Stretch, ValueReader } from './value-reader.ts'
import { MissingBlock } from './value-reader.ts'

/** Times that a key is looked up anew because its value was replaced and collected in between. */
const attemptsMax = 4
/** Values of a listed page that are read side by side. */
const valuesAhead = 32

interface Found {
  readonly entry: Entry
  readonly stretch: Stretch
}

/**
 * Reads keys and their values. The index is asked as of now, so a read sees every change that was answered before it began. A value that is missing is damage only if the index, asked again, still names it.
 */
export class KeyReader {
  readonly #values: ValueReader
  readonly #limits: Limits

  constructor(values: ValueReader, limits: Limits) {
    this.#values = values
    this.#limits = limits
  }

  async get(
    page: Page,
    key: PageKey,
    options: ReadOptions,
    context: CallContext,
  ): Promise<{ readonly metadata: KeyMetadata; readonly value: Uint8Array } | undefined> {
    const { signal } = context
    for (let attempt = 1, last: Entry | undefined; ; attempt++) {
      const found = await this.#find(page, key, options, signal)
      if (found === undefined) return undefined
      const { entry, stretch } = found
      if (stretch.length > this.#limits.unaryValueBytesMax) {
        throw new CodedError('limit-exceeded', `the value of ${key.text} is too large for one answer; read it as a stream`)
      }
      context.reserveAnswer?.(stretch.length)
      if (last !== undefined && (equalBytes(last.address, entry.address) || attempt > attemptsMax)) throw lost()
      try {
        return { metadata: metadataOf(key.text, entry), value: await this.#value(entry, stretch, signal) }
      } catch (error) {
        if (!(error instanceof MissingBlock)) throw error
        last = entry
      }
    }
  }

  async read(page: Page, key: PageKey, options: ReadOptions, signal: AbortSignal): Promise<ValueRead | undefined> {
    const found = await this.#find(page, key, options, signal)
    if (found === undefined) return undefined
    return { metadata: metadataOf(key.text, found.entry), pieces: this.#pieces(page, key, found, signal) }
  }

  /** The listed keys with those values that fit a page of so many bytes. */
  async withValues(page: Page, listed: ListedKeys['items'], bytesMax: number, signal: AbortSignal): Promise<readonly ListItem[]> {
    const items: ListItem[] = []
    for (let from = 0; from < listed.length; from += valuesAhead) {
      throwIfAborted(signal)
      const ahead = listed.slice(from, from + valuesAhead)
      items.push(...(await Promise.all(ahead.map((item) => this.#listItem(page, item, bytesMax, signal)))))
    }
    return items
  }

  async #listItem(
    page: Page,
    { key, bytes, entry }: ListedKeys['items'][number],
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<ListItem> {
    const metadata = metadataOf(key, entry)
    if (entry.size > bytesMax) return { metadata }
    try {
      return { metadata, value: await this.#value(entry, { offset: 0, length: entry.size }, signal) }
    } catch (error) {
      if (!(error instanceof MissingBlock)) throw error
      const now = await page.entry({ text: key, bytes }, signal)
      if (now !== undefined && equalBytes(now.address, entry.address)) throw lost()
      // Replaced or removed since the scan, and collected: the state is shown without its value.
      return { metadata }
    }
  }

  async #find(page: Page, key: PageKey, options: ReadOptions, signal: AbortSignal): Promise<Found | undefined> {
    throwIfAborted(signal)
    const pending = page.entry(key, signal)
    const entry = pending instanceof Promise ? await pending : pending
    throwIfAborted(signal)
    if (entry === undefined) return undefined
    checkVersion(key.text, entry, options)
    return { entry, stretch: stretchOf(entry.size, options.range) }
  }

  #value(entry: Entry, stretch: Stretch, signal: AbortSignal): Uint8Array | Promise<Uint8Array> {
    return entry.chunks === 0 ? this.#values.whole(entry, stretch, signal) : this.#values.gathered(entry, stretch, signal)
  }

  async *#pieces(
    page: Page,
    key: PageKey,
    { entry, stretch }: Found,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#values.pieces(entry, stretch, signal)
    } catch (error) {
      if (!(error instanceof MissingBlock)) throw error
      const now = await page.entry(key, signal)
      if (now !== undefined && equalBytes(now.address, entry.address)) throw lost()
      throw new CodedError('revision-changed', `the value of ${key.text} was replaced and collected while it was read`)
    }
  }
}

function lost(): CodedError {
  return new CodedError('data-corrupt', 'blocks of this value are missing')
}
