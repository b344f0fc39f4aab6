import type { BlockAddress } from '../../core/base/address.ts'
import { GenerationCache } from '../../core/base/generation-cache.ts'

/** What an entry costs beside its bytes: key, array object and its place in the map. */
const overheadBytes = 256

/**
 * Opened content, bounded in bytes. What an address stands for never changes, so nothing here can be out of date; content that was
 * collected may be found a little longer, by those who still hold its address.
 */
export class ValueCache {
  readonly #itemBytesMax: number
  readonly #values: GenerationCache<Uint8Array>

  constructor(limits: { readonly valueCacheBytesMax: number; readonly valueCacheItemBytesMax: number }) {
    this.#itemBytesMax = limits.valueCacheItemBytesMax
    this.#values = new GenerationCache(limits.valueCacheBytesMax)
  }

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.#values.weight
  }

  get(address: BlockAddress): Uint8Array | undefined {
    return this.#values.get(nameOf(address))
  }

  /** Keeps a copy, unless the content is too large to be worth it. */
  put(address: BlockAddress, value: Uint8Array): void {
    if (value.length > this.#itemBytesMax) return
    const name = nameOf(address)
    if (this.#values.has(name)) return
    // The bytes may be a view of a whole message, or the caller's to change.
    this.#values.set(name, value.slice(), value.length + overheadBytes)
  }
}

function nameOf(address: BlockAddress): string {
  return Buffer.prototype.latin1Slice.call(address, 0, address.length)
}
