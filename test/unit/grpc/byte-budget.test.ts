import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { ByteBudget } from '../../../src/node/api/grpc/byte-budget.ts'
import { KeyValueStore } from '../../../src/node/api/grpc/generated/memo/kvs/memo_kvs_pb.js'
import { KeyValue } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import type { KeyValueService } from '../../../src/node/engine/kv/key-value-service.ts'
import { metadataOf } from './fake-services.ts'
import { bytesOf, GrpcRig, pathOf, RecordingObserver } from './grpc-rig.ts'
import { framed } from './raw-call.ts'

const mebibyte = 1024 * 1024
const { fetch, upsert } = KeyValueStore.method
const value = new Uint8Array(mebibyte)
const patience = { timeout: 8000 }

/** Asks many times on one connection and reads nothing but headers: the statuses of what was refused. */
async function askAndNeverRead(session: ClientHttp2Session, path: string, body: Buffer, times: number): Promise<string[]> {
  session.on('error', () => {})
  const answers = Array.from({ length: times }, () => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
    stream.on('error', () => {})
    stream.end(body)
    return new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve))
  })
  const headers = await Promise.all(answers)
  return headers.flatMap((each) => (each['grpc-status'] === undefined ? [] : [String(each['grpc-status'])]))
}

/** Says how large the value is before it reads it. */
function careful(read: () => void): KeyValueService['get'] {
  return async (_store, key, _options, context) => {
    context.reserveAnswer?.(value.length)
    read()
    return { metadata: metadataOf(key, 1n, value.length), value, ageMs: 0 }
  }
}

test('answers that nobody reads are refused before their values are read, and others are served', async () => {
  let reads = 0
  const limits = { grpcAnswerBytesMax: 6 * mebibyte, grpcConnectionAnswerBytesMax: 4 * mebibyte }
  await using rig = await GrpcRig.start({ limits, keyValues: { get: careful(() => reads++) } })
  const session = connect(`http://127.0.0.1:${rig.address.port}`)
  const body = framed(bytesOf(fetch.input, { key: 'k' }))
  const refused = await askAndNeverRead(session, pathOf(fetch), body, 20)
  expect(refused).toEqual(Array.from({ length: 17 }, () => String(status.RESOURCE_EXHAUSTED)))
  expect(reads).toBe(3)
  for (let time = 0; time < 5; time++) expect((await rig.client.call(fetch, { key: 'k' })).value).toHaveLength(mebibyte)
  session.destroy()
  // The room comes back: as many as before find it.
  const askAgain = async (): Promise<number> => {
    const other = connect(`http://127.0.0.1:${rig.address.port}`)
    const refusals = await askAndNeverRead(other, pathOf(fetch), body, 4)
    other.destroy()
    return refusals.length
  }
  await expect.poll(askAgain, patience).toBe(1)
})

test('parts of streams that nobody reads count as well', async () => {
  async function* pieces() {
    for (let part = 0; part < 50; part++) yield value
  }
  const limits = { grpcAnswerBytesMax: 8 * mebibyte, grpcConnectionAnswerBytesMax: 8 * mebibyte }
  const read = async () => ({ metadata: metadataOf('k', 1n, 1), pieces: pieces(), ageMs: 0 })
  await using rig = await GrpcRig.start({ limits, keyValues: { read, get: careful(() => {}) } })
  const session = connect(`http://127.0.0.1:${rig.address.port}`)
  const body = framed(bytesOf(KeyValue.method.getStream.input, { key: 'k' }))
  await askAndNeverRead(session, pathOf(KeyValue.method.getStream), body, 30)
  await expect.poll(() => rig.client.fail(fetch, { key: 'k' }), patience).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  session.destroy()
  await expect.poll(() => rig.client.call(fetch, { key: 'k' }).catch(() => 'refused'), patience).toHaveProperty('value')
  expect(await rig.client.download(KeyValue.method.getStream, { key: 'k' })).toHaveLength(51)
})

test('a connection that leaves so many answers unread that others find no room is ended, and told of', async () => {
  const limits = {
    grpcUnreadTimeoutMs: 100,
    grpcUnreadLookMs: 50,
    grpcAnswerBytesMax: 2 * mebibyte,
    grpcMessageBytesMax: 2 * mebibyte,
  }
  const observer = new RecordingObserver()
  await using rig = await GrpcRig.start({ limits, keyValues: { get: careful(() => {}) }, observer })
  const session = connect(`http://127.0.0.1:${rig.address.port}`)
  const closed = new Promise((resolve) => session.once('close', resolve))
  await askAndNeverRead(session, pathOf(fetch), framed(bytesOf(fetch.input, { key: 'k' })), 2)
  await closed
  expect(observer.unread).toEqual([
    {
      caller: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      cause: 'room',
      unreadBytes: expect.any(Number),
      stalledMs: expect.any(Number),
    },
  ])
  expect(observer.unread[0]?.unreadBytes).toBeGreaterThan(mebibyte)
  await expect.poll(() => rig.client.call(fetch, { key: 'k' }).catch(() => 'refused'), patience).toHaveProperty('value')
})

test('a single call passes however large it is, and requests beside it are refused until it ends', async () => {
  const started = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const put: KeyValueService['put'] = async (_store, key) => {
    started.resolve()
    await release.promise
    return { kind: 'done', metadata: metadataOf(key, 1n, 1) }
  }
  const limits = { grpcRequestBytesMax: 1000, grpcAnswerBytesMax: 1000, grpcConnectionAnswerBytesMax: 1000 }
  await using rig = await GrpcRig.start({ limits, keyValues: { put, get: careful(() => {}) } })
  const first = rig.client.call(upsert, { key: 'k', value })
  await started.promise
  const refused = await rig.client.fail(upsert, { key: 'k' })
  expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: expect.stringContaining('nothing was changed') })
  release.resolve()
  await first
  expect(await rig.client.call(upsert, { key: 'k' })).toBeDefined()
  expect((await rig.client.call(fetch, { key: 'k' })).value).toHaveLength(mebibyte)
})

test('a budget gives back what it took', () => {
  const budget = new ByteBudget('tests', 100, 60)
  budget.take('a', 60, 0)
  expect(() => budget.take('a', 1, 0)).toThrow(/60 bytes of tests/)
  expect(() => budget.take('b', 41, 0)).toThrow(/of at most 100/)
  budget.take('b', 40, 0)
  budget.force('c', 5)
  expect([...budget.held()]).toEqual([
    ['a', 60],
    ['b', 40],
    ['c', 5],
  ])
  budget.release('a', 60)
  expect(budget.bytes).toBe(45)
  budget.take('c', 20, 0)
  budget.release('b', 40)
  budget.release('c', 25)
  expect(budget.bytes).toBe(0)
  expect([...budget.held()]).toEqual([])
})
