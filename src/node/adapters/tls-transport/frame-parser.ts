/** Cuts what arrives into frames. A frame is joined once, when all of it is here; what is behind it is not touched before. */

const headBytes = 4

export class FrameParser {
  /** Bytes of a frame; larger ones are malformed. */
  bytesMax: number
  readonly #head = Buffer.alloc(headBytes)
  #headFilled = 0
  #parts: Buffer[] = []
  #missing = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Gives whole frames to the function until it answers false. False: what arrived is malformed, or the function said so. */
  push(chunk: Buffer, give: (frame: Uint8Array) => boolean): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#missing === 0) {
        at += this.#takeHead(chunk, at)
        if (this.#headFilled < headBytes) return true
        this.#missing = this.#head.readUInt32BE(0)
        if (this.#missing === 0 || this.#missing > this.bytesMax) return false
      }
      const part = chunk.subarray(at, at + this.#missing)
      if (part.length === 0) return true
      at += part.length
      this.#missing -= part.length
      if (this.#missing > 0) {
        this.#parts.push(part)
        return true
      }
      this.#headFilled = 0
      if (!give(this.#join(part))) return false
    }
    return true
  }

  #takeHead(chunk: Buffer, at: number): number {
    const count = Math.min(headBytes - this.#headFilled, chunk.length - at)
    chunk.copy(this.#head, this.#headFilled, at, at + count)
    this.#headFilled += count
    return count
  }

  #join(last: Buffer): Uint8Array {
    if (this.#parts.length === 0) return last
    const whole = Buffer.concat([...this.#parts, last])
    this.#parts = []
    return whole
  }
}
