/**
 * Writes protobuf behind lengths. The length of a message within another is written once the message is there, in four bytes: longer than
 * needed, which every reader of protobuf takes, and nothing is measured twice.
 */

const lengthBytes = 4
/** Bytes of a field that is not copied: it stays where it is, and leaves by itself. */
export const apartBytesMin = 32 * 1024

export class WireWriter {
  #bytes: Buffer
  #end = 0
  /** Fields that stay where they are, each with the place before which it belongs. */
  readonly #apart: { readonly at: number; readonly value: Uint8Array }[] = []
  #apartBytes = 0

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(expectedBytes)
  }

  /** The pieces, to be sent one behind the other. What was written may not be changed before. */
  finish(): readonly Uint8Array[] {
    const pieces: Uint8Array[] = []
    let from = 0
    for (const { at, value } of this.#apart) {
      pieces.push(this.#bytes.subarray(from, at), value)
      from = at
    }
    if (from < this.#end) pieces.push(this.#bytes.subarray(from, this.#end))
    return pieces
  }

  get #written(): number {
    return this.#end + this.#apartBytes
  }

  /** What is written by the function, behind its length. */
  frame(write: () => void): void {
    this.#reserve(4)
    const [start, writtenBefore] = [this.#end, this.#written]
    this.#end += 4
    write()
    this.#bytes.writeUInt32BE(this.#written - writtenBefore - 4, start)
  }

  message(field: number, write: () => void): void {
    this.#tag(field, 2)
    this.#reserve(lengthBytes)
    const [start, writtenBefore] = [this.#end, this.#written]
    this.#end += lengthBytes
    write()
    let length = this.#written - writtenBefore - lengthBytes
    for (let index = 0; index < lengthBytes; index++) {
      this.#bytes[start + index] = index < lengthBytes - 1 ? (length & 0x7f) | 0x80 : length
      length >>>= 7
    }
  }

  uint(field: number, value: number): void {
    if (value === 0) return
    this.#tag(field, 0)
    this.#varint(value)
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0)
  }

  double(field: number, value: number): void {
    this.#tag(field, 1)
    this.#reserve(8)
    this.#end = this.#bytes.writeDoubleLE(value, this.#end)
  }

  /** Written where it is empty too: a repeated field counts its members. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2)
    this.#varint(value.length)
    if (value.length >= apartBytesMin) {
      this.#apart.push({ at: this.#end, value })
      this.#apartBytes += value.length
      return
    }
    this.#reserve(value.length)
    this.#bytes.set(value, this.#end)
    this.#end += value.length
  }

  text(field: number, value: string): void {
    this.bytes(field, Buffer.from(value))
  }

  #tag(field: number, type: number): void {
    this.#reserve(1)
    // Fields above 15 would need more than one byte; there are none.
    this.#bytes[this.#end++] = (field << 3) | type
  }

  #varint(value: number): void {
    this.#reserve(8)
    let left = value
    while (left >= 0x80) {
      this.#bytes[this.#end++] = (left % 0x80) | 0x80
      left = Math.floor(left / 0x80)
    }
    this.#bytes[this.#end++] = left
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#end + bytes, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = larger
  }
}
