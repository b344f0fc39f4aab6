/**
 * Messages in a stream between nodes, which carries bytes and cuts them anywhere: each is preceded by its length in four bytes, the most
 * significant first. docs/PROTOCOL.md, Catching up.
 *
 * Invariants: messages come out as they went in, in their order; none is empty or longer than its reader allows.
 */

import { assert } from '../../../shared/assert.ts'

const lengthBytes = 4

/** The message as it travels. */
export function framed(message: Uint8Array): Uint8Array {
  assert(message.length > 0 && message.length < 2 ** 32, 'the length of a message fits its place')
  const bytes = new Uint8Array(lengthBytes + message.length)
  new DataView(bytes.buffer).setUint32(0, message.length)
  bytes.set(message, lengthBytes)
  return bytes
}

/** Puts messages together from the bytes of one stream. */
export class FramedReader {
  readonly #bytesMax: number
  readonly #length = new Uint8Array(lengthBytes)
  /** Undefined while its length is read. */
  #message: Uint8Array | undefined
  /** Bytes of the one that is being read. */
  #filled = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** No message is begun: a whole stream ends so. */
  get isBetween(): boolean {
    return this.#message === undefined && this.#filled === 0
  }

  /** The messages that end in these bytes. Undefined for a length that none may have: nothing behind it can be read. */
  take(bytes: Uint8Array): readonly Uint8Array[] | undefined {
    const messages: Uint8Array[] = []
    for (let offset = 0; offset < bytes.length; ) {
      const target = this.#message ?? this.#length
      const part = bytes.subarray(offset, offset + target.length - this.#filled)
      target.set(part, this.#filled)
      this.#filled += part.length
      offset += part.length
      if (this.#filled < target.length) break
      this.#filled = 0
      if (this.#message !== undefined) {
        messages.push(this.#message)
        this.#message = undefined
        continue
      }
      const length = new DataView(this.#length.buffer).getUint32(0)
      if (length === 0 || length > this.#bytesMax) return undefined
      this.#message = new Uint8Array(length)
    }
    return messages
  }
}
