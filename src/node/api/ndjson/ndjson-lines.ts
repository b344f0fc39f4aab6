import { CodedError } from '../../../shared/coded-error.ts'

export interface Line {
  /** From 1. */
  readonly number: number
  /** Where the line begins in the source. */
  readonly offset: number
  readonly bytes: Buffer
}

/** A line holds at most a value of a single call in base64, its key and the punctuation. */
const lineBytesMax = 96 * 1024 * 1024
const lineEnd = 0x0a
const byteOrderMark = Buffer.from('\uFEFF')

/**
 * Cuts bytes into lines; the last one need not end with a line end. Lines of nothing but blanks are left out, and so is a byte order
 * mark at the beginning.
 */
export async function* readLines(pieces: AsyncIterable<Uint8Array>, bytesMax: number = lineBytesMax): AsyncGenerator<Line> {
  let parts: Uint8Array[] = []
  let size = 0
  let offset = 0
  let number = 1
  for await (const piece of pieces) {
    let rest = piece
    for (let end = rest.indexOf(lineEnd); end >= 0; end = rest.indexOf(lineEnd)) {
      parts.push(rest.subarray(0, end))
      size += end
      const bytes = lineOf(parts, number)
      if (!isBlank(bytes)) yield { number, offset, bytes }
      offset += size + 1
      number += 1
      parts = []
      size = 0
      rest = rest.subarray(end + 1)
    }
    if (rest.length > 0) parts.push(rest)
    size += rest.length
    if (size > bytesMax) throw new CodedError('limit-exceeded', `line ${number} is longer than ${bytesMax} bytes`)
  }
  const bytes = lineOf(parts, number)
  if (!isBlank(bytes)) yield { number, offset, bytes }
}

/** JSON has no place for the mark that some programs of Windows put first; a reader may leave it out. */
function lineOf(parts: readonly Uint8Array[], number: number): Buffer {
  const bytes = Buffer.concat(parts)
  return number === 1 && bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark)
    ? bytes.subarray(byteOrderMark.length)
    : bytes
}

/** Of the blanks of JSON alone, such as what the line ends of Windows leave of an empty line. */
function isBlank(bytes: Buffer): boolean {
  return !bytes.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d)
}
