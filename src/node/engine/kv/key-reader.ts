import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { PageKey } from '../../core/kv/page-change.ts'
import type { CallContext } from '../call-context.ts'
import { throwIfAborted } from './checked-arguments.ts'
import { checkVersion, metadataOf, stretchOf } from './key-value-answers.ts'
import type { ListItem, ReadOptions, ValueRead, WholeValue } from './key-value-service.ts'
import type { ListedKeys } from './page-lister.ts'
import type { ReadablePage } from './readable-page.ts'
import type { Stretch, ValueReader } from './value-reader.ts'
import { MissingBlock } from './value-reader.ts'

/** Times that a key is looked up anew because its value was replaced and collected in between. */
const attemptsMax = 4
/** Values of a listed page that are read side by side. */
const valuesAhead = 32

interface Found {
  readonly entry: Entry
  readonly stretch: Stretch
  readonly ageMs: number | undefined
}

/**
 * Reads keys and their values. The index is asked as of now, so a read sees every change that was answered before it began, or for what a
 * copy of it says. A value that is missing is damage only if the index, asked as of now, still names it.
 */
export class KeyReader {
  readonly #values: ValueReader
  readonly #limits: Limits

  constructor(values: ValueReader, limits: Limits) {
    this.#values = values
    this.#limits = limits
  }

  async get(page: ReadablePage, key: PageKey, options: ReadOptions, context: CallContext): Promise<WholeValue | undefined> {
    const { signal } = context
    for (let attempt = 1, last: Entry | undefined; ; attempt++) {
      // A copy that names what is gone is asked no further.
      const found = await this.#find(attempt === 1 ? page : page.now, key, options, signal)
      if (found === undefined) return undefined
      const { entry, stretch, ageMs } = found
      if (stretch.length > this.#limits.unaryValueBytesMax) {
        throw new CodedError('limit-exceeded', `the value of ${key.text} is too large for one answer; read it as a stream`)
      }
      context.reserveAnswer?.(stretch.length)
      if (last !== undefined && (equalBytes(last.address, entry.address) || attempt > attemptsMax)) throw lost()
      try {
        const value = await this.#valueOf(page, key, entry, stretch, signal)
        return { metadata: metadataOf(key.text, entry), value, ageMs }
      } catch (error) {
        if (!(error instanceof MissingBlock)) throw error
        last = entry
      }
    }
  }

  async read(page: ReadablePage, key: PageKey, options: ReadOptions, signal: AbortSignal): Promise<ValueRead | undefined> {
    const found = await this.#find(page, key, options, signal)
    if (found === undefined) return undefined
    const { entry, ageMs } = found
    return { metadata: metadataOf(key.text, entry), pieces: this.#pieces(page, key, found, signal), ageMs }
  }

  /** The listed keys with those values that fit a page of so many bytes. */
  async withValues(
    page: ReadablePage,
    listed: ListedKeys['items'],
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<readonly ListItem[]> {
    const items: ListItem[] = []
    for (let from = 0; from < listed.length; from += valuesAhead) {
      throwIfAborted(signal)
      const ahead = listed.slice(from, from + valuesAhead)
      items.push(...(await Promise.all(ahead.map((item) => this.#listItem(page, item, bytesMax, signal)))))
    }
    return items
  }

  async #listItem(
    page: ReadablePage,
    { key, bytes, entry }: ListedKeys['items'][number],
    bytesMax: number,
    signal: AbortSignal,
  ): Promise<ListItem> {
    const metadata = metadataOf(key, entry)
    if (entry.size > bytesMax) return { metadata }
    try {
      const whole = { offset: 0, length: entry.size }
      return { metadata, value: await this.#valueOf(page, { text: key, bytes }, entry, whole, signal) }
    } catch (error) {
      if (!(error instanceof MissingBlock)) throw error
      const now = await page.now.entry({ text: key, bytes }, signal)
      if (now !== undefined && equalBytes(now.address, entry.address)) throw lost()
      // Replaced or removed since the scan, and collected: the state is shown without its value.
      return { metadata }
    }
  }

  async #find(page: ReadablePage, key: PageKey, options: ReadOptions, signal: AbortSignal): Promise<Found | undefined> {
    throwIfAborted(signal)
    const pending = page.entry(key, signal)
    const entry = pending instanceof Promise ? await pending : pending
    throwIfAborted(signal)
    const isOther = options.version !== undefined && entry?.version !== options.version
    // A copy may lack the version that is asked for, or have one that has passed.
    if (isOther && page.now !== page) return await this.#find(page.now, key, options, signal)
    if (entry === undefined) return undefined
    checkVersion(key.text, entry, options)
    return { entry, stretch: stretchOf(entry.size, options.range), ageMs: page.ageMs }
  }

  /** Rejects with MissingBlock where a block of the value is missing for good. */
  async #valueOf(page: ReadablePage, key: PageKey, entry: Entry, stretch: Stretch, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#value(entry, stretch, signal)
    } catch (error) {
      if (!(error instanceof MissingBlock) || !(await this.#isStillNamed(page, key, entry, signal))) throw error
      return await this.#value(entry, stretch, signal)
    }
  }

  /**
   * Whether a value that was missing may be there after all: what travels with an entry is where that is applied, and the primary that
   * answered with it may be gone. Asked again, the page is led by somebody who has applied it.
   */
  async #isStillNamed(page: ReadablePage, key: PageKey, entry: Entry, signal: AbortSignal): Promise<boolean> {
    if (!page.isShared) return false
    const now = await page.now.entry(key, signal)
    return now !== undefined && equalBytes(now.address, entry.address)
  }

  #value(entry: Entry, stretch: Stretch, signal: AbortSignal): Uint8Array | Promise<Uint8Array> {
    return entry.chunks === 0 ? this.#values.whole(entry, stretch, signal) : this.#values.gathered(entry, stretch, signal)
  }

  async *#pieces(
    page: ReadablePage,
    key: PageKey,
    { entry, stretch }: Found,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let sent = 0
    const rest = (): Stretch => ({ offset: stretch.offset + sent, length: stretch.length - sent })
    const values = this.#values
    async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const piece of values.pieces(entry, rest(), signal)) {
        sent += piece.length
        yield piece
      }
    }
    try {
      yield* counted()
    } catch (error) {
      if (!(error instanceof MissingBlock)) throw error
      if (await this.#isStillNamed(page, key, entry, signal)) {
        yield* this.#lastPieces(entry, rest(), signal)
        return
      }
      const now = await page.now.entry(key, signal)
      if (now !== undefined && equalBytes(now.address, entry.address)) throw lost()
      throw new CodedError('revision-changed', `the value of ${key.text} was replaced and collected while it was read`)
    }
  }

  async *#lastPieces(entry: Entry, rest: Stretch, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#values.pieces(entry, rest, signal)
    } catch (error) {
      throw error instanceof MissingBlock ? lost() : error
    }
  }
}

function lost(): CodedError {
  return new CodedError('data-corrupt', 'blocks of this value are missing')
}
