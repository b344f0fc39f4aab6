/** Reads protobuf that nobody vouches for. What does not fit is thrown as `MalformedWire` and never reads beyond its end. */

export class MalformedWire extends Error {
  override readonly name = 'MalformedWire'
}

/** Bodies up to this size are copied, so that who keeps one does not keep what arrived with it. */
const copiedBytesMax = 4096

export class WireReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Goes through the fields; the function reads the value of those that it knows, and answers whether it did. */
  fields(read: (field: number, type: number) => boolean): void {
    while (this.#at < this.#end) {
      const tag = this.uint()
      const [field, type] = [Math.floor(tag / 8), tag % 8]
      if (field === 0) throw new MalformedWire('a field has a number')
      if (!read(field, type)) this.#skip(type)
    }
  }

  /** Up to 2^53 - 1. */
  uint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.#byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 0x80
    }
    throw new MalformedWire('a number is within 2^53')
  }

  bool(): boolean {
    return this.uint() !== 0
  }

  double(): number {
    const at = this.#take(8)
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0, true)
  }

  bytes(): Uint8Array {
    const length = this.uint()
    const at = this.#take(length)
    const view = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length)
    return length <= copiedBytesMax ? new Uint8Array(view) : view
  }

  text(lengthMax: number): string {
    const length = this.uint()
    if (length > lengthMax) throw new MalformedWire('a text is within its bound')
    const at = this.#take(length)
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length))
  }

  /** The message within. */
  message(): WireReader {
    const length = this.uint()
    const at = this.#take(length)
    return new WireReader(this.#bytes, at, at + length)
  }

  #skip(type: number): void {
    if (type === 0) this.uint()
    else if (type === 1) this.#take(8)
    else if (type === 2) this.#take(this.uint())
    else if (type === 5) this.#take(4)
    else throw new MalformedWire('a field has a type')
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (byte === undefined) throw new MalformedWire('it ends too early')
    this.#at += 1
    return byte
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#end - at) throw new MalformedWire('it ends too early')
    this.#at += length
    return at
  }
}
