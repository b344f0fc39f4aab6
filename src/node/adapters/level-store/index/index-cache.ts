/**
 * Values of the index that were read or written lately, kept as they lie there: reads find them without asking LevelDB, and so does
 * the writer, which needs to know what a record replaces.
 *
 * Invariant: what is held equals what the index holds. Whoever changes the index tells it before the change leaves the overlay.
 */

import { GenerationCache } from '../../../core/base/generation-cache.ts'
import { valueHeaderBytes } from './record-codec.ts'

const entryOverheadBytes = 256
/** Larger values are kept when they are read, not when they are written. */
const writtenBytesMax = 1024

export interface CachedValue {
  /** With its header. */
  readonly stored: Buffer
  readonly value: Uint8Array
}

export class IndexCache {
  readonly #values: GenerationCache<CachedValue>

  constructor(bytesMax: number) {
    this.#values = new GenerationCache(bytesMax)
  }

  /** `key` as latin1 text. */
  get(family: number, key: string): CachedValue | undefined {
    return this.#values.get(nameOf(family, key))
  }

  /** A verified inline value that was just read. */
  keep(family: number, key: string, stored: Buffer): void {
    const weight = entryOverheadBytes + key.length + stored.length
    this.#values.set(nameOf(family, key), { stored, value: stored.subarray(valueHeaderBytes) }, weight)
  }

  /** The record was written, as an inline value in place of another one: such records are likely to be asked for again. */
  replaced(family: number, key: string, stored: Buffer): void {
    // A copy, because the bytes are a part of the whole batch.
    if (stored.length <= writtenBytesMax) this.keep(family, key, Buffer.from(stored))
    else this.forget(family, key)
  }

  forget(family: number, key: string): void {
    this.#values.delete(nameOf(family, key))
  }
}

function nameOf(family: number, key: string): string {
  return String.fromCharCode(family) + key
}
