export const hexRowBytes = 16

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += digits[byte]
  return text
}

/** Two groups of eight, so that a column is found by eye. */
export function hexColumns(bytes: Uint8Array): string {
  const half = (from: number) => Array.from(bytes.subarray(from, from + 8), (byte) => digits[byte]).join(' ')
  return bytes.length > 8 ? `${half(0)}  ${half(8)}` : half(0)
}

/** Printable ASCII; a point stands for everything else. */
export function asciiOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
  return text
}

export function offsetText(offset: number, size: number): string {
  const width = Math.max(8, size.toString(16).length)
  return offset.toString(16).padStart(width, '0')
}

/** A place as a person writes it: decimal, or hexadecimal with 0x or h. Undefined for anything else and beyond the value. */
export function parseOffset(text: string, size: number): number | undefined {
  const plain = text
    .trim()
    .replaceAll(/[\s_,]/g, '')
    .toLowerCase()
  const hex = /^0x([0-9a-f]{1,13})$|^([0-9a-f]{1,13})h$/.exec(plain)
  const offset =
    hex === null ? (/^\d{1,16}$/.test(plain) ? Number(plain) : undefined) : Number.parseInt(hex[1] ?? hex[2] ?? '', 16)
  return offset !== undefined && offset < Math.max(size, 1) ? offset : undefined
}
