import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DescMethod } from '@bufbuild/protobuf'
import type { ServiceError } from '@grpc/grpc-js'
import { Client, credentials, status } from '@grpc/grpc-js'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KeyValueStore } from '../../src/node/api/grpc/generated/memo/kvs/memo_kvs_pb.js'
import { Blocks } from '../../src/node/api/grpc/generated/memo/v1/blocks_pb.js'
import { Cluster } from '../../src/node/api/grpc/generated/memo/v1/cluster_pb.js'
import { KeyValue } from '../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import { ValueStore } from '../../src/node/api/grpc/generated/memo/vs/memo_vs_pb.js'
import type { MemoProcess } from '../support/memo-process.ts'
import { startMemo } from '../support/memo-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'memo-hostile-'))
const identity = (bytes: Buffer): Buffer => bytes
let memo: MemoProcess
let client: Client

beforeAll(async () => {
  memo = await startMemo(join(folder, 'data'))
  client = new Client(memo.ready.grpc, credentials.createInsecure())
})

afterAll(async () => {
  client?.close()
  await memo?.terminate()
  rmSync(folder, { recursive: true, force: true })
})

const methods: readonly DescMethod[] = [KeyValueStore, ValueStore, KeyValue, Blocks, Cluster].flatMap(({ methods }) => methods)

/** A field as protobuf writes it: short bytes, text, an address, a nested message or a number. */
const { field } = fc.letrec<{ field: Buffer; message: Buffer }>((tie) => ({
  message: fc.array(tie('field'), { maxLength: 6 }).map((fields) => Buffer.concat(fields)),
  field: fc
    .tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 1, max: 10 }) },
        { weight: 1, arbitrary: fc.constantFrom(22, 23, 24, 40, 41) },
      ),
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom('CHB', 'OKB', 'NB', 'MB', 'k', 'key').map((text) => Buffer.from(text)),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        tie('message'),
      ),
    )
    .map(([number, value]) =>
      typeof value === 'bigint'
        ? Buffer.concat([varint(BigInt(number << 3)), varint(value)])
        : Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(value.length)), value]),
    ),
}))

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)])
    bytes.push(Number(rest & 127n) | 128)
  }
}

const request = fc.oneof(
  { weight: 3, arbitrary: fc.array(field, { maxLength: 6 }).map((fields) => Buffer.concat(fields)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
)

/** The status with which the node answers. */
function answer(method: DescMethod, requests: readonly Buffer[]): Promise<status> {
  const path = `/${method.parent.typeName}/${method.name}`
  return new Promise((resolve) => {
    const done = (error: ServiceError | null): void => resolve(error === null ? status.OK : error.code)
    if (method.methodKind === 'client_streaming') {
      const call = client.makeClientStreamRequest(path, identity, identity, done)
      for (const each of requests) call.write(each)
      call.end()
    } else if (method.methodKind === 'server_streaming') {
      const call = client.makeServerStreamRequest(path, identity, identity, requests[0] ?? Buffer.alloc(0))
      call.on('error', done)
      call.on('end', () => resolve(status.OK))
      call.resume()
    } else {
      client.makeUnaryRequest(path, identity, identity, requests[0] ?? Buffer.alloc(0), done)
    }
  })
}

/** The node listens for no others, so that nobody can be invited to it, and nobody goes. */
const ofSeveral = new Set(['CreateInvite', 'Drain', 'Leave', 'Evict'])

test('whatever is sent, the answer is never a bug and the node lives', async () => {
  const bugs = new Set([status.INTERNAL, status.UNKNOWN, status.DATA_LOSS, status.UNAVAILABLE, status.DEADLINE_EXCEEDED])
  const property = fc.asyncProperty(
    fc.constantFrom(...methods),
    fc.array(request, { minLength: 1, maxLength: 3 }),
    async (method, requests) => {
      const code = await answer(method, requests)
      const isLonely = ofSeveral.has(method.name) && code === status.UNAVAILABLE
      if (!isLonely) expect(bugs).not.toContain(code)
    },
  )
  await fc.assert(property, { numRuns: 3000 })
  expect(memo.child.exitCode).toBe(null)
})
