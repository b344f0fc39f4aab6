import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ByteBudget } from '../../../src/node/api/grpc/byte-budget.ts'
import { KeyValue } from '../../../src/node/api/grpc/generated/memo/v1/key_value_pb.js'
import type { UnreadConnectionFacts } from '../../../src/node/api/grpc/unread-connections.ts'
import { UnreadConnections } from '../../../src/node/api/grpc/unread-connections.ts'
import { ManualClock } from '../../support/key-value-world.ts'
import { metadataOf } from './fake-services.ts'
import { bytesOf, GrpcRig, pathOf } from './grpc-rig.ts'

const limits = {
  grpcUnreadLookMs: 10_000,
  grpcUnreadTimeoutMs: 30_000,
  grpcUnreadMaxMs: 900_000,
  grpcAnswerBytesMax: 1000,
  grpcMessageBytesMax: 300,
}

/** Connections that hold unread answers of a budget of 1000 bytes, in which an answer may have 300. */
function bed(held: Readonly<Record<string, number>>) {
  const clock = new ManualClock()
  const answers = new ByteBudget('unread answers', limits.grpcAnswerBytesMax, 1000)
  const open = new Map<string, { bytesWritten: number; destroy(): void }>()
  const hold = (name: string, bytes: number) => {
    answers.force(name, bytes)
    const destroy = () => {
      open.delete(name)
      answers.release(name, bytes)
    }
    open.set(name, { bytesWritten: 0, destroy })
  }
  const ended: UnreadConnectionFacts[] = []
  const watch = new UnreadConnections(limits, clock, answers, { connections: () => open }, (facts) => void ended.push(facts))
  for (const [name, bytes] of Object.entries(held)) hold(name, bytes)
  const pass = (durationMs: number, reading: readonly string[] = []) => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += limits.grpcUnreadLookMs) {
      for (const name of reading) {
        const connection = open.get(name)
        if (connection !== undefined) connection.bytesWritten += 2000
      }
      clock.advance(limits.grpcUnreadLookMs)
    }
  }
  return { pass, hold, ended, open: () => [...open.keys()], watch }
}

test('a connection that reads nothing is left alone while there is room for others', () => {
  const { pass, ended, open } = bed({ a: 700 })
  pass(14 * 60_000)
  expect(open()).toEqual(['a'])
  expect(ended).toEqual([])
})

test('it is ended when others would find no room, and that is told', () => {
  const { pass, ended, open } = bed({ a: 701 })
  pass(30_000)
  expect(open()).toEqual(['a'])
  pass(20_000)
  expect(open()).toEqual([])
  expect(ended).toEqual([{ caller: 'a', cause: 'room', unreadBytes: 701, stalledMs: 30_000 }])
})

test('the one that has stood still for longest goes first, and no more than is needed', () => {
  const { pass, hold, ended, open } = bed({ old: 300 })
  pass(20_000)
  hold('young', 300)
  pass(60_000)
  hold('reader', 200)
  pass(60_000, ['reader'])
  expect(ended.map(({ caller }) => caller)).toEqual(['old'])
  expect(open()).toEqual(['young', 'reader'])
})

test('several are ended at once where one is not enough', () => {
  const { pass, ended } = bed({ a: 10, b: 400, c: 400 })
  pass(50_000)
  expect(ended.map(({ caller }) => caller)).toEqual(['a', 'b'])
})

test('a connection that reads keeps its room, however little others have', () => {
  const { pass, open } = bed({ a: 900 })
  pass(60 * 60_000, ['a'])
  expect(open()).toEqual(['a'])
})

test('one that stands still for the longest time allowed is ended in any case', () => {
  const { pass, ended, open } = bed({ a: 1 })
  pass(limits.grpcUnreadMaxMs + 2 * limits.grpcUnreadLookMs)
  expect(open()).toEqual([])
  expect(ended).toEqual([{ caller: 'a', cause: 'time', unreadBytes: 1, stalledMs: limits.grpcUnreadMaxMs }])
})

test('time counts anew for another connection from the same address and port', () => {
  const { pass, hold, open, watch } = bed({ a: 1 })
  pass(limits.grpcUnreadMaxMs - 60_000)
  hold('a', 1)
  pass(120_000)
  expect(open()).toEqual(['a'])
  watch[Symbol.dispose]()
  pass(limits.grpcUnreadMaxMs)
  expect(open()).toEqual(['a'])
})

test('a stream whose reader pauses is neither read ahead nor ended by the deadline of the node, and goes on', async () => {
  const part = new Uint8Array(1024 * 1024)
  let taken = 0
  async function* pieces() {
    for (; taken < 60; taken++) yield part
  }
  const read = async () => ({ metadata: metadataOf('k', 1n, 60 * part.length), pieces: pieces(), ageMs: 0 })
  await using rig = await GrpcRig.start({ limits: { callTimeoutMs: 150 }, keyValues: { read } })
  const { getStream } = KeyValue.method
  const identity = (bytes: Buffer): Buffer => bytes
  const call = rig.client.raw.makeServerStreamRequest(
    pathOf(getStream),
    identity,
    identity,
    bytesOf(getStream.input, { key: 'k' }),
  )
  const parts = call[Symbol.asyncIterator]()
  await parts.next()
  await sleep(600)
  expect(taken).toBeLessThan(24) // the library of the client keeps 16 parts
  let rest = 0
  for (let next = await parts.next(); next.done !== true; next = await parts.next()) rest += 1
  expect(rest).toBe(60)
})

test('a stream whose reader pauses for longer than is allowed is ended', async () => {
  const part = new Uint8Array(1024 * 1024)
  async function* pieces() {
    for (;;) yield part
  }
  const read = async () => ({ metadata: metadataOf('k', 1n, 1), pieces: pieces(), ageMs: 0 })
  await using rig = await GrpcRig.start({ limits: { callTimeoutMs: 50, grpcUnreadMaxMs: 200 }, keyValues: { read } })
  const { getStream } = KeyValue.method
  const identity = (bytes: Buffer): Buffer => bytes
  const call = rig.client.raw.makeServerStreamRequest(
    pathOf(getStream),
    identity,
    identity,
    bytesOf(getStream.input, { key: 'k' }),
  )
  const parts = call[Symbol.asyncIterator]()
  // How long it takes until nothing more goes out is up to the machine: the reader pauses until one of its pauses was too long.
  const readSlowly = async () => {
    for (let next = await parts.next(); next.done !== true; next = await parts.next()) await sleep(300)
  }
  await expect(readSlowly()).rejects.toMatchObject({ details: expect.stringContaining('200 ms') })
}, 30_000)
