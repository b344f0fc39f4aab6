/** The bytes of a Buffer without its own `slice`, which shares memory where Uint8Array's copies. */
export function bareBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/**
 * The bytes of text in latin1, for small results only: as text they come from the library in half the time, because it makes a
 * Buffer of any size with memory of its own.
 */
export function bytesOfLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}
