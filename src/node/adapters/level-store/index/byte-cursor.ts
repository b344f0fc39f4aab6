/** Reads LevelDB's variable-length numbers and strings in order. A read beyond the end fails the cursor for good. */
export class ByteCursor {
  readonly bytes: Buffer
  #at: number
  #failed = false

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes
    this.#at = at
  }

  get at(): number {
    return this.#at
  }

  get failed(): boolean {
    return this.#failed
  }

  get atEnd(): boolean {
    return this.#failed || this.#at >= this.bytes.length
  }

  /** Numbers above 2^53 fail: none of the files' own numbers is that large. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.bytes[this.#at++]
      if (byte === undefined) return this.#fail()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : this.#fail()
    }
    return this.#fail()
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.bytes.length) {
      this.#fail()
      return this.bytes.subarray(0, 0)
    }
    const taken = this.bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  /** Bytes behind their length. */
  text(): Buffer {
    return this.take(this.varint())
  }

  #fail(): number {
    this.#failed = true
    this.#at = this.bytes.length
    return 0
  }
}
