/** Guesses what a value is from its bytes. A content type that the writer gave is a claim; only the bytes decide what is shown. */

import { readJson } from '../json/json-syntax.ts'
import { binaryFormatOf } from './binary-shape.ts'

export const imageKinds = ['png', 'jpeg', 'gif', 'webp', 'avif'] as const
export type ImageKind = (typeof imageKinds)[number]

export type ValueKind =
  | { readonly name: 'empty' }
  | { readonly name: 'json' }
  /** Begins like JSON and is none. */
  | { readonly name: 'broken-json' }
  /** Text that a browser would run or draw; it is shown as text only. */
  | { readonly name: 'svg' | 'html' | 'xml' }
  | { readonly name: 'text' }
  | { readonly name: 'image'; readonly image: ImageKind }
  | { readonly name: 'gzip' | 'zstd' | 'zip' | 'pdf' | 'sqlite' }
  | { readonly name: 'cbor' | 'messagepack' }
  | { readonly name: 'binary' }

interface SniffInput {
  readonly bytes: Uint8Array
  /** The bytes are all of the value. */
  readonly whole: boolean
  readonly contentType?: string
}

const signatures: readonly (readonly [readonly number[], ValueKind])[] = [
  [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], { name: 'image', image: 'png' }],
  [[0xff, 0xd8, 0xff], { name: 'image', image: 'jpeg' }],
  [[...new TextEncoder().encode('GIF87a')], { name: 'image', image: 'gif' }],
  [[...new TextEncoder().encode('GIF89a')], { name: 'image', image: 'gif' }],
  [[0x1f, 0x8b, 0x08], { name: 'gzip' }],
  [[0x28, 0xb5, 0x2f, 0xfd], { name: 'zstd' }],
  [[0x50, 0x4b, 0x03, 0x04], { name: 'zip' }],
  [[0x25, 0x50, 0x44, 0x46, 0x2d], { name: 'pdf' }],
  [[...new TextEncoder().encode('SQLite format 3\0')], { name: 'sqlite' }],
]

export function sniffValue({ bytes, whole, contentType = '' }: SniffInput): ValueKind {
  if (bytes.length === 0) return { name: whole ? 'empty' : 'binary' }
  const known = signatures.find(([signature]) => signature.every((byte, at) => bytes[at] === byte))
  if (known !== undefined) return known[1]
  const image = boxedImage(bytes)
  if (image !== undefined) return { name: 'image', image }
  const text = textOf(bytes, whole)
  if (text !== undefined) return textKind(text, whole, contentType)
  return { name: (whole ? binaryFormatOf(bytes, contentType) : undefined) ?? 'binary' }
}

/** WebP and AVIF say what they are behind a length. */
function boxedImage(bytes: Uint8Array): ImageKind | undefined {
  const at = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP') return 'webp'
  if (at(4, 8) === 'ftyp' && (at(8, 12) === 'avif' || at(8, 12) === 'avis')) return 'avif'
  return undefined
}

/** The text, or undefined where the bytes are no UTF-8 or hold what no text holds. */
export function textOf(bytes: Uint8Array, whole: boolean): string | undefined {
  let text: string
  try {
    // The last character of a part may be cut.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !whole })
  } catch {
    return undefined
  }
  // Escapes begin the colours of terminals, which occur in texts; other controls do not.
  for (const [control] of text.matchAll(/[^\P{Cc}\s]/gu)) if (control !== '\u001b' && control < '\u007f') return undefined
  return text
}

function textKind(text: string, whole: boolean, contentType: string): ValueKind {
  const head = text
    .slice(0, 1024)
    .trimStart()
    .replace(/^\ufeff/, '')
    .toLowerCase()
  if (/^<!doctype html|^<html|^<(?:head|body|script|iframe|div|p|a|img|style)[\s>/]/.test(head)) return { name: 'html' }
  if (/^<svg[\s>/]/.test(head) || (/^<(?:\?xml|!--|!doctype svg)/.test(head) && head.includes('<svg'))) return { name: 'svg' }
  if (head.startsWith('<?xml')) return { name: 'xml' }
  const claimed = /[/+]json\b/.test(contentType)
  if (!claimed && !/^[[{]/.test(head)) return { name: 'text' }
  if (!whole) return { name: 'json' }
  return readJson(text).ok ? { name: 'json' } : looksLikeJson(head) || claimed ? { name: 'broken-json' } : { name: 'text' }
}

/** A brace or bracket alone also begins other notations. */
function looksLikeJson(head: string): boolean {
  return /^\{\s*(?:"|\}|$)|^\[\s*(?:["{[\]\d-]|true|false|null|$)/.test(head)
}
