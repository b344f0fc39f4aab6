import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { compareBytes } from '../../../src/node/core/base/bytes.ts'
import type { BlockDraft, BlockService, BlockView } from '../../../src/node/engine/block/block-service.ts'
import type { ClusterService } from '../../../src/node/engine/cluster/cluster-service.ts'
import type {
  ChangeResult,
  KeyMetadata,
  KeyValueService,
  ListPage,
  ListQuery,
  Precondition,
  WholeValue,
} from '../../../src/node/engine/kv/key-value-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

/** Every method fails the test that did not expect it. */
function unexpected(name: string): never {
  throw new Error(`the fake was not told to answer ${name}`)
}

export function fakeKeyValues(answers: Partial<KeyValueService>): KeyValueService {
  return {
    get: async () => unexpected('get'),
    read: async () => unexpected('read'),
    stat: async () => unexpected('stat'),
    put: async () => unexpected('put'),
    putStream: async () => unexpected('putStream'),
    delete: async () => unexpected('delete'),
    batch: async () => unexpected('batch'),
    list: async () => unexpected('list'),
    ...answers,
  }
}

export function fakeBlocks(answers: Partial<BlockService>): BlockService {
  return {
    makeContent: async () => unexpected('makeContent'),
    makeOwner: async () => unexpected('makeOwner'),
    makeNamed: async () => unexpected('makeNamed'),
    namedAddress: () => unexpected('namedAddress'),
    insert: async () => unexpected('insert'),
    fetch: async () => unexpected('fetch'),
    update: async () => unexpected('update'),
    remove: async () => unexpected('remove'),
    stat: async () => unexpected('stat'),
    ...answers,
  }
}

export function fakeCluster(answers: Partial<ClusterService>): ClusterService {
  return {
    status: () => unexpected('status'),
    invite: async () => unexpected('invite'),
    drain: async () => unexpected('drain'),
    leave: () => unexpected('leave'),
    evict: async () => unexpected('evict'),
    replicas: async () => unexpected('replicas'),
    ...answers,
  }
}

export function metadataOf(key: string, version: bigint, size: number): KeyMetadata {
  return {
    key,
    version,
    revision: (1_700_000_000_000n << 16n) + version,
    size,
    contentType: 'text/plain',
    modifiedMs: 1_700_000_000_000,
    writer: new Uint8Array(32).fill(7),
    address: new Uint8Array(32).fill(9) as BlockAddress,
    chunks: 0,
  }
}

/** A key-value service on a map, for tests of the faces. */
export class MapKeyValues {
  readonly values = new Map<string, WholeValue>()
  #version = 0n

  service(): KeyValueService {
    return fakeKeyValues({
      get: async (_store, key) => this.values.get(key),
      stat: async (_store, key) => this.values.get(key),
      put: async (_store, key, value, options) => this.put(key, value, options.precondition),
      putStream: async (_store, key, pieces, options) => {
        const parts: Uint8Array[] = []
        for await (const piece of pieces) parts.push(piece)
        return this.put(key, Buffer.concat(parts), options.precondition)
      },
      delete: async (_store, key, precondition) => this.delete(key, precondition),
      batch: async (_store, operations) =>
        operations.map((each) =>
          each.kind === 'put'
            ? this.put(each.key, each.value, each.options.precondition)
            : this.delete(each.key, each.precondition),
        ),
      list: async (_store, query) => this.list(query),
      read: async (_store, key, { range }) => {
        const found = this.values.get(key)
        if (found === undefined) return undefined
        const from = range?.offset ?? 0
        if (from > found.value.length) throw new CodedError('range-not-satisfiable', 'behind the end')
        const bytes = found.value.subarray(from, range?.length === undefined ? undefined : from + range.length)
        return { metadata: found.metadata, pieces: piecesOf(bytes), ageMs: 0 }
      },
    })
  }

  put(key: string, value: Uint8Array, precondition: Precondition): ChangeResult {
    const current = this.values.get(key)?.metadata
    if (!holds(precondition, current)) return { kind: 'conflict', current }
    this.#version += 1n
    const metadata = metadataOf(key, this.#version, value.length)
    this.values.set(key, { metadata, value: Uint8Array.from(value), ageMs: 0 })
    return { kind: 'done', metadata }
  }

  delete(key: string, precondition: Precondition): ChangeResult {
    const current = this.values.get(key)?.metadata
    if (current === undefined || !holds(precondition, current)) return { kind: 'conflict', current }
    this.values.delete(key)
    return { kind: 'done', metadata: current }
  }

  list({ prefix = '', startAfter = '', limit = 10_000, bytesMax = 3_145_728, withValues = false }: ListQuery): ListPage {
    const keys = [...this.values.keys()]
      .filter((key) => key.startsWith(prefix) && compareBytes(Buffer.from(key), Buffer.from(startAfter)) > 0)
      .sort((left, right) => compareBytes(Buffer.from(left), Buffer.from(right)))
    let bytes = 0
    const end = keys.findIndex((key, index) => {
      bytes += Buffer.byteLength(key)
      return index >= limit || bytes > bytesMax
    })
    const shown = end === -1 ? keys : keys.slice(0, end)
    const items = shown.flatMap((key) => {
      const found = this.values.get(key)
      return found === undefined ? [] : [{ metadata: found.metadata, ...(withValues && { value: found.value }) }]
    })
    return { items, commonPrefixes: [], ageMs: 0, ...(end !== -1 && { nextPageToken: Uint8Array.of(1) }) }
  }
}

function holds(precondition: Precondition, current: KeyMetadata | undefined): boolean {
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

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += 1000) yield bytes.subarray(offset, offset + 1000)
}

export function viewOf(draft: Partial<BlockDraft>, changes: Partial<BlockView>): BlockView {
  const address = (draft.address ?? new Uint8Array(32).fill(4)) as BlockAddress
  const kind = draft.kind ?? 'owner'
  const version = changes.version ?? draft.version ?? -1n
  return {
    kind,
    address,
    salt: draft.salt ?? new Uint8Array(32).fill(5),
    owner: draft.owner ?? new Uint8Array(0),
    ownerKey: draft.ownerKey ?? new Uint8Array(32).fill(6),
    name: draft.name ?? new Uint8Array(0),
    version,
    generation: draft.generation ?? 0n,
    signature: kind === 'content' || version < 0n ? new Uint8Array(0) : new Uint8Array(64).fill(8),
    data: draft.data ?? new Uint8Array(0),
    header: draft.header ?? new Uint8Array(0),
    ...changes,
  }
}
