/** Levels of objects in which bytes are looked for; those of the contracts lie within four. */
const depthMax = 8

interface Holder {
  [key: string]: unknown
}

/**
 * Whether a message holds bytes, so that a port clones it as it is. Views of a larger buffer are replaced by copies of their own:
 * cloning a view takes the whole buffer along.
 */
export function carriesBytes(message: unknown, depth = 0): boolean {
  if (depth > depthMax || !isPlain(message)) return false
  let found = false
  for (const [key, value] of Object.entries(message)) {
    if (!(value instanceof Uint8Array)) found = carriesBytes(value, depth + 1) || found
    else {
      found = true
      if (value.byteLength !== value.buffer.byteLength) message[key] = new Uint8Array(value)
    }
  }
  return found
}

function isPlain(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
