/**
 * Values read from the index, by family and key, bounded by bytes. Two generations: what is read again moves to the young one;
 * when that is full the old one is let go. A hit costs one look-up, unlike a list in order of use.
 */

const entryOverheadBytes = 128

export class ValueCache {
  readonly #generationBytesMax: number
  #young: Map<string, Uint8Array>[]
  #old: Map<string, Uint8Array>[]
  #youngBytes = 0
  readonly #families: number

  constructor(bytesMax: number, families: number) {
    this.#generationBytesMax = Math.floor(bytesMax / 2)
    this.#families = families
    this.#young = emptyMaps(families)
    this.#old = emptyMaps(families)
  }

  get(family: number, key: string): Uint8Array | undefined {
    const young = this.#young[family]?.get(key)
    if (young !== undefined) return young
    const old = this.#old[family]?.get(key)
    if (old !== undefined) this.set(family, key, old)
    return old
  }

  set(family: number, key: string, value: Uint8Array): void {
    const bytes = entryOverheadBytes + key.length + value.length
    if (bytes > this.#generationBytesMax) return
    if (this.#youngBytes + bytes > this.#generationBytesMax) {
      this.#old = this.#young
      this.#young = emptyMaps(this.#families)
      this.#youngBytes = 0
    }
    this.#young[family]?.set(key, value)
    this.#youngBytes += bytes
  }

  delete(family: number, key: string): void {
    this.#young[family]?.delete(key)
    this.#old[family]?.delete(key)
  }
}

function emptyMaps(count: number): Map<string, Uint8Array>[] {
  return Array.from({ length: count }, () => new Map<string, Uint8Array>())
}
