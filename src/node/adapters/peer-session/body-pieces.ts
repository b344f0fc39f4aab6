import { concatBytes } from '../../core/base/bytes.ts'
import type { BulkSource } from './outbox.ts'
import type { ExchangeFrame } from './peer-frame.ts'

/** Cuts a body so that what is urgent passes between the pieces. */
export class BodySource implements BulkSource {
  readonly #body: Uint8Array
  readonly #pieceBytes: number
  readonly #head: (first: Uint8Array) => ExchangeFrame
  readonly #tail: (bytes: Uint8Array) => ExchangeFrame
  readonly #ended: () => void
  #offset = 0
  #begun = false
  #dropped = false

  constructor(
    body: Uint8Array,
    pieceBytes: number,
    frames: {
      readonly head: (first: Uint8Array) => ExchangeFrame
      readonly tail: (bytes: Uint8Array) => ExchangeFrame
      readonly ended: () => void
    },
  ) {
    this.#body = body
    this.#pieceBytes = pieceBytes
    this.#head = frames.head
    this.#tail = frames.tail
    this.#ended = frames.ended
  }

  next(): ExchangeFrame | undefined {
    if (this.#dropped || (this.#begun && this.#offset >= this.#body.length)) return undefined
    const bytes = this.#body.subarray(this.#offset, this.#offset + this.#pieceBytes)
    this.#offset += bytes.length
    const frame = this.#begun ? this.#tail(bytes) : this.#head(bytes)
    this.#begun = true
    if (this.#offset >= this.#body.length) this.drop()
    return frame
  }

  drop(): void {
    if (this.#dropped) return
    this.#dropped = true
    this.#ended()
  }
}

/** Joins a body that arrives in pieces. */
export class BodyAssembly {
  readonly #size: number
  readonly #parts: Uint8Array[] = []
  #bytes = 0

  constructor(size: number) {
    this.#size = size
  }

  /** False where a piece is empty or more than was announced. */
  add(bytes: Uint8Array): boolean {
    if (bytes.length === 0 || this.#bytes + bytes.length > this.#size) return false
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    return true
  }

  /** The whole body, once it is here. */
  whole(): Uint8Array | undefined {
    return this.#bytes === this.#size ? concatBytes(...this.#parts) : undefined
  }
}
