/** Turns the bytes of a value into the text of one view. Pure; it runs in a worker, where a long text stops nothing. */

import { decodeMulti } from '@msgpack/msgpack'
import { decode as decodeCbor } from 'cborg'
import { shownJson } from '../json/json-print.ts'
import type { JsonProblem } from '../json/json-syntax.ts'
import { readJson } from '../json/json-syntax.ts'
import { Marked, printDecoded } from './print-decoded.ts'
import type { ValueKind } from './sniff-value.ts'
import { sniffValue, textOf } from './sniff-value.ts'

export const valueViews = ['json', 'text', 'hex', 'image', 'cbor', 'messagepack', 'raw'] as const
export type ValueView = (typeof valueViews)[number]

export interface PresentedText {
  readonly kind: ValueKind
  /** Absent for bytes that this view has no text for. */
  readonly text?: string
  /** The text as it is stored, where the view shows it otherwise. */
  readonly formatted: boolean
  readonly jsonProblem?: JsonProblem
  /** Why the bytes are not what the view takes them for. */
  readonly decodeProblem?: string
  /** Characters of the longest line. */
  readonly longestLine: number
}

export interface PresentRequest {
  readonly bytes: Uint8Array
  /** The view that was asked for; the one that fits where none was. */
  readonly view: ValueView | undefined
  readonly contentType: string
}

export interface Presented extends PresentedText {
  readonly view: ValueView
  /** The views that this value may be seen in. */
  readonly views: readonly ValueView[]
}

export function present({ bytes, view: asked, contentType }: PresentRequest): Presented {
  const kind = sniffValue({ bytes, whole: true, contentType })
  const text = textOf(bytes, true)
  const views = viewsOf(kind, text !== undefined)
  const view = asked !== undefined && views.includes(asked) ? asked : (views[0] ?? 'hex')
  return { view, views, ...presentAs(view, kind, bytes, text) }
}

function viewsOf(kind: ValueKind, isText: boolean): ValueView[] {
  if (kind.name === 'empty') return ['text', 'hex']
  if (kind.name === 'json' || kind.name === 'broken-json') return ['json', 'text', 'hex']
  if (isText) return ['text', 'hex']
  if (kind.name === 'image') return ['image', 'hex', 'raw']
  if (kind.name === 'messagepack') return ['messagepack', 'cbor', 'hex', 'raw']
  if (kind.name === 'cbor') return ['cbor', 'messagepack', 'hex', 'raw']
  return ['hex', 'cbor', 'messagepack', 'raw']
}

function presentAs(view: ValueView, kind: ValueKind, bytes: Uint8Array, text: string | undefined): PresentedText {
  switch (view) {
    case 'json': {
      const stored = text ?? ''
      const reading = readJson(stored)
      if (!reading.ok) return { kind, ...shown(stored), jsonProblem: reading.problem }
      const formatted = shownJson(stored)
      return { kind, ...shown(formatted), formatted: formatted !== stored }
    }
    case 'text':
      return { kind, ...shown(text ?? '') }
    case 'raw':
      // Bytes that are no UTF-8 become the replacement character, which is said beside it.
      return { kind, ...shown(text ?? new TextDecoder().decode(bytes)) }
    case 'cbor':
    case 'messagepack':
      try {
        return { kind, ...shown(printDecoded(view === 'cbor' ? fromCbor(bytes) : fromMessagePack(bytes))) }
      } catch (error) {
        return { kind, formatted: false, longestLine: 0, decodeProblem: error instanceof Error ? error.message : String(error) }
      }
    case 'hex':
    case 'image':
      return { kind, formatted: false, longestLine: 0 }
  }
}

function shown(text: string): Omit<PresentedText, 'kind'> {
  let longestLine = 0
  let from = 0
  while (from <= text.length) {
    const end = text.indexOf('\n', from)
    const to = end < 0 ? text.length : end
    longestLine = Math.max(longestLine, to - from)
    from = to + 1
  }
  return { text, formatted: false, longestLine }
}

/** Every tag is kept as it is: what it means is for the reader. */
const anyTag = new Proxy<Record<number, (item: () => unknown) => unknown>>(
  {},
  { get: (_, tag) => (item: () => unknown) => new Marked(String(tag), item()), has: () => true },
)

function fromCbor(bytes: Uint8Array): unknown {
  return decodeCbor(bytes, { useMaps: true, allowUndefined: true, allowInfinity: true, allowNaN: true, tags: anyTag })
}

function fromMessagePack(bytes: Uint8Array): unknown {
  const items = [...decodeMulti(bytes, { useBigInt64: true })].map(withMaps)
  return items.length === 1 ? items[0] : new Marked('sequence', items)
}

/** The library gives plain objects for maps and its own class for extensions. */
function withMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMaps)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value
  if ('type' in value && 'data' in value && value.constructor !== Object)
    return new Marked(`ext${String(value.type)}`, value.data)
  return new Map(Object.entries(value).map(([key, item]) => [key, withMaps(item)]))
}
