/**
 * Point reads: overlay, cache, then LevelDB on the main thread while it answers from memory, and through the thread pool for a
 * while once it proved slow, because a blocked loop looks dead to peers.
 */

import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { hiddenDetails, isHidden } from '../../../shared/hidden-record.ts'
import type { RecordFamily, StoreEvents } from '../../ports/record-store.ts'
import { recordFamilies } from '../../ports/record-store.ts'
import type { IndexCache } from './index/index-cache.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { decodeIndexValue, indexKey } from './index/record-codec.ts'
import type { Place } from './journal/frame-codec.ts'
import { familyCode } from './journal/frame-codec.ts'
import type { Overlay } from './overlay.ts'
import { keyText } from './overlay.ts'
import type { PayloadReader } from './payload-reader.ts'

export interface RecordReadsOptions {
  readonly index: LevelIndex
  readonly overlay: Overlay
  readonly cache: IndexCache
  readonly payloads: PayloadReader
  readonly writer: Pick<IndexWriter, 'batches' | 'stalled'>
  readonly events: StoreEvents
  /** Two synchronous reads slower than this, shortly one after the other, send the following ones to the thread pool. */
  readonly slowReadMs: number
  /** For this long. */
  readonly asyncReadsMs: number
}

/** A store that takes no changes is told of no damage by its writer. */
const damagedInReadOnly = 'the index is damaged: export what is readable, "memo cluster recover" keeps what verifies'
const lookupsMax = 8
const slowReadsApartMs = 100

export class RecordReads {
  readonly #options: RecordReadsOptions
  #asyncUntilMs = 0
  #slowMs = Number.NEGATIVE_INFINITY

  constructor(options: RecordReadsOptions) {
    this.#options = options
  }

  get(family: RecordFamily, key: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const { overlay, cache } = this.#options
    const code = familyCode(family)
    const text = keyText(key)
    const waiting = overlay.find(code, text)
    if (waiting !== undefined && waiting.movedFrom === undefined) {
      return waiting.place === undefined ? waiting.value : this.#payload(code, key, waiting.place)
    }
    const cached = cache.get(code, text)
    if (cached !== undefined) return cached.value
    const prefixed = indexKey(code, key)
    const stored = this.#lookUp(prefixed)
    if (stored instanceof Promise) return this.#later(code, key, text, prefixed, stored)
    return this.#value(code, key, text, prefixed, stored)
  }

  has(family: RecordFamily, key: Uint8Array): boolean | Promise<boolean> {
    const { overlay, cache } = this.#options
    const code = familyCode(family)
    const text = keyText(key)
    const waiting = overlay.find(code, text)
    if (waiting !== undefined && waiting.movedFrom === undefined)
      return waiting.value !== undefined || waiting.place !== undefined
    if (cache.get(code, text) !== undefined) return true
    const stored = this.#lookUp(indexKey(code, key))
    return stored instanceof Promise ? stored.then((found) => this.#isThere(found)) : this.#isThere(stored)
  }

  /** The payload at a place that was just looked up. */
  async #payload(code: number, key: Uint8Array, place: Place): Promise<Uint8Array | undefined> {
    let current: Place = place
    for (let lookups = 0; lookups < lookupsMax; lookups++) {
      const read = await this.#options.payloads.read(current)
      if (read.kind === 'value') return read.value
      if (read.kind === 'damaged') throw this.#corrupt(code, read.reason)
      const again = await this.#placeNow(code, key)
      if (again === undefined || again instanceof Uint8Array) return again
      current = again
    }
    throw this.#corrupt(code, 'its place in the journal is gone')
  }

  async #placeNow(code: number, key: Uint8Array): Promise<Place | Uint8Array | undefined> {
    const waiting = this.#options.overlay.find(code, keyText(key))
    if (waiting !== undefined && waiting.movedFrom === undefined) return waiting.place ?? waiting.value
    const prefixed = indexKey(code, key)
    const stored = await this.#asked(prefixed)
    if (!this.#isThere(stored)) return undefined
    const decoded = decodeIndexValue(prefixed, stored)
    if (decoded === undefined) throw this.#corrupt(code, 'its index entry does not verify')
    return decoded.kind === 'place' ? decoded.place : decoded.value
  }

  #lookUp(prefixed: Buffer): Buffer | undefined | Promise<Buffer | undefined> {
    const { index, slowReadMs, asyncReadsMs } = this.#options
    const startedMs = performance.now()
    if (startedMs < this.#asyncUntilMs || index.isReopening) return this.#asked(prefixed)
    const stored = this.#askedAtOnce(prefixed)
    const endedMs = performance.now()
    if (endedMs - startedMs > slowReadMs) {
      // One slow read may be the collector or the scheduler; two in a row are the disk.
      if (startedMs - this.#slowMs < slowReadsApartMs) this.#asyncUntilMs = endedMs + asyncReadsMs
      this.#slowMs = endedMs
    }
    return stored
  }

  async #asked(prefixed: Buffer): Promise<Buffer | undefined> {
    try {
      return await this.#options.index.get(prefixed)
    } catch (error) {
      throw this.#met(error)
    }
  }

  #askedAtOnce(prefixed: Buffer): Buffer | undefined {
    try {
      return this.#options.index.getSync(prefixed)
    } catch (error) {
      throw this.#met(error)
    }
  }

  /** What LevelDB says of its files helps nobody who asked for a record: what is to be done is said instead. */
  #met(error: unknown): unknown {
    if (!isCoded(error, 'data-corrupt') || this.#options.index.damage === undefined) return error
    return new CodedError('data-corrupt', `this cannot be read: ${this.#why}`, { cause: error })
  }

  get #why(): string {
    const { stalled } = this.#options.writer
    return isCoded(stalled, 'data-corrupt') ? stalled.message : damagedInReadOnly
  }

  async #later(code: number, key: Uint8Array, text: string, prefixed: Buffer, stored: Promise<Buffer | undefined>) {
    const { writer, overlay } = this.#options
    const before = writer.batches
    const found = await stored
    // What changed since the look-up must not be covered by an old value in the cache.
    const fresh = writer.batches === before && overlay.find(code, text) === undefined
    return this.#value(code, key, fresh ? text : undefined, prefixed, found)
  }

  #value(code: number, key: Uint8Array, cacheAs: string | undefined, prefixed: Buffer, stored: Buffer | undefined) {
    if (!this.#isThere(stored)) return undefined
    const decoded = decodeIndexValue(prefixed, stored)
    if (decoded === undefined) throw this.#corrupt(code, 'its index entry does not verify')
    if (decoded.kind === 'place') return this.#payload(code, key, decoded.place)
    if (cacheAs !== undefined) this.#options.cache.keep(code, cacheAs, stored)
    return decoded.value
  }

  /** LevelDB passes over a block that it misreads, so that of a damaged index a miss says nothing. */
  #isThere(stored: Buffer | undefined): stored is Buffer {
    if (stored !== undefined) return true
    if (this.#options.index.damage === undefined) return false
    throw new CodedError('data-corrupt', `whether this is stored cannot be told: ${this.#why}`, { details: hiddenDetails })
  }

  /** Whether there is such a record and it cannot be read: a scan may have misread the key. */
  async isUnreadable(family: RecordFamily, key: Uint8Array): Promise<boolean> {
    try {
      await this.get(family, key)
      return false
    } catch (error) {
      if (!isCoded(error, 'data-corrupt')) throw error
      return !isHidden(error)
    }
  }

  /** An entry that a scan met and that does not verify. */
  corruptEntry(family: RecordFamily): CodedError {
    return this.#corrupt(familyCode(family), 'its index entry does not verify')
  }

  #corrupt(code: number, reason: string): CodedError {
    const family = recordFamilies[code] ?? 'unknown'
    this.#options.events.damageFound({ finding: `${family}: a record was read and ${reason}` })
    return new CodedError('data-corrupt', `a record of family ${family} does not verify: ${reason}`, { details: { family } })
  }
}
