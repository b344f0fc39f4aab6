import { CodedError } from '../../../shared/coded-error.ts'
import type { KeyValueService, ListDamage, ListPage, Precondition } from '../../engine/kv/key-value-service.ts'
import type { Call, Handlers } from './bridge.ts'
import type { KeyValueStore } from './generated/memo/kvs/memo_kvs_pb.js'

const defaultStore = ''

type KeyValueStoreHandlers = Handlers<(typeof KeyValueStore)['method']>

/** memo.kvs: the key-value service on the wire of the original. */
export function keyValueStoreFace(keyValues: KeyValueService, limits: PageLimits): KeyValueStoreHandlers {
  const put = async (request: { key: string; value: Uint8Array }, kind: 'any' | 'absent' | 'present', call: Call) => {
    const precondition: Precondition = { kind }
    const result = await keyValues.put(defaultStore, request.key, request.value, { precondition }, call)
    if (result.kind === 'done') return {}
    throw kind === 'absent'
      ? new CodedError('key-already-exists', `key already exists: ${request.key}`)
      : new CodedError('key-not-found', `key does not exist: ${request.key}`)
  }
  return {
    insert: (request, call) => put(request, 'absent', call),
    update: (request, call) => put(request, 'present', call),
    upsert: (request, call) => put(request, 'any', call),
    async fetch({ key }, call) {
      const found = await keyValues.get(defaultStore, key, {}, call)
      if (found === undefined) throw new CodedError('key-not-found', `no value for key: ${key}`)
      return { value: found.value }
    },
    async delete({ key }, call) {
      const result = await keyValues.delete(defaultStore, key, { kind: 'any' }, call)
      if (result.kind === 'conflict') throw new CodedError('key-not-found', `key does not exist: ${key}`)
      return {}
    },
    async list({ prefix, marker, delimiter, maxKeys }, call) {
      const limit = maxKeys === 0n || maxKeys > BigInt(limits.listKeysMax) ? limits.listKeysMax : Number(maxKeys)
      const query = { prefix, limit, bytesMax: limits.listBytesMax, ...(marker !== '' && { startAfter: marker }) }
      const page = await keyValues.list(defaultStore, query, call)
      // This message has no field for it, and a page that hides it would pass for removals.
      if (page.damage !== undefined) throw listDamage(page.damage)
      return compatiblePage(page, prefix, delimiter, limits.listBytesMax)
    },
  }
}

export interface PageLimits {
  readonly listKeysMax: number
  readonly listBytesMax: number
}

interface CompatiblePage {
  readonly items: { readonly key: string }[]
  readonly prefixes: string[]
  readonly truncated: boolean
}

function listDamage({ unreadable }: ListDamage): CodedError {
  const what =
    unreadable.length > 0
      ? `${unreadable.length} keys of this page cannot be read`
      : 'the index is damaged, and keys may be missing from this page'
  return new CodedError('data-corrupt', `${what}: memo.v1.KeyValue/List and "memo export" give what is readable`)
}

/**
 * Items with the relative prefixes beside them, as clients of the original know it: an item whose part after the prefix contains
 * the delimiter, but not at its very beginning, adds that part up to and including the delimiter. Prefixes count towards the bytes
 * of the page, so that a page that is full of them still fits a message.
 */
export function compatiblePage(page: ListPage, prefix: string, delimiter: string, bytesMax: number): CompatiblePage {
  const truncated = page.nextPageToken !== undefined
  const items: { key: string }[] = []
  if (delimiter === '') {
    for (const { metadata } of page.items) items.push({ key: metadata.key })
    return { items, prefixes: [], truncated }
  }
  const prefixes = new Set<string>()
  let bytes = 0
  for (const { metadata } of page.items) {
    const { key } = metadata
    const position = key.indexOf(delimiter, prefix.length)
    const part = position > prefix.length ? key.slice(prefix.length, position + delimiter.length) : undefined
    bytes += Buffer.byteLength(key)
    if (part !== undefined && !prefixes.has(part)) bytes += Buffer.byteLength(part)
    if (bytes > bytesMax && items.length > 0) return { items, prefixes: [...prefixes], truncated: true }
    items.push({ key })
    if (part !== undefined) prefixes.add(part)
  }
  return { items, prefixes: [...prefixes], truncated }
}
