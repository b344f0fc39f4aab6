/**
 * What a message port clones, as text: Chromium's debugging protocol carries JSON only. The page's half is the text of this file's
 * `pageCodec`, so that both are written beside each other.
 */

interface Tagged {
  readonly $: string
  readonly v?: unknown
}

export function encodeMessage(value: unknown): unknown {
  if (value === undefined) return { $: 'undefined' } satisfies Tagged
  if (typeof value === 'bigint') return { $: 'bigint', v: String(value) } satisfies Tagged
  if (value instanceof Uint8Array) return { $: 'bytes', v: Buffer.from(value).toString('base64') } satisfies Tagged
  if (value instanceof Date) return { $: 'date', v: value.getTime() } satisfies Tagged
  if (Array.isArray(value)) return value.map(encodeMessage)
  if (typeof value === 'object' && value !== null) return encodeObject(value)
  return value
}

function encodeObject(value: object): unknown {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error(`the harness carries no ${value.constructor.name} over a port`)
  }
  return { $: 'object', v: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, encodeMessage(part)])) }
}

export function decodeMessage(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decodeMessage)
  if (typeof value !== 'object' || value === null) return value
  const { $: tag, v: part } = value as Tagged
  switch (tag) {
    case 'undefined':
      return undefined
    case 'bigint':
      return BigInt(String(part))
    case 'bytes':
      return new Uint8Array(Buffer.from(String(part), 'base64'))
    case 'date':
      return new Date(Number(part))
    case 'object':
      return Object.fromEntries(Object.entries(part as object).map(([name, each]) => [name, decodeMessage(each)]))
    default:
      throw new Error(`a message with the unknown tag ${tag} came over a port`)
  }
}

/** The same for the page: an expression that gives `{ encode, decode }`. */
export const pageCodec = `(() => {
  const toBase64 = (bytes) => {
    let text = ''
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
    return btoa(text)
  }
  const encode = (value) => {
    if (value === undefined) return { $: 'undefined' }
    if (typeof value === 'bigint') return { $: 'bigint', v: String(value) }
    if (value instanceof Uint8Array) return { $: 'bytes', v: toBase64(value) }
    if (value instanceof Date) return { $: 'date', v: value.getTime() }
    if (Array.isArray(value)) return value.map(encode)
    if (typeof value !== 'object' || value === null) return value
    return { $: 'object', v: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, encode(part)])) }
  }
  const decode = (value) => {
    if (Array.isArray(value)) return value.map(decode)
    if (typeof value !== 'object' || value === null) return value
    switch (value.$) {
      case 'undefined': return undefined
      case 'bigint': return BigInt(value.v)
      case 'bytes': return Uint8Array.from(atob(value.v), (letter) => letter.charCodeAt(0))
      case 'date': return new Date(value.v)
      default: return Object.fromEntries(Object.entries(value.v).map(([name, part]) => [name, decode(part)]))
    }
  }
  return { encode, decode }
})()`
