import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { KeyValueStore } from '../../../src/node/api/grpc/generated/memo/kvs/memo_kvs_pb.js'
import { MapKeyValues } from './fake-services.ts'
import { bytesOf, GrpcRig, pathOf } from './grpc-rig.ts'
import { framed, rawCall } from './raw-call.ts'

const { upsert } = KeyValueStore.method
const message = framed(bytesOf(upsert.input, { key: 'k', value: new Uint8Array(100) }))

function gzipped(bytes: Uint8Array): Buffer {
  const body = framed(bytes)
  body[0] = 1
  return body
}

test.each([
  ['no message', Buffer.alloc(0), {}, 'INVALID_ARGUMENT', 'invalid-argument'],
  ['a second message', Buffer.concat([message, message]), {}, 'INVALID_ARGUMENT', 'invalid-argument'],
  ['half a message', message.subarray(0, 50), {}, 'INVALID_ARGUMENT', 'invalid-argument'],
  ['what is no gzip', gzipped(Buffer.alloc(9, 9)), { 'grpc-encoding': 'gzip' }, 'INVALID_ARGUMENT', 'invalid-argument'],
  ['a bad timeout', message, { 'grpc-timeout': 'soon' }, 'INVALID_ARGUMENT', 'invalid-argument'],
  ['a large message', framed(Buffer.alloc(2000)), {}, 'RESOURCE_EXHAUSTED', 'limit-exceeded'],
  [
    'a message that unpacks to a large one',
    gzipped(gzipSync(Buffer.alloc(2000))),
    { 'grpc-encoding': 'gzip' },
    'RESOURCE_EXHAUSTED',
    'limit-exceeded',
  ],
] as const)('what the library refuses by itself has a status and a code: %s', async (_name, body, headers, expected, code) => {
  const values = new MapKeyValues()
  await using rig = await GrpcRig.start({ limits: { grpcMessageBytesMax: 1000 }, keyValues: values.service() })
  const trailers = await rawCall(rig, pathOf(upsert), body, headers)
  expect(trailers).toMatchObject({ 'grpc-status': String(status[expected]), 'memo-code': code })
  expect(values.values.size).toBe(0)
})

test("the library's own deadline has its code", async () => {
  await using rig = await GrpcRig.start({ keyValues: { put: () => new Promise(() => {}) } })
  const trailers = await rawCall(rig, pathOf(upsert), message, { 'grpc-timeout': '100m' })
  expect(trailers).toMatchObject({ 'grpc-status': String(status.DEADLINE_EXCEEDED), 'memo-code': 'deadline-exceeded' })
})
