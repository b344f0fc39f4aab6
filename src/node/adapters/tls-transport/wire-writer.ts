/**
 * Writes protobuf behind lengths. The length of a message within another is written once the message is there, in four bytes: longer than
 * needed, which every reader of protobuf takes, and nothing is measured twice.
 */

const lengthBytes = 4

export class WireWriter {
  #bytes: Buffer
  #end = 0

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(expectedBytes)
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  /** What is written by the function, behind its length. */
  frame(write: () => void): void {
    this.#reserve(4)
    const start = this.#end
    this.#end += 4
    write()
    this.#bytes.writeUInt32BE(this.#end - start - 4, start)
  }

  message(field: number, write: () => void): void {
    this.#tag(field, 2)
    this.#reserve(lengthBytes)
    const start = this.#end
    this.#end += lengthBytes
    write()
    let length = this.#end - start - lengthBytes
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
