import type { BatchOperation, ChangeResult, ListQuery, Precondition } from '../../../src/node/engine/kv/key-value-service.ts'

export interface ModelEntry {
  readonly version: bigint
  readonly value: Uint8Array
}

export type ModelOutcome = { readonly kind: 'done' | 'conflict'; readonly version: bigint | undefined }

const order = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right))

/** A sorted map with the rules of versions: what the key-value store promises, without any of how. */
export class KeyValueModel {
  readonly entries: Map<string, ModelEntry>
  #floor: bigint

  constructor(entries: ReadonlyMap<string, ModelEntry> = new Map(), floor = 0n) {
    this.entries = new Map(entries)
    this.#floor = floor
  }

  copy(): KeyValueModel {
    return new KeyValueModel(this.entries, this.#floor)
  }

  apply(operation: BatchOperation): ModelOutcome {
    const { key } = operation
    const current = this.entries.get(key)
    const precondition = operation.kind === 'put' ? operation.options.precondition : operation.precondition
    const conflict: ModelOutcome = { kind: 'conflict', version: current?.version }
    if (!holds(precondition, current)) return conflict
    if (operation.kind === 'put') {
      const version = (current?.version ?? this.#floor) + 1n
      this.entries.set(key, { version, value: operation.value })
      return { kind: 'done', version }
    }
    if (current === undefined) return precondition.kind === 'absent' ? { kind: 'done', version: 0n } : conflict
    this.entries.delete(key)
    if (current.version > this.#floor) this.#floor = current.version
    return { kind: 'done', version: current.version }
  }

  /** Everything that a listing gives over all its pages, in its order. */
  list(query: ListQuery): { readonly kind: 'item' | 'prefix'; readonly text: string }[] {
    const { prefix = '', startAfter = '', end = '', delimiter = '', reverse = false } = query
    const seen = new Set<string>()
    const found: { kind: 'item' | 'prefix'; text: string }[] = []
    const keys = [...this.entries.keys()].sort(order)
    if (reverse) keys.reverse()
    for (const key of keys) {
      if (!key.startsWith(prefix) || (startAfter !== '' && order(key, startAfter) <= 0) || (end !== '' && order(key, end) >= 0))
        continue
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      if (at < 0) found.push({ kind: 'item', text: key })
      else {
        const folder = key.slice(0, at + delimiter.length)
        if (!seen.has(folder)) found.push({ kind: 'prefix', text: folder })
        seen.add(folder)
      }
    }
    return found
  }

  /** For comparing with what a store holds. */
  state(): Record<string, string> {
    const named = [...this.entries].map(([key, { version, value }]) => [key, `${version}:${Buffer.from(value).toString('hex')}`])
    return Object.fromEntries(named)
  }
}

export function outcomeOf(result: ChangeResult): ModelOutcome {
  return result.kind === 'done'
    ? { kind: 'done', version: result.metadata.version }
    : { kind: 'conflict', version: result.current?.version }
}

function holds(precondition: Precondition, current: ModelEntry | undefined): boolean {
  switch (precondition.kind) {
    case 'any':
      return true
    case 'absent':
      return current === undefined
    case 'present':
      return current !== undefined
    case 'version':
      return current?.version === precondition.version
  }
}
