import { once } from 'node:events'
import { connect } from 'node:http2'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { KeyValueStore } from '../../../src/node/api/grpc/generated/memo/kvs/memo_kvs_pb.js'
import { KeyValue } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import type { CallContext } from '../../../src/node/engine/call-context.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'
import { MapKeyValues, metadataOf } from './fake-services.ts'
import { bytesOf, failureOf, GrpcRig, pathOf, RecordingObserver } from './grpc-rig.ts'
import { framed, rawCall } from './raw-call.ts'

const { upsert, fetch } = KeyValueStore.method
const done = { kind: 'done', metadata: metadataOf('k', 1n, 1) } as const

/** Waits for the signal of a call and gives its reason away. */
function untilAborted(seen: (reason: unknown) => void, started: () => void = () => {}) {
  return (context: CallContext): Promise<never> => {
    started()
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener('abort', () => {
        seen(context.signal.reason)
        reject(context.signal.reason)
      })
    })
  }
}

test('an undecodable request is the fault of its caller', async () => {
  await using rig = await GrpcRig.start()
  const error = await failureOf(rig.client.send(pathOf(upsert), Buffer.from([0x0a, 0xff])))
  expect(error.code).toBe(status.INVALID_ARGUMENT)
  expect(error.details).toContain('memo.kvs.UpsertRequest')
})

test('a key that is not UTF-8 is refused and not replaced', async () => {
  await using rig = await GrpcRig.start()
  const error = await failureOf(rig.client.send(pathOf(upsert), Buffer.from([0x0a, 0x02, 0xc3, 0x28])))
  expect(error.code).toBe(status.INVALID_ARGUMENT)
  expect(error.details).toContain('UTF-8')
})

test('an undecodable part of a stream is the fault of its caller', async () => {
  await using rig = await GrpcRig.start({ keyValues: new MapKeyValues().service() })
  const identity = (bytes: Buffer): Buffer => bytes
  const failed = new Promise<unknown>((resolve, reject) => {
    const call = rig.client.raw.makeClientStreamRequest(pathOf(KeyValue.method.putStream), identity, identity, (error) =>
      error === null ? resolve(undefined) : reject(error),
    )
    call.write(bytesOf(KeyValue.method.putStream.input, { part: { case: 'header', value: { key: 'k' } } }))
    call.write(Buffer.from([0x12, 0xff]))
    call.end()
  })
  expect(await failureOf(failed)).toMatchObject({ code: status.INVALID_ARGUMENT })
})

test('an unexpected error hides its message and is found in the log by its number', async () => {
  const observer = new RecordingObserver()
  const put = async () => {
    throw new Error('the hush-hush word')
  }
  await using rig = await GrpcRig.start({ observer, keyValues: { put } })
  const error = await rig.client.fail(upsert, { key: 'k' })
  expect(error.code).toBe(status.INTERNAL)
  expect(error.details).not.toContain('hush')
  const [failed] = observer.failed
  expect(failed?.method).toBe('memo.kvs.KeyValueStore/Upsert')
  expect(failed?.error).toBeInstanceOf(Error)
  expect(failed?.correlationId).toMatch(/^[0-9a-f]{16}$/)
  expect(error.details).toContain(failed?.correlationId)
  expect(error.metadata.get('memo-correlation-id')).toEqual([failed?.correlationId])
})

test('a message above the limit is refused with its size and the limit', async () => {
  await using rig = await GrpcRig.start({ limits: { grpcMessageBytesMax: 1000 }, keyValues: { put: async () => done } })
  const error = await rig.client.fail(upsert, { key: 'k', value: new Uint8Array(2000) })
  expect(error.code).toBe(status.RESOURCE_EXHAUSTED)
  expect(error.details).toMatch(/2\d\d\d.*1000/)
  expect(await rig.client.call(upsert, { key: 'k', value: new Uint8Array(900) })).toBeDefined()
})

test('a call without a deadline has that of the node', async () => {
  const reasons: unknown[] = []
  const wait = untilAborted((reason) => reasons.push(reason))
  await using rig = await GrpcRig.start({
    limits: { callTimeoutMs: 50 },
    keyValues: {
      put: (_store, _key, _value, _options, context) => wait(context),
      get: (_store, _key, _options, context) => wait(context),
    },
  })
  const [changing, reading] = await Promise.all([rig.client.fail(upsert, { key: 'k' }), rig.client.fail(fetch, { key: 'k' })])
  expect(changing.code).toBe(status.DEADLINE_EXCEEDED)
  expect(changing.details).toContain('outcome unknown, retry with the same request id')
  expect(reading.code).toBe(status.DEADLINE_EXCEEDED)
  expect(reading.details).not.toContain('outcome unknown')
  expect(reasons).toEqual([
    expect.objectContaining({ code: 'deadline-exceeded' }),
    expect.objectContaining({ code: 'deadline-exceeded' }),
  ])
})

test('a service that ignores its signal does not hold the answer back', async () => {
  await using rig = await GrpcRig.start({ limits: { callTimeoutMs: 50 }, keyValues: { put: () => new Promise(() => {}) } })
  expect(await rig.client.fail(upsert, { key: 'k' })).toMatchObject({ code: status.DEADLINE_EXCEEDED })
})

test("the caller's deadline reaches the service", async () => {
  const aborted = Promise.withResolvers<unknown>()
  const wait = untilAborted(aborted.resolve)
  await using rig = await GrpcRig.start({ keyValues: { put: (_store, _key, _value, _options, context) => wait(context) } })
  // By hand: a client of the library would also cancel the call by its own clock, which may be first.
  const trailers = await rawCall(rig, pathOf(upsert), framed(bytesOf(upsert.input, { key: 'k' })), { 'grpc-timeout': '300m' })
  expect(trailers['grpc-status']).toBe(String(status.DEADLINE_EXCEEDED))
  expect(await aborted.promise).toMatchObject({ code: 'deadline-exceeded' })
})

test.each(['1n', '1u', '0m'])('a call whose deadline of %s has passed when it arrives is not carried out', async (timeout) => {
  const values = new MapKeyValues()
  await using rig = await GrpcRig.start({ keyValues: values.service() })
  for (let attempt = 0; attempt < 5; attempt++) {
    const body = framed(bytesOf(upsert.input, { key: 'k' }))
    const trailers = await rawCall(rig, pathOf(upsert), body, { 'grpc-timeout': timeout })
    expect(trailers['grpc-status']).toBe(String(status.DEADLINE_EXCEEDED))
    expect(decodeURI(String(trailers['grpc-message']))).not.toContain('outcome unknown')
  }
  expect(values.values.size).toBe(0)
})

test("the caller's cancellation reaches the service", async () => {
  const started = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<unknown>()
  const observer = new RecordingObserver()
  const wait = untilAborted(aborted.resolve, started.resolve)
  await using rig = await GrpcRig.start({
    observer,
    keyValues: { put: (_store, _key, _value, _options, context) => wait(context) },
  })
  const identity = (bytes: Buffer): Buffer => bytes
  const call = rig.client.raw.makeUnaryRequest(pathOf(upsert), identity, identity, bytesOf(upsert.input, { key: 'k' }), () => {})
  await started.promise
  call.cancel()
  expect(await aborted.promise).toMatchObject({ code: 'cancelled' })
  expect(observer.ended).toMatchObject([{ method: 'memo.kvs.KeyValueStore/Upsert', statusCode: status.CANCELLED }])
})

test('each call is reported once with its method, status and duration', async () => {
  const observer = new RecordingObserver()
  await using rig = await GrpcRig.start({ observer, keyValues: new MapKeyValues().service() })
  await rig.client.call(upsert, { key: 'k' })
  await rig.client.fail(fetch, { key: 'other' })
  expect(observer.ended).toMatchObject([
    { method: 'memo.kvs.KeyValueStore/Upsert', statusCode: status.OK },
    { method: 'memo.kvs.KeyValueStore/Fetch', statusCode: status.NOT_FOUND },
  ])
  expect(observer.ended.every(({ durationMs }) => durationMs > 0 && durationMs < 5000)).toBe(true)
})

test('a slow reader holds the source back', async () => {
  let given = 0
  async function* pieces() {
    for (let index = 0; index < 200; index++) {
      given++
      yield new Uint8Array(256 * 1024)
    }
  }
  await using rig = await GrpcRig.start({
    keyValues: { read: async () => ({ metadata: metadataOf('k', 1n, 1), pieces: pieces(), ageMs: 0 }) },
  })
  const identity = (bytes: Buffer): Buffer => bytes
  const { getStream } = KeyValue.method
  const call = rig.client.raw.makeServerStreamRequest(
    pathOf(getStream),
    identity,
    identity,
    bytesOf(getStream.input, { key: 'k' }),
  )
  await once(call, 'readable')
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(given).toBeLessThan(100)
  let parts = 0
  for await (const _ of call) parts++
  expect(parts).toBe(201)
})

test('a reader that leaves ends the source', async () => {
  const ended = Promise.withResolvers<void>()
  async function* pieces() {
    try {
      for (;;) yield new Uint8Array(64 * 1024)
    } finally {
      ended.resolve()
    }
  }
  await using rig = await GrpcRig.start({
    keyValues: { read: async () => ({ metadata: metadataOf('k', 1n, 1), pieces: pieces(), ageMs: 0 }) },
  })
  const identity = (bytes: Buffer): Buffer => bytes
  const { getStream } = KeyValue.method
  const call = rig.client.raw.makeServerStreamRequest(
    pathOf(getStream),
    identity,
    identity,
    bytesOf(getStream.input, { key: 'k' }),
  )
  call.on('error', () => {})
  await once(call, 'data')
  call.cancel()
  await ended.promise
})

test('a sender that leaves fails the sink, and nothing counts as whole', async () => {
  const outcome = Promise.withResolvers<unknown>()
  const putStream = async (_store: string, _key: string, pieces: AsyncIterable<Uint8Array>): Promise<never> => {
    try {
      for await (const _ of pieces);
      outcome.resolve('whole')
    } catch (error) {
      outcome.resolve(error)
    }
    throw new CodedError('cancelled', 'the sender left')
  }
  await using rig = await GrpcRig.start({ keyValues: { putStream } })
  const identity = (bytes: Buffer): Buffer => bytes
  const { putStream: method } = KeyValue.method
  const call = rig.client.raw.makeClientStreamRequest(pathOf(method), identity, identity, () => {})
  call.write(bytesOf(method.input, { part: { case: 'header', value: { key: 'k' } } }))
  call.write(bytesOf(method.input, { part: { case: 'chunk', value: new Uint8Array(10) } }))
  await new Promise((resolve) => setTimeout(resolve, 100))
  call.cancel()
  expect(await outcome.promise).toBeInstanceOf(CodedError)
})

test('a sender whose connection breaks fails the sink, even where it announced no more', async () => {
  const outcome = Promise.withResolvers<unknown>()
  const putStream = async (_store: string, _key: string, pieces: AsyncIterable<Uint8Array>): Promise<never> => {
    try {
      for await (const _ of pieces);
      outcome.resolve('whole')
    } catch (error) {
      outcome.resolve(error)
    }
    throw new CodedError('cancelled', 'the sender left')
  }
  await using rig = await GrpcRig.start({ keyValues: { putStream } })
  const session = connect(`http://127.0.0.1:${rig.address.port}`)
  session.on('error', () => {})
  const { putStream: method } = KeyValue.method
  const stream = session.request({
    ':method': 'POST',
    ':path': pathOf(method),
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  stream.on('error', () => {})
  stream.write(framed(bytesOf(method.input, { part: { case: 'header', value: { key: 'k', size: 10n } } })))
  stream.write(framed(bytesOf(method.input, { part: { case: 'chunk', value: new Uint8Array(10) } })))
  await new Promise((resolve) => setTimeout(resolve, 100))
  session.destroy()
  expect(await outcome.promise).toMatchObject({ code: 'cancelled' })
})

test('a stream that stands still meets the deadline of the node, one that moves does not', async () => {
  await using rig = await GrpcRig.start({ limits: { callTimeoutMs: 200 }, keyValues: new MapKeyValues().service() })
  const identity = (bytes: Buffer): Buffer => bytes
  const { putStream } = KeyValue.method
  const upload = (chunks: number, ends: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const call = rig.client.raw.makeClientStreamRequest(pathOf(putStream), identity, identity, (error, response) =>
        error === null ? resolve(response) : reject(error),
      )
      call.write(bytesOf(putStream.input, { part: { case: 'header', value: { key: 'k' } } }))
      const next = (left: number): void => {
        if (left === 0 && ends) call.end(bytesOf(putStream.input, { part: { case: 'finish', value: { size: BigInt(chunks) } } }))
        if (left === 0) return
        call.write(bytesOf(putStream.input, { part: { case: 'chunk', value: Uint8Array.of(1) } }))
        setTimeout(() => next(left - 1), 100)
      }
      next(chunks)
    })
  const [moving, standing] = await Promise.all([upload(6, true), failureOf(upload(1, false))])
  expect(moving).toBeDefined()
  expect(standing.code).toBe(status.DEADLINE_EXCEEDED)
})

test('a stop waits for the calls in flight', async () => {
  const started = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const put = async () => {
    started.resolve()
    await release.promise
    return done
  }
  const rig = await GrpcRig.start({ keyValues: { put } })
  const answer = rig.client.call(upsert, { key: 'k' })
  await started.promise
  const stopped = rig.server.stop()
  release.resolve()
  await expect(answer).resolves.toBeDefined()
  await stopped
  expect(await rig.client.fail(upsert, { key: 'k' })).toMatchObject({ code: status.UNAVAILABLE })
  rig.client.close()
})

test('a stop ends what does not end by itself, and says that the outcome of a change is unknown', async () => {
  const started = Promise.withResolvers<void>()
  const put = (): Promise<never> => {
    started.resolve()
    return new Promise(() => {})
  }
  const rig = await GrpcRig.start({ limits: { grpcStopGraceMs: 50 }, keyValues: { put } })
  const answer = rig.client.fail(upsert, { key: 'k' })
  await started.promise
  await rig.server.stop()
  expect(await answer).toMatchObject({ code: status.DEADLINE_EXCEEDED, details: expect.stringContaining('outcome unknown') })
  rig.client.close()
})

test('bytes that are no gRPC leave the server alive', async () => {
  await using rig = await GrpcRig.start({ keyValues: new MapKeyValues().service() })
  const session = connect(`http://127.0.0.1:${rig.address.port}`)
  session.on('error', () => {})
  const grpc = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' }
  const attempts = [
    { headers: { ...grpc, ':path': '/memo.kvs.KeyValueStore/Upsert' }, body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff]) },
    { headers: { ...grpc, ':path': '/memo.kvs.KeyValueStore/Upsert' }, body: Buffer.from([7, 0, 0, 0, 1, 1]) },
    { headers: { ...grpc, ':path': '/memo.kvs.KeyValueStore/Upsert', 'grpc-timeout': 'soon' }, body: Buffer.alloc(5) },
    {
      headers: { ...grpc, ':path': '/memo.kvs.KeyValueStore/Upsert', 'grpc-encoding': 'gzip' },
      body: Buffer.from([1, 0, 0, 0, 2, 9, 9]),
    },
    { headers: { ...grpc, ':path': '/memo.kvs.KeyValueStore/Upsert', 'odd-bin': '%%%' }, body: Buffer.alloc(10) },
    { headers: { ...grpc, ':path': '/nowhere/%00' }, body: Buffer.alloc(5) },
    { headers: { ...grpc, ':path': '*', 'content-type': 'text/plain' }, body: Buffer.alloc(5) },
    { headers: { ':method': 'GET', ':path': '/' }, body: undefined },
  ]
  for (const { headers, body } of attempts) {
    const stream = session.request(headers, { endStream: body === undefined })
    stream.on('error', () => {})
    stream.resume()
    if (body !== undefined) stream.end(body)
    await new Promise((resolve) => stream.once('close', resolve))
  }
  for (let index = 0; index < 50; index++) {
    const stream = session.request({ ...grpc, ':path': '/memo.kvs.KeyValueStore/Upsert' })
    stream.on('error', () => {})
    stream.write(Buffer.from([0, 0, 0x10, 0, 0]))
    stream.close(index % 14)
  }
  session.destroy()
  await rig.client.call(upsert, { key: 'k' })
})

test('sixteen values of 1 MiB at once, half of them abandoned, leave the server alive', async () => {
  const keyValues = new MapKeyValues()
  await using rig = await GrpcRig.start({ keyValues: keyValues.service() })
  const value = new Uint8Array(1024 * 1024)
  const identity = (bytes: Buffer): Buffer => bytes
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from({ length: 16 }, (_, index) => {
        const request = bytesOf(upsert.input, { key: `key ${index}`, value })
        if (index % 2 === 0) return rig.client.send(pathOf(upsert), request)
        return new Promise<void>((resolve) => {
          const call = rig.client.raw.makeUnaryRequest(pathOf(upsert), identity, identity, request, () => resolve())
          setTimeout(() => call.cancel(), round * 3)
        })
      }),
    )
  }
  const found = await rig.client.call(fetch, { key: 'key 0' })
  expect(found.value.length).toBe(value.length)
})
