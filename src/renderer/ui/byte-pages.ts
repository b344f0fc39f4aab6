export type ReadRange = (offset: number, length: number, signal: AbortSignal) => Promise<Uint8Array>

export const pageBytes = 64 * 1024
const pagesMax = 32

/** Ranges of a value as they are looked at: whole pages, the latest few of them, each asked for once. */
export class BytePages {
  readonly #read: ReadRange
  readonly #size: number
  readonly #changed: () => void
  readonly #pages = new Map<number, Uint8Array | 'reading' | 'failed'>()
  readonly #stopped = new AbortController()

  constructor(read: ReadRange, size: number, changed: () => void) {
    this.#read = read
    this.#size = size
    this.#changed = changed
  }

  /** The bytes from there on, up to the end of their page; asks for the page where it is not there. */
  at(offset: number, length: number): Uint8Array | 'reading' | 'failed' {
    const index = Math.floor(offset / pageBytes)
    const page = this.#pages.get(index)
    if (page === undefined) {
      this.#fetch(index)
      return 'reading'
    }
    if (!(page instanceof Uint8Array)) return page
    this.#pages.delete(index)
    this.#pages.set(index, page)
    const start = offset - index * pageBytes
    return page.subarray(start, start + length)
  }

  stop(): void {
    this.#stopped.abort()
  }

  /** Pages that failed are asked for again when they come into sight. */
  retry(): void {
    for (const [index, page] of this.#pages) if (page === 'failed') this.#pages.delete(index)
    this.#changed()
  }

  #fetch(index: number): void {
    this.#pages.set(index, 'reading')
    const offset = index * pageBytes
    const done = (page: Uint8Array | 'failed'): void => {
      if (this.#stopped.signal.aborted) return
      this.#pages.set(index, page)
      const oldest = this.#pages.keys().next().value
      if (this.#pages.size > pagesMax && oldest !== undefined) this.#pages.delete(oldest)
      this.#changed()
    }
    this.#read(offset, Math.min(pageBytes, this.#size - offset), this.#stopped.signal).then(done, () => done('failed'))
  }
}
