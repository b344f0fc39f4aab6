import { expect, test } from 'vitest'
import { BodySource } from '../../../src/node/adapters/peer-session/body-pieces.ts'
import { Outbox } from '../../../src/node/adapters/peer-session/outbox.ts'
import type { ExchangeFrame } from '../../../src/node/adapters/peer-session/peer-frame.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'

/** An outbox over a link that takes writes until it is told not to, in turns that a test ends. */
function bed() {
  const turns: (() => void)[] = []
  const writes: string[][] = []
  const link = { takes: true }
  const outbox = new Outbox({
    limits: { ...defaultLimits, peerQueueBytesMax: 10_000_000 },
    afterTurn: (run) => void turns.push(run),
    write: (frames) => {
      writes.push(frames.map((frame) => (frame.kind === 'message' ? `message ${frame.bodies.length}` : frame.kind)))
      return link.takes
    },
  })
  const endTurn = () => {
    for (const run of turns.splice(0)) run()
  }
  return { outbox, writes, link, endTurn, turns }
}

const ping: ExchangeFrame = { kind: 'ping', count: 1 }
const body = new Uint8Array(100)

function bulk(id: number, pieces: number): BodySource {
  return new BodySource(new Uint8Array(pieces * 10), 10, {
    head: (first) => ({ kind: 'request', id, body: first, size: pieces * 10, bulk: true }),
    tail: (bytes) => ({ kind: 'body-piece', id, reply: false, bytes }),
    ended: () => undefined,
  })
}

test('everything of a turn leaves in one write, neighbouring messages in one frame', () => {
  const { outbox, writes, endTurn, turns } = bed()
  outbox.message(body)
  outbox.message(body)
  outbox.post(ping)
  outbox.message(body)
  expect([writes, turns.length]).toEqual([[], 1])
  endTurn()
  expect(writes).toEqual([['message 2', 'ping', 'message 1']])
  expect(outbox.waitingBytes).toBe(0)
})

test('one piece of bulk leaves with a turn, behind what is urgent', () => {
  const { outbox, writes, endTurn } = bed()
  outbox.bulk(bulk(1, 3))
  outbox.message(body)
  endTurn()
  outbox.message(body)
  endTurn()
  endTurn()
  endTurn()
  expect(writes).toEqual([['message 1', 'request'], ['message 1', 'body-piece'], ['body-piece']])
})

test('a link that is full gets nothing until it has drained, then what is urgent and one piece', () => {
  const { outbox, writes, link, endTurn } = bed()
  outbox.bulk(bulk(1, 3))
  link.takes = false
  endTurn()
  outbox.message(body)
  outbox.post(ping)
  endTurn()
  expect([writes, outbox.isHeld]).toEqual([[['request']], true])
  outbox.drained()
  expect(writes).toEqual([['request'], ['message 1', 'ping', 'body-piece']])
})

test('sources of bulk take turns', () => {
  const { outbox, writes, endTurn } = bed()
  outbox.bulk(bulk(1, 2))
  outbox.bulk(bulk(3, 2))
  for (let count = 0; count < 5; count++) endTurn()
  expect(writes.flat()).toEqual(['request', 'request', 'body-piece', 'body-piece'])
})

test('a crowd of messages leaves in writes of a bounded size, bulk behind all of them', () => {
  const { outbox, writes, endTurn } = bed()
  outbox.bulk(bulk(1, 1))
  for (let count = 0; count < 10; count++) outbox.message(new Uint8Array(100_000))
  endTurn()
  expect(writes).toEqual([...Array.from({ length: 4 }, () => ['message 2']), ['message 2', 'request']])
})

test('what does not fit is not taken, and a closed outbox keeps nothing', () => {
  const { outbox, writes, endTurn } = bed()
  for (let count = 0; count < 99; count++) expect(outbox.message(new Uint8Array(100_000))).toBe(true)
  expect(outbox.message(new Uint8Array(100_000))).toBe(false)
  outbox.close()
  expect(outbox.waitingBytes).toBe(0)
  expect(outbox.message(body)).toBe(false)
  outbox.post(ping)
  endTurn()
  expect(writes).toEqual([])
})
