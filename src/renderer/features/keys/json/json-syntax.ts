/**
 * JSON read without loss: numbers and texts stay as they are written, members keep their order and their doubles. Formatting goes
 * through this and not through `JSON.parse`, which would round 1763820734112345678 and drop all but the last of equal members.
 */

import { keysLimits } from '../keys-limits.ts'

export type JsonNode =
  /** A number, text, true, false or null, as it is written. */
  | { readonly kind: 'scalar'; readonly raw: string }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] }

export interface JsonMember {
  /** As written, quotes included. */
  readonly rawName: string
  /** What it means. */
  readonly name: string
  readonly value: JsonNode
}

export interface JsonProblem {
  readonly reason: 'unexpected' | 'ended' | 'open-text' | 'bad-text' | 'bad-number' | 'too-deep' | 'more-behind'
  readonly offset: number
  /** From 1. */
  readonly line: number
  readonly column: number
}

export type JsonReading = { readonly ok: true; readonly root: JsonNode } | { readonly ok: false; readonly problem: JsonProblem }

class JsonStop extends Error {
  readonly reason: JsonProblem['reason']
  readonly offset: number

  constructor(reason: JsonProblem['reason'], offset: number) {
    super(reason)
    this.reason = reason
    this.offset = offset
  }
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const wordPattern = /true|false|null/y
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const spacePattern = /[ \t\n\r]*/y

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): JsonNode {
    this.#space()
    const root = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw new JsonStop('more-behind', this.#at)
    return root
  }

  #value(depth: number): JsonNode {
    if (depth > keysLimits.nestingMax) throw new JsonStop('too-deep', this.#at)
    const first = this.#text[this.#at]
    if (first === undefined) throw new JsonStop('ended', this.#at)
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#array(depth)
    if (first === '"') return { kind: 'scalar', raw: this.#string() }
    const raw = this.#take(wordPattern) ?? this.#take(numberPattern)
    if (raw === undefined) throw new JsonStop(/[-+.\d]/.test(first) ? 'bad-number' : 'unexpected', this.#at)
    return { kind: 'scalar', raw }
  }

  #object(depth: number): JsonNode {
    const members: JsonMember[] = []
    this.#at += 1
    this.#space()
    if (this.#skip('}')) return { kind: 'object', members }
    for (;;) {
      this.#space()
      const rawName = this.#string()
      this.#space()
      this.#need(':')
      this.#space()
      members.push({ rawName, name: JSON.parse(rawName) as string, value: this.#value(depth + 1) })
      this.#space()
      if (this.#skip('}')) return { kind: 'object', members }
      this.#need(',')
    }
  }

  #array(depth: number): JsonNode {
    const items: JsonNode[] = []
    this.#at += 1
    this.#space()
    if (this.#skip(']')) return { kind: 'array', items }
    for (;;) {
      this.#space()
      items.push(this.#value(depth + 1))
      this.#space()
      if (this.#skip(']')) return { kind: 'array', items }
      this.#need(',')
    }
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') throw new JsonStop(this.#at < this.#text.length ? 'unexpected' : 'ended', this.#at)
    const from = this.#at
    this.#at += 1
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at)
      if (Number.isNaN(unit)) throw new JsonStop('ended', this.#at)
      if (unit === 0x0a || unit === 0x0d) throw new JsonStop('open-text', this.#at)
      if (unit < 0x20) throw new JsonStop('bad-text', this.#at)
      if (unit === 0x5c) {
        if (this.#take(escapePattern) === undefined) throw new JsonStop('bad-text', this.#at)
      } else {
        this.#at += 1
        if (unit === 0x22) return this.#text.slice(from, this.#at)
      }
    }
  }

  #space(): void {
    this.#take(spacePattern)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #skip(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  #need(sign: string): void {
    if (!this.#skip(sign)) throw new JsonStop(this.#at < this.#text.length ? 'unexpected' : 'ended', this.#at)
  }
}

export function readJson(text: string): JsonReading {
  try {
    return { ok: true, root: new JsonReader(text).document() }
  } catch (error) {
    if (!(error instanceof JsonStop)) throw error
    const before = text.slice(0, error.offset)
    const line = before.split('\n').length
    const column = error.offset - before.lastIndexOf('\n')
    return { ok: false, problem: { reason: error.reason, offset: error.offset, line, column } }
  }
}
