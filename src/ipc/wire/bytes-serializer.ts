/** Bytes as base64, for wires that carry text only. */

interface Base64Bytes {
  toBase64?(): string
}
interface Base64Constructor {
  fromBase64?(text: string): Uint8Array
}
interface BufferConstructorLike {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64'): string }
  from(text: string, encoding: 'base64'): Uint8Array
}

/** The runtime's own Buffer, where its Uint8Array cannot do it yet. */
const nodeBuffer = (globalThis as { readonly Buffer?: BufferConstructorLike }).Buffer

/** Numbers up to 20 belong to the library. */
const bytesType = 30
/** Arguments that one call of String.fromCharCode takes safely. */
const charsAtOnce = 8192

export const bytesSerializer = {
  type: bytesType,
  condition: (value: unknown): boolean => value instanceof Uint8Array,
  serialize: (value: unknown): unknown => (value instanceof Uint8Array ? toBase64(value) : value),
  deserialize: (value: unknown): Uint8Array => {
    if (typeof value !== 'string') throw new TypeError('bytes travel as base64')
    return fromBase64(value)
  },
}

export function toBase64(bytes: Uint8Array & Base64Bytes): string {
  if (typeof bytes.toBase64 === 'function') return bytes.toBase64()
  if (nodeBuffer !== undefined) return nodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  let binary = ''
  for (let at = 0; at < bytes.length; at += charsAtOnce) binary += String.fromCharCode(...bytes.subarray(at, at + charsAtOnce))
  return btoa(binary)
}

/** Throws where the text is not base64. */
export function fromBase64(text: string): Uint8Array {
  const { fromBase64: native } = Uint8Array as Base64Constructor
  if (native !== undefined) return native.call(Uint8Array, text)
  if (nodeBuffer === undefined) return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new TypeError('the text is not base64')
  // A copy of its own: small Buffers share their memory with others.
  return new Uint8Array(nodeBuffer.from(text, 'base64'))
}
