import type { BlockAddress } from '../../core/base/address.ts'

/** What an entry costs beside its bytes: key, array object and its place in the map. */
const overheadBytes = 256

/**
 * Opened content, the most recently used last, bounded in bytes. What an address stands for never changes, so nothing here can be
 * out of date; content that was collected may be found a little longer, by those who still hold its address.
 */
export class ValueCache {
  readonly #bytesMax: number
  readonly #itemBytesMax: number
  readonly #values = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(limits: { readonly valueCacheBytesMax: number; readonly valueCacheItemBytesMax: number }) {
    this.#bytesMax = limits.valueCacheBytesMax
    this.#itemBytesMax = limits.valueCacheItemBytesMax
  }

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.#bytes
  }

  get(address: BlockAddress): Uint8Array | undefined {
    const name = nameOf(address)
    const value = this.#values.get(name)
    if (value === undefined) return undefined
    this.#values.delete(name)
    this.#values.set(name, value)
    return value
  }

  /** Keeps a copy, unless the content is too large to be worth it. */
  put(address: BlockAddress, value: Uint8Array): void {
    if (value.length > this.#itemBytesMax) return
    const name = nameOf(address)
    if (this.#values.has(name)) return
    // The bytes may be a view of a whole message, or the caller's to change.
    this.#values.set(name, value.slice())
    this.#bytes += value.length + overheadBytes
    for (const [oldest, old] of this.#values) {
      if (this.#bytes <= this.#bytesMax) break
      this.#values.delete(oldest)
      this.#bytes -= old.length + overheadBytes
    }
  }
}

function nameOf(address: BlockAddress): string {
  return Buffer.from(address.buffer, address.byteOffset, address.byteLength).toString('latin1')
}
