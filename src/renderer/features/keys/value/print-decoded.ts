import { keysLimits } from '../keys-limits.ts'

/** A tagged item of CBOR, or an extension of MessagePack. */
export class Marked {
  readonly mark: string
  readonly content: unknown

  constructor(mark: string, content: unknown) {
    this.mark = mark
    this.content = content
  }
}

const step = '  '

/** Decoded CBOR and MessagePack in the notation of RFC 8949: JSON, with `h'…'` for bytes, tags before their item, any value as key. */
export function printDecoded(value: unknown): string {
  const out: string[] = []
  print(value, '', 0, out)
  return out.join('')
}

function print(value: unknown, indent: string, depth: number, out: string[]): void {
  if (depth > keysLimits.nestingMax) throw new RangeError('nested too deeply to be shown')
  if (value instanceof Uint8Array) out.push(`h'${hexOf(value)}'`)
  else if (value instanceof Marked) {
    out.push(`${value.mark}(`)
    print(value.content, indent, depth + 1, out)
    out.push(')')
  } else if (value instanceof Date) out.push(`timestamp("${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}")`)
  else if (Array.isArray(value)) printAll(value, ['[', ']'], indent, out, (item, inner) => print(item, inner, depth + 1, out))
  else if (value instanceof Map) {
    printAll([...value], ['{', '}'], indent, out, ([key, item]: [unknown, unknown], inner) => {
      print(key, inner, depth + 1, out)
      out.push(': ')
      print(item, inner, depth + 1, out)
    })
  } else out.push(scalar(value))
}

function printAll<Part>(
  parts: readonly Part[],
  [open, close]: readonly [string, string],
  indent: string,
  out: string[],
  one: (part: Part, inner: string) => void,
): void {
  if (parts.length === 0) {
    out.push(open + close)
    return
  }
  const inner = indent + step
  parts.forEach((part, index) => {
    out.push(index === 0 ? `${open}\n${inner}` : `,\n${inner}`)
    one(part, inner)
  })
  out.push(`\n${indent}${close}`)
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Object.is(value, -0)) return '-0'
  return String(value)
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
