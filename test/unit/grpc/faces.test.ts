import type { MessageInitShape } from '@bufbuild/protobuf'
import { create, fromBinary } from '@bufbuild/protobuf'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { KeyValueStore } from '../../../src/node/api/grpc/generated/memo/kvs/memo_kvs_pb.js'
import { BlockKind, Blocks, ReplicaRole } from '../../../src/node/api/grpc/generated/memo/v1/blocks_pb.js'
import { Consistency, KeyState, StatusDetailsSchema } from '../../../src/node/api/grpc/generated/memo/v1/call_pb.js'
import { NodeState } from '../../../src/node/api/grpc/generated/memo/v1/cluster_pb.js'
import { ConflictSchema, KeyValue } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import type { Block } from '../../../src/node/api/grpc/generated/memo/vs/memo_vs_pb.js'
import { BlockSchema, ValueStore } from '../../../src/node/api/grpc/generated/memo/vs/memo_vs_pb.js'
import { compatiblePage } from '../../../src/node/api/grpc/key-value-store-face.ts'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { BlockDraft, BlockService } from '../../../src/node/engine/block/block-service.ts'
import type { CallContext } from '../../../src/node/engine/call-context.ts'
import type { ReplicaStatus } from '../../../src/node/engine/cluster/cluster-service.ts'
import type { ListQuery } from '../../../src/node/engine/kv/key-value-service.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MapKeyValues, metadataOf, viewOf } from './fake-services.ts'
import { GrpcRig } from './grpc-rig.ts'

const page = (keys: readonly string[], more = false) => ({
  items: keys.map((key) => ({ metadata: metadataOf(key, 1n, 0) })),
  commonPrefixes: [],
  ageMs: 0,
  ...(more && { nextPageToken: Uint8Array.of(1) }),
})

test('a delimiter at the very beginning of the rest groups nothing', () => {
  expect(compatiblePage(page(['a/b/c', 'ab/c']), 'a', '/', 1000)).toEqual({
    items: [{ key: 'a/b/c' }, { key: 'ab/c' }],
    prefixes: ['b/'],
    truncated: false,
  })
})

test('a page that its prefixes make too large ends early and says so', () => {
  const keys = ['aaaa/1', 'bbbb/1', 'cccc/1']
  expect(compatiblePage(page(keys), '', '/', 22)).toEqual({
    items: [{ key: 'aaaa/1' }, { key: 'bbbb/1' }],
    prefixes: ['aaaa/', 'bbbb/'],
    truncated: true,
  })
  expect(compatiblePage(page(keys), '', '/', 3).items).toHaveLength(1)
  expect(compatiblePage(page(keys, true), '', '', 22)).toMatchObject({ prefixes: [], truncated: true })
})

test('the compatible List asks for at most a page', async () => {
  const asked: ListQuery[] = []
  const list = async (_store: string, query: ListQuery) => {
    asked.push(query)
    return page([])
  }
  await using rig = await GrpcRig.start({ keyValues: { list } })
  for (const maxKeys of [0n, 7n, 10_000n, 10_001n, 2n ** 64n - 1n]) await rig.client.call(KeyValueStore.method.list, { maxKeys })
  expect(asked.map(({ limit }) => limit)).toEqual([10_000, 7, 10_000, 10_000, 10_000])
  expect(asked.every(({ delimiter, bytesMax }) => delimiter === undefined && bytesMax === defaultLimits.listBytesMax)).toBe(true)
})

test('the precondition and the request id of a put arrive', async () => {
  const seen: unknown[] = []
  const put = async (...[store, key, value, options, { requestId }]: [string, string, Uint8Array, unknown, CallContext]) => {
    seen.push({ store, key, value: [...value], options, requestId })
    return { kind: 'done', metadata: metadataOf(key, 3n, 1) } as const
  }
  await using rig = await GrpcRig.start({ keyValues: { put } })
  await rig.client.call(KeyValue.method.put, {
    store: 's',
    key: 'k',
    value: Uint8Array.of(1),
    contentType: 'a/b',
    precondition: { condition: { case: 'version', value: 2n } },
    requestId: { session: new Uint8Array(16).fill(1), sequence: 9n, issuedAtMs: 5n },
  })
  await rig.client.call(KeyValue.method.put, { key: 'k', precondition: { condition: { case: 'state', value: KeyState.ABSENT } } })
  expect(seen).toEqual([
    {
      store: 's',
      key: 'k',
      value: [1],
      options: { precondition: { kind: 'version', version: 2n }, contentType: 'a/b' },
      requestId: { session: new Uint8Array(16).fill(1), sequence: 9n, issued: 5n << 16n },
    },
    { store: '', key: 'k', value: [], options: { precondition: { kind: 'absent' }, contentType: '' }, requestId: undefined },
  ])
})

test('a conflict carries the key as it is', async () => {
  const keyValues = new MapKeyValues()
  keyValues.put('k', Uint8Array.of(1, 2), { kind: 'any' })
  await using rig = await GrpcRig.start({ keyValues: keyValues.service() })
  const precondition = { condition: { case: 'state', value: KeyState.ABSENT } } as const
  const error = await rig.client.fail(KeyValue.method.put, { key: 'k', precondition })
  expect(error.code).toBe(status.ABORTED)
  const [bytes] = error.metadata.get('grpc-status-details-bin')
  const details = fromBinary(StatusDetailsSchema, Buffer.from(bytes ?? ''))
  expect(details).toMatchObject({ code: status.ABORTED, message: error.details })
  const [any] = details.details
  const conflict = any === undefined ? undefined : anyUnpack(any, ConflictSchema)
  expect(conflict?.current).toMatchObject({ key: 'k', version: 1n, size: 2n, modifiedAtMs: 1_700_000_000_000n })
})

test('the native List stays within a message that clients receive', async () => {
  const asked: ListQuery[] = []
  const list = async (_store: string, query: ListQuery) => {
    asked.push(query)
    return { items: [{ metadata: metadataOf('a', 1n, 0), value: new Uint8Array(0) }], commonPrefixes: ['p/'], ageMs: 0 }
  }
  await using rig = await GrpcRig.start({ keyValues: { list } })
  const answer = await rig.client.call(KeyValue.method.list, { withValues: true, reverse: true })
  await rig.client.call(KeyValue.method.list, { limit: 9999, startAfter: 's', end: 'e', pageToken: Uint8Array.of(3) })
  expect(asked).toMatchObject([
    { limit: 5000, bytesMax: 2 * 1024 * 1024, withValues: true, reverse: true },
    { limit: 5000, startAfter: 's', end: 'e', pageToken: Uint8Array.of(3) },
  ])
  expect(answer).toMatchObject({
    items: [{ value: new Uint8Array(0) }],
    commonPrefixes: ['p/'],
    nextPageToken: new Uint8Array(0),
  })
})

test('a value goes up and down in streams', async () => {
  await using rig = await GrpcRig.start({ keyValues: new MapKeyValues().service() })
  const chunk = new Uint8Array(1500).fill(5)
  const header = { case: 'header', value: { key: 'k' } } as const
  await rig.client.upload(KeyValue.method.putStream, [
    { part: header },
    { part: { case: 'chunk', value: chunk } },
    { part: { case: 'chunk', value: chunk } },
    { part: { case: 'finish', value: { size: 3000n } } },
  ])
  const [first, ...rest] = await rig.client.download(KeyValue.method.getStream, { key: 'k', range: { offset: 500n } })
  expect(first?.part).toMatchObject({ case: 'metadata', value: { key: 'k', size: 3000n } })
  expect(rest.map(({ part }) => (part.case === 'chunk' ? part.value.length : -1))).toEqual([1000, 1000, 500])
  const endless = rig.client.upload(KeyValue.method.putStream, [{ part: header }, { part: { case: 'chunk', value: chunk } }])
  await expect(endless).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  const finish = { part: { case: 'finish', value: { size: 1500n } } } as const
  for (const late of [finish, { part: { case: 'chunk', value: chunk } } as const]) {
    const parts = [{ part: header }, { part: { case: 'chunk', value: chunk } } as const, finish, late]
    await expect(rig.client.upload(KeyValue.method.putStream, parts)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('nothing may follow the finish'),
    })
  }
})

test('a block travels whole and comes back as it was', async () => {
  const drafts: BlockDraft[] = []
  const address = new Uint8Array(32).fill(2) as BlockAddress
  const made = viewOf({ kind: 'content', address, header: Uint8Array.of(1, 2), version: -1n, generation: 77n }, {})
  await using rig = await GrpcRig.start({
    blocks: {
      makeContent: async (data, owner) => ({ ...made, data, owner }),
      insert: async (draft) => {
        drafts.push(draft)
        return made
      },
    },
  })
  const block = await rig.client.call(ValueStore.method.makeImmutableBlock, { data: Uint8Array.of(9), owner: new Uint8Array(32) })
  expect(block).toMatchObject({ type: 'CHB', version: -1n, payload: { case: 'data', value: Uint8Array.of(9) } })
  await rig.client.call(ValueStore.method.insert, { block })
  const { kind, salt, ownerKey, header, generation, version } = made
  const expected = {
    kind,
    address,
    salt,
    ownerKey,
    header,
    generation,
    version,
    owner: new Uint8Array(32),
    data: Uint8Array.of(9),
  }
  expect(drafts).toMatchObject([expected])
  expect(drafts[0]?.plain).toBe(undefined)
})

test('an outdated update is OK and brings the newest version, readable where that was asked for', async () => {
  const options: unknown[] = []
  await using rig = await GrpcRig.start({
    blocks: {
      update: async (draft, asked) => {
        options.push({ ...asked, plain: draft.plain })
        return { kind: 'conflict', current: viewOf(draft, { version: 5n, plain: Uint8Array.of(8) }) }
      },
    },
  })
  const block = { type: 'OKB', address: new Uint8Array(32), payload: { case: 'dataPlain', value: Uint8Array.of(7) } } as const
  const answer = await rig.client.call(ValueStore.method.update, { block, decryptData: true })
  expect(options).toEqual([{ decrypt: true, plain: Uint8Array.of(7) }])
  expect(answer.current).toMatchObject({ type: 'OKB', version: 5n, payload: { case: 'dataPlain', value: Uint8Array.of(8) } })
  expect(answer.message.length).toBeGreaterThan(0)
})

test.each([
  ['permission-denied', status.PERMISSION_DENIED],
  ['signature-invalid', status.PERMISSION_DENIED],
  ['data-corrupt', status.DATA_LOSS],
  ['storage-full', status.RESOURCE_EXHAUSTED],
  ['contended', status.ABORTED],
] as const)('a block service that says %s', async (code, expected) => {
  const remove = async () => {
    throw new CodedError(code, 'why')
  }
  await using rig = await GrpcRig.start({ blocks: { remove } })
  expect(await rig.client.fail(ValueStore.method.delete, { address: new Uint8Array(32) })).toMatchObject({ code: expected })
})

test('what is known of a block is told', async () => {
  const address = new Uint8Array(32).fill(3) as BlockAddress
  const facts = {
    address,
    version: 0n,
    generation: 9n,
    storedBytes: 5,
    plainBytes: 50,
    writer: new Uint8Array(32),
    verified: true,
    ageMs: 0,
  }
  const stat = async () => ({ ...facts, kind: 'map', codec: 'zstd', cipher: 'none' }) as const
  const replicas = async (asked: BlockAddress): Promise<ReplicaStatus[]> => [
    { nodeId: asked, storeId: Uint8Array.of(7), role: 'primary', state: 'alive', heldIndex: 12 },
    { nodeId: asked, storeId: Uint8Array.of(8), role: 'learner', state: 'unknown', heldIndex: undefined },
  ]
  await using rig = await GrpcRig.start({ blocks: { stat }, cluster: { replicas } })
  const answer = await rig.client.call(Blocks.method.stat, { address })
  expect(answer.stat).toMatchObject({
    kind: BlockKind.MAP,
    storedSize: 5n,
    plainSize: 50n,
    generation: 9n,
    verified: true,
    address,
  })
  expect(answer.replicas).toMatchObject([
    { nodeId: address, storeId: Uint8Array.of(7), role: ReplicaRole.PRIMARY, state: NodeState.ALIVE, heldIndex: 12n },
    { nodeId: address, storeId: Uint8Array.of(8), role: ReplicaRole.LEARNER, state: NodeState.UNSPECIFIED },
  ])
  expect(answer.replicas[1]?.heldIndex).toBeUndefined()
})

test.each([
  ['a bounded read', Consistency.BOUNDED, 12, 12n],
  ['a bounded read that shows the newest state', Consistency.BOUNDED, 0, 0n],
  ['an eventual read', Consistency.EVENTUAL, 70_000, 70_000n],
  ['an eventual read of a copy of which nobody knows it', Consistency.EVENTUAL, undefined, undefined],
  ['a linearizable read', Consistency.LINEARIZABLE, 0, undefined],
  ['a read that asks for nothing', Consistency.UNSPECIFIED, 0, undefined],
] as const)('the age of %s is told as far as it says something', async (_what, consistency, ageMs, told) => {
  const metadata = metadataOf('k', 1n, 1)
  const value = Uint8Array.of(7)
  async function* pieces() {
    yield value
  }
  await using rig = await GrpcRig.start({
    keyValues: {
      get: async () => ({ metadata, value, ageMs }),
      stat: async () => ({ metadata, ageMs }),
      list: async () => ({ items: [{ metadata }], commonPrefixes: [], ageMs }),
      read: async () => ({ metadata, pieces: pieces(), ageMs }),
    },
    blocks: {
      stat: async (address) => {
        const sizes = { version: 0n, generation: 9n, storedBytes: 5, plainBytes: 5 }
        const facts = { kind: 'named', codec: 'none', cipher: 'none', writer: new Uint8Array(32), verified: true } as const
        return { address, ...sizes, ...facts, ageMs }
      },
    },
    cluster: { replicas: async () => [] },
  })
  const { get, stat, list, getStream } = KeyValue.method
  const asked = { key: 'k', consistency }
  expect((await rig.client.call(get, asked)).ageMs).toBe(told)
  expect((await rig.client.call(stat, asked)).ageMs).toBe(told)
  expect((await rig.client.call(list, { consistency })).ageMs).toBe(told)
  expect((await rig.client.call(Blocks.method.stat, { address: new Uint8Array(32), consistency })).ageMs).toBe(told)
  const parts = await rig.client.download(getStream, asked)
  expect(parts.map((part) => part.ageMs)).toEqual([told, undefined])
})

test.each<[field: string, change: Exclude<MessageInitShape<typeof BlockSchema>, Block>, type: string]>([
  ['world_writable', { worldWritable: true }, 'OKB'],
  ['acl', { acl: [{ read: true }] }, 'OKB'],
  ['version', { version: 3n }, 'OKB'],
  ['deleted', { deleted: true }, 'CHB'],
  ['signature', { signature: new Uint8Array(64) }, 'CHB'],
  ['signature', { signature: new Uint8Array(63) }, 'NB'],
  ['signature', { signature: new Uint8Array(64), version: -1n }, 'OKB'],
  ['owner_key_rsa', { ownerKeyRsa: Uint8Array.of(1) }, 'NB'],
  ['key_koh', { keyKoh: {} }, 'NB'],
  ['editor', { editor: 1n }, 'OKB'],
  ['seal_version', { sealVersion: {} }, 'OKB'],
  ['group_version', { groupVersion: [0n] }, 'OKB'],
])('an inserted block with a %s that cannot be honoured is refused by name', async (field, change, type) => {
  await using rig = await GrpcRig.start()
  const error = await rig.client.fail(ValueStore.method.insert, {
    block: create(BlockSchema, { type, address: new Uint8Array(32), ...change }),
  })
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining(`block.${field} `) })
})

test.each(['content', 'owner', 'named'] as const)('a %s block is taken back as a Make call and Fetch answer it', async (kind) => {
  const inserted: bigint[] = []
  const unborn = viewOf({ kind, version: -1n }, {})
  const stored = viewOf({ kind, version: kind === 'content' ? 0n : 4n, generation: 9n }, {})
  await using rig = await GrpcRig.start({
    blocks: {
      makeNamed: async () => unborn,
      fetch: async () => stored,
      insert: async (draft) => {
        inserted.push(draft.version)
        return stored
      },
    },
  })
  await rig.client.call(ValueStore.method.insert, { block: await rig.client.call(ValueStore.method.makeNamedBlock, {}) })
  const { block } = await rig.client.call(ValueStore.method.fetch, { address: stored.address })
  await rig.client.call(ValueStore.method.insert, { ...(block !== undefined && { block }) })
  expect(inserted).toEqual([-1n, stored.version])
})

test.each([
  ['a newer version', { version: 4n, generation: 9n }, 'newer version'],
  ['a version above the newest', { version: 6n, generation: 9n }, 'above the newest version 5'],
  ['another generation', { version: 5n, generation: 8n }, 'another generation'],
])('an update that is not carried out says why: %s', async (_name, sent, why) => {
  const update: BlockService['update'] = async (draft) => ({
    kind: 'conflict',
    current: viewOf(draft, { version: 5n, generation: 9n }),
  })
  await using rig = await GrpcRig.start({ blocks: { update } })
  const block = { type: 'NB', address: new Uint8Array(32), ...sent }
  const { message } = await rig.client.call(ValueStore.method.update, { block })
  expect(new TextDecoder().decode(message)).toContain(why)
})
