/** Rows of a hex view: sixteen bytes each, eight where there is little room. */

export type RowBytes = 8 | 16

/** Pixels that rows of sixteen bytes take with offset, text and a scroll bar. */
const wideRowPx = 570

/** How many bytes a row shows; sixteen as long as the width is not known. */
export function rowBytesFor(widthPx: number | undefined): RowBytes {
  return widthPx !== undefined && widthPx < wideRowPx ? 8 : 16
}

export function hexOffset(offset: number): string {
  return offset.toString(16).padStart(8, '0')
}

/** `7b 0a 20 20 22 69 64 22  3a 20 …`, filled up to the width of a whole row. */
export function hexOf(bytes: Uint8Array, rowBytes: RowBytes): string {
  const cells = Array.from({ length: rowBytes }, (_, index) => bytes[index]?.toString(16).padStart(2, '0') ?? '  ')
  const first = cells.slice(0, 8).join(' ')
  return rowBytes === 8 ? first : `${first}  ${cells.slice(8).join(' ')}`
}

/** Printable ASCII as it is, every other byte as a dot. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('')
}

/** An offset as a person types it: decimal, or hexadecimal with `0x`; undefined where it is none or lies beyond the end. */
export function parseOffset(text: string, size: number): number | undefined {
  const trimmed = text.trim()
  if (!/^(\d+|0x[\da-f]+)$/i.test(trimmed)) return undefined
  const offset = Number(trimmed)
  return offset < size ? offset : undefined
}
