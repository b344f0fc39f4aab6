/** What every transport between nodes does. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import type { Transport, TransportEvents } from '../../../src/node/ports/transport.ts'
import type { TestIdentity } from './test-desk.ts'
import { identity, idOf } from './test-desk.ts'
import { TestPeer, textOf, until, utf8 } from './test-peer.ts'

export interface TransportBed {
  /** A transport of its own endpoint; `likeBefore`: the endpoint of the one that was made last for this node. */
  make(options: { nodeId: Uint8Array; limits: Limits; events: TransportEvents; likeBefore: boolean }): Transport
  /** The process of a node is gone without a word, and the others do not learn of it. */
  vanish(peer: TestPeer): Promise<void>
}

export function describeTransport(name: string, makeBed: () => TransportBed): void {
  describe(name, () => {
    let bed = makeBed()
    let peers: TestPeer[] = []

    afterEach(async () => {
      for (const peer of peers) await peer.transport.stop()
      peers = []
      bed = makeBed()
    })

    const make = (own: TestIdentity, limits: Partial<Limits> = {}, likeBefore = false): TestPeer => {
      const peer = new TestPeer(own, (options) => bed.make({ ...options, likeBefore }), limits)
      peers.push(peer)
      return peer
    }
    const start = (number: number, changes: Partial<TestIdentity> = {}, limits: Partial<Limits> = {}) =>
      make(identity(number, changes), limits).start()
    const pair = async (limits: Partial<Limits> = {}): Promise<[TestPeer, TestPeer]> => {
      const [left, right] = [await start(1, {}, limits), await start(2, {}, limits)]
      left.knows(right)
      return [left, right]
    }
    const joined = async (limits: Partial<Limits> = {}): Promise<[TestPeer, TestPeer]> => {
      const [left, right] = await pair(limits)
      await left.ask(right, 'hello')
      return [left, right]
    }

    describe('greetings', () => {
      test('both ends know each other by their hellos', async () => {
        const [left, right] = await joined()
        await until('the other end is told', () => right.transport.peers.length === 1)
        expect(left.handler.connections).toMatchObject([{ nodeId: idOf(2), storeId: right.identity.storeId, bootCount: 1 }])
        expect(right.handler.connections).toMatchObject([{ nodeId: idOf(1), storeId: left.identity.storeId, bootCount: 1 }])
        expect(left.transport.peers).toEqual(left.handler.connections)
        expect(left.desk.seen).toHaveLength(1)
        expect(right.desk.seen).toHaveLength(1)
        expect(await right.ask(left, 'back')).toBe('back')
      })

      test('a hello of another network is refused, and both ends say so', async () => {
        const [left, right] = [await start(1), await start(2, { network: 9 })]
        left.knows(right)
        await expect(left.ask(right, 'hello')).rejects.toMatchObject({ code: 'unavailable' })
        await until('the dial is told', () => left.events.dialErrors.length > 0)
        await until('a refusal is told', () => [...left.events.refused, ...right.events.refused].includes('foreign-network'))
        expect([...left.handler.connections, ...right.handler.connections]).toEqual([])
      })

      test('another node than the one that was dialled is refused', async () => {
        const [left, right] = [await start(1), await start(2)]
        left.transport.learn(idOf(3), right.transport.listening)
        const asked = left.transport.request(idOf(3), utf8('hello'), { signal: AbortSignal.timeout(10_000) })
        await expect(asked).rejects.toMatchObject({ code: 'unavailable' })
        expect(left.events.refused).toEqual(['not-who-was-dialled'])
        expect(right.handler.connections).toEqual([])
      })

      test('a hello that was said over another connection is refused', async () => {
        const [left, right] = await joined()
        const thief = await start(1, { bootCount: 2 })
        thief.desk.replayed = right.desk.seen[0]
        thief.knows(right)
        await expect(thief.ask(right, 'hello')).rejects.toMatchObject({ code: 'unavailable' })
        await until('the refusal is told', () => right.events.refused.includes('binding'))
        expect(await left.ask(right, 'still')).toBe('still')
      })

      test('nobody speaks with itself', async () => {
        const node = await start(1)
        node.knows(node)
        await expect(node.ask(node, 'hello')).rejects.toMatchObject({ code: 'unavailable' })
        expect(node.events.refused).toContain('self')
      })

      test('the second endpoint is tried where the first answers nothing', async () => {
        const [left, right] = [await start(1), await start(2)]
        const gone = await start(3)
        const [free = ''] = gone.transport.listening
        await gone.transport.stop()
        left.transport.learn(right.id, [free, ...right.transport.listening])
        expect(await left.ask(right, 'hello')).toBe('hello')
        expect(left.events.dialErrors).toHaveLength(1)
      })

      test('a node without an endpoint is not reached', async () => {
        const [left, right] = [await start(1), await start(2)]
        expect(left.transport.send(right.id, utf8('x'))).toBe(false)
        expect(left.events.dropped).toEqual([1])
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        left.knows(right)
        left.transport.learn(right.id, [])
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
      })

      test('a dial that failed is not repeated at once, and one with a new endpoint is', async () => {
        const [left, right] = [await start(1, {}, { peerDialRestMs: 60_000, peerDialRestMaxMs: 60_000 }), await start(2)]
        const gone = await start(3)
        left.transport.learn(right.id, gone.transport.listening)
        await gone.transport.stop()
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        expect(left.events.dialErrors).toHaveLength(1)
        left.knows(right)
        expect(await left.ask(right, 'x')).toBe('x')
      })

      test('there is room for a bounded number of nodes', async () => {
        const host = await start(9, {}, { peerSessionsMax: 2 })
        for (const number of [1, 2]) {
          const guest = await start(number)
          guest.knows(host)
          await guest.ask(host, 'x')
        }
        const late = await start(3)
        late.knows(host)
        await expect(late.ask(host, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        expect(host.events.refused).toEqual(['limit'])
      })
    })

    describe('messages', () => {
      test('arrive in order, those of a turn together, from the first one on', async () => {
        const [left, right] = await pair()
        for (let count = 0; count < 100; count++) expect(left.transport.send(right.id, utf8(`${count}`))).toBe(true)
        await until('all are here', () => right.handler.messages.length === 100)
        expect(right.handler.messages).toEqual(Array.from({ length: 100 }, (_, count) => `${count}`))
        expect(right.handler.turns).toEqual([100])
        for (let count = 0; count < 50; count++) right.transport.send(left.id, utf8(`back ${count}`))
        await until('all are back', () => left.handler.messages.length === 50)
        expect(left.handler.messages).toEqual(Array.from({ length: 50 }, (_, count) => `back ${count}`))
        expect(left.handler.turns).toEqual([50])
      })

      test('of any size up to the limit arrive', async () => {
        const [left, right] = await pair()
        const { peerBodyBytesMax } = left.limits
        for (const size of [0, 1, 65_535, 65_537, 1_000_000, peerBodyBytesMax])
          left.transport.send(right.id, new Uint8Array(size))
        await until('all are here', () => right.handler.messageBytes === 0 + 1 + 65_535 + 65_537 + 1_000_000 + peerBodyBytesMax)
        expect(() => left.transport.send(right.id, new Uint8Array(peerBodyBytesMax + 1))).toThrow('fits')
      })

      test('beyond what may wait are dropped, and that is told', async () => {
        const [left, right] = await pair({ peerQueueBytesMax: 1000 })
        const sent = Array.from({ length: 20 }, () => left.transport.send(right.id, new Uint8Array(90).fill(65)))
        expect(sent.filter(Boolean)).toHaveLength(8)
        expect(left.events.dropped).toHaveLength(12)
        await until('the others are here', () => right.handler.messages.length === 8)
      })
    })

    describe('requests', () => {
      test('are answered, many at a time, each with its own', async () => {
        const [left, right] = await pair()
        const bodies = Array.from({ length: 500 }, (_, count) => `request ${count}`)
        expect(await Promise.all(bodies.map((body) => left.ask(right, body)))).toEqual(bodies)
        expect(await Promise.all(bodies.map((body) => right.ask(left, body)))).toEqual(bodies)
        expect(left.handler.connections).toHaveLength(1)
      })

      test.each([0, 1, 65_536, 65_537, 1_000_000, 4 * 1024 * 1024 - 1024])(
        'carry %i bytes each way, as bulk and not',
        async (size) => {
          const [left, right] = await pair()
          const body = new Uint8Array(size).map((_, index) => index % 249)
          for (const bulk of [false, true]) {
            const signal = AbortSignal.timeout(20_000)
            const answer = await left.transport.request(right.id, body, { signal, bulk })
            expect(Buffer.compare(answer, body)).toBe(0)
          }
          expect((await left.ask(right, `grow ${size}`)).length).toBe(size)
        },
      )

      test('that are large are overtaken by small ones, and given up before they left leave nothing', async () => {
        const [left, right] = await joined()
        const order: string[] = []
        const ask = async (body: string, bulk: boolean, signal = AbortSignal.timeout(9000)) => {
          const answer = await left.ask(right, body, { bulk, signal }).catch((error: { code: string }) => error.code)
          order.push(answer.slice(0, 9))
        }
        const abort = new AbortController()
        const asked = [
          ask('x'.repeat(500_000), true),
          ask('given up', true, abort.signal),
          ask('small', false),
          ask('second', false),
        ]
        abort.abort()
        await Promise.all(asked)
        expect(order).toEqual(['cancelled', 'small', 'second', 'xxxxxxxxx'])
        expect(await left.ask(right, 'after', { bulk: true })).toBe('after')
        expect(left.events.ended).toEqual([])
      })

      test('fail with what the other end failed with, cut to its bounds, and a bug says nothing of itself', async () => {
        const [left, right] = await pair()
        const failure = await left.ask(right, 'fail').catch((error: unknown) => error)
        expect(failure).toMatchObject({ code: 'version-conflict', details: { version: 4, name: 'n' } })
        expect(Object.keys((failure as { details: object }).details).sort()).toEqual(['name', 'version'])
        expect(Buffer.byteLength((failure as Error).message)).toBeLessThanOrEqual(1024)
        const bug = await left.ask(right, 'bug').catch((error: unknown) => error)
        expect(bug).toMatchObject({ code: 'internal', details: {} })
        expect((bug as Error).message).not.toContain('memory')
        await expect(left.ask(right, `grow ${left.limits.peerBodyBytesMax + 1}`)).rejects.toMatchObject({
          code: 'limit-exceeded',
        })
      })

      test('that are given up end at once here, and are ended there', async () => {
        const [left, right] = await joined()
        const abort = new AbortController()
        const asked = left.ask(right, 'wait', { signal: abort.signal })
        await left.ask(right, 'behind it')
        abort.abort()
        await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
        await until('the other end is told', () => right.handler.aborted.length === 1)
        expect(right.handler.aborted).toEqual(['cancelled'])
        expect(await left.ask(right, 'after')).toBe('after')
      })

      test('end with their deadline, and never begin where it has passed', async () => {
        const [left, right] = await pair()
        await expect(left.ask(right, 'wait', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
        await left.ask(right, 'hello')
        await expect(left.ask(right, 'wait', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' })
        await expect(left.ask(right, 'wait', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ code: 'cancelled' })
        expect(right.handler.aborted.length).toBeLessThanOrEqual(1)
      })

      test('beyond what may be in flight are refused here, a given up one counting until it has ended there', async () => {
        const [left, right] = await joined({ peerRequestsMax: 4 })
        const abort = new AbortController()
        const waiting = Array.from({ length: 4 }, () => left.ask(right, 'wait', { signal: abort.signal }))
        const settled = Promise.allSettled(waiting)
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'queue-full' })
        abort.abort()
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'queue-full' })
        await settled
        await until('there is room again', () => right.handler.aborted.length === 4)
        await left.ask(right, 'x').catch(() => undefined)
        await until('the answers are here', () => left.transport.peers.length === 1)
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(await left.ask(right, 'x')).toBe('x')
      })

      test('whose answers are more than may wait are refused, and there is room again when they have left', async () => {
        const [left, right] = await joined({ peerReplyBytesTotalMax: 250_000 })
        const asked = await Promise.allSettled(Array.from({ length: 5 }, () => left.ask(right, 'grow 100000')))
        const refused = asked.filter(({ status }) => status === 'rejected')
        expect(refused).toHaveLength(3)
        expect(refused[0]).toMatchObject({ reason: { code: 'queue-full' } })
        expect(await left.ask(right, 'grow 200000')).toHaveLength(200_000)
      })

      test('wait for a node to be reached within the same bounds', async () => {
        const [left, right] = await pair({ peerRequestsMax: 3, peerRequestBytesMax: 100_000 })
        const large = left.ask(right, 'x'.repeat(90_000))
        await expect(left.ask(right, 'x'.repeat(20_000))).rejects.toMatchObject({ code: 'queue-full' })
        const small = [1, 2, 3].map((body) => left.ask(right, `${body}`).catch((error: { code: string }) => error.code))
        expect(await Promise.all(small)).toEqual(['1', '2', 'queue-full'])
        expect(await large).toHaveLength(90_000)
      })

      test('that come when a dial was ended begin another one', async () => {
        const [left, right] = await pair()
        const first = expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        left.transport.endSession(right.id, 'revoked')
        expect(await left.ask(right, 'again')).toBe('again')
        await first
      })

      test('beyond what all peers may have in flight are refused there', async () => {
        const host = await start(9, {}, { peerRequestsTotalMax: 3 })
        const guests = [await start(1), await start(2)]
        for (const guest of guests) guest.knows(host)
        const abort = new AbortController()
        const waiting = guests.flatMap((guest) => [1, 2].map(() => guest.ask(host, 'wait', { signal: abort.signal })))
        const codes = waiting.map((asked) => asked.catch((error: unknown) => (error as { code: string }).code))
        expect(await Promise.race(codes)).toBe('queue-full')
        abort.abort()
        expect((await Promise.all(codes)).sort()).toEqual(['cancelled', 'cancelled', 'cancelled', 'queue-full'])
      })
    })

    describe('streams', () => {
      test('carry pieces both ways, whole and in order', async () => {
        const [left, right] = await pair()
        const up = await left.open(right, 'count')
        for (let count = 0; count < 40; count++) await up.write(new Uint8Array(100_000))
        up.end()
        expect(await collected(up.pieces)).toBe('4000000')
        const down = await left.open(right, 'send 3000000')
        let bytes = 0
        for await (const piece of down.pieces) bytes += piece.length
        expect(bytes).toBe(3_000_000)
        expect(await right.open(left, 'send 5').then(async (stream) => (await collected(stream.pieces)).length)).toBe(5)
      })

      test('let a writer wait for the reader, and hold one window at most', async () => {
        const [left, right] = await pair({ peerStreamWindowBytes: 300_000 })
        const gate = Promise.withResolvers<void>()
        right.handler.readAfter = gate.promise
        const stream = await left.open(right, 'count')
        let written = 0
        const writing = (async () => {
          for (; written < 1_000_000; written += 50_000) await stream.write(new Uint8Array(50_000))
          stream.end()
        })()
        await until('the window is full', () => written === 300_000)
        for (let count = 0; count < 20; count++) await left.ask(right, 'meanwhile')
        expect(written).toBe(300_000)
        gate.resolve()
        await writing
        expect(await collected(stream.pieces)).toBe('1000000')
      })

      test('fail at both ends with what the handler failed with', async () => {
        const [left, right] = await pair()
        const stream = await left.open(right, 'fail')
        await stream.write(new Uint8Array(7))
        await expect(collected(stream.pieces)).rejects.toMatchObject({ code: 'storage-full', message: 'after 7' })
        await expect(stream.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'storage-full' })
      })

      test('end for the writer when the handler wants no more of them', async () => {
        const [left, right] = await pair()
        const stream = await left.open(right, 'leave')
        await stream.write(utf8('one'))
        expect(await collected(stream.pieces)).toBe('one')
        await expect(stream.write(utf8('two'))).rejects.toMatchObject({ code: 'cancelled' })
      })

      test('are ended at both ends by the signal of who opened them, or by a reader that stops', async () => {
        const [left, right] = await pair()
        const abort = new AbortController()
        const stream = await left.open(right, 'wait', abort.signal)
        const reading = collected(stream.pieces)
        await left.ask(right, 'behind it')
        abort.abort()
        await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
        await expect(stream.write(utf8('x'))).rejects.toMatchObject({ code: 'cancelled' })
        await until('the handler is told', () => right.handler.aborted.length === 1)
        const endless = await left.open(right, 'send 100000000')
        for await (const piece of endless.pieces) {
          expect(piece.length).toBeGreaterThan(0)
          break
        }
        await expect(endless.write(utf8('x'))).rejects.toMatchObject({ code: 'cancelled' })
        await expect(left.open(right, 'x', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
      })

      test('beyond what may be open are refused, and there is room again when they have ended', async () => {
        const [left, right] = await joined({ peerStreamsMax: 3 })
        for (let round = 0; round < 20; round++) {
          const abort = new AbortController()
          for (let count = 0; count < 3; count++) await left.open(right, 'wait', abort.signal)
          await expect(left.open(right, 'wait')).rejects.toMatchObject({ code: 'queue-full' })
          abort.abort()
          await until('they have ended', () => right.handler.aborted.length === 3 * (round + 1))
          await left.ask(right, 'behind it')
        }
        expect(left.events.ended).toEqual([])
      })

      test('of 100 MB leave room for messages', async () => {
        const [left, right] = await joined()
        right.handler.heard = (peer, body) => right.transport.send(peer.nodeId, body)
        const idle = await roundTrips(left, right, () => left.handler.messages.length >= 200)
        const stream = await left.open(right, 'count')
        let isWritten = false
        const writing = (async () => {
          for (let count = 0; count < 100; count++) await stream.write(new Uint8Array(1_000_000))
          stream.end()
          isWritten = true
        })()
        const busy = await roundTrips(left, right, () => isWritten)
        await writing
        expect(await collected(stream.pieces)).toBe('100000000')
        expect(busy.length).toBeGreaterThan(0)
        console.log(`${name}: p99 of a vote, idle ${p99(idle)} ms, beside a stream ${p99(busy)} ms (${busy.length} votes)`)
      })
    })

    describe('sessions', () => {
      test('that end fail what waits on them as unavailable', async () => {
        const [left, right] = await joined()
        const asked = left.ask(right, 'wait')
        const stream = await left.open(right, 'wait')
        const reading = collected(stream.pieces)
        const failed = Promise.allSettled([asked, reading])
        await left.ask(right, 'behind it')
        await right.transport.stop()
        for (const outcome of await failed) expect(outcome).toMatchObject({ reason: { code: 'unavailable' } })
        await expect(stream.write(utf8('x'))).rejects.toMatchObject({ code: 'unavailable' })
        expect(right.handler.disconnections).toEqual(['stopped'])
        await until('the other end is told', () => left.handler.disconnections.length === 1)
        expect(left.handler.disconnections).toEqual(['lost'])
        expect(right.handler.aborted).toEqual(['unavailable', 'unavailable'])
        expect(left.transport.peers).toEqual([])
      })

      test('are one where both ends dial at once, and both are told once', async () => {
        for (let round = 0; round < 20; round++) {
          const [left, right] = [await start(1), await start(2)]
          left.knows(right)
          right.knows(left)
          left.transport.send(right.id, utf8('x'))
          right.transport.send(left.id, utf8('x'))
          await until('both stand', () => left.transport.peers.length === 1 && right.transport.peers.length === 1)
          await until('each is reached', () => {
            left.transport.send(right.id, utf8('y'))
            right.transport.send(left.id, utf8('y'))
            return left.handler.messages.includes('y') && right.handler.messages.includes('y')
          })
          await new Promise((resolve) => setTimeout(resolve, 10))
          expect(await left.ask(right, 'after')).toBe('after')
          expect(await right.ask(left, 'after')).toBe('after')
          for (const peer of [left, right]) {
            expect(peer.handler.connections).toHaveLength(1)
            expect(peer.handler.disconnections).toEqual([])
            expect(peer.events.began.length - peer.events.ended.length).toBe(1)
          }
          await left.transport.stop()
          await right.transport.stop()
        }
      })

      test('of an earlier start give way at once to a later one, though their end was never noticed', async () => {
        const [left, right] = await joined()
        right.knows(left)
        await bed.vanish(right)
        expect(left.transport.peers).toMatchObject([{ bootCount: 1 }])
        const again = await make(identity(2, { bootCount: 2 }), {}, true).start()
        again.knows(left)
        expect(await again.ask(left, 'hello')).toBe('hello')
        expect(left.handler.disconnections).toEqual(['replaced'])
        expect(left.handler.connections.map(({ bootCount }) => bootCount)).toEqual([1, 2])
        expect(await left.ask(again, 'hello')).toBe('hello')
      })

      test('with a peer that says nothing more end as silent', async () => {
        const [left, right] = await joined({ peerPingMs: 30, peerSilenceMs: 90 })
        await new Promise((resolve) => setTimeout(resolve, 300))
        expect(left.handler.disconnections).toEqual([])
        const asked = left.ask(right, 'wait')
        const failed = expect(asked).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'silent' } })
        await left.ask(right, 'behind it')
        await bed.vanish(right)
        await failed
        expect(left.handler.disconnections).toEqual(['silent'])
      })

      test('end when what they rest on ends', async () => {
        const [left, right] = await pair()
        right.desk.validUntilMs = Date.now() + 150
        await left.ask(right, 'hello')
        await until('it has ended', () => right.handler.disconnections.length === 1)
        expect(right.handler.disconnections).toEqual(['expired'])
        await until('the other end is told', () => left.handler.disconnections.length === 1)
      })

      test('end when they are ended, with the reason, and may begin again', async () => {
        const [left, right] = await joined()
        left.transport.endSession(right.id, 'revoked')
        expect(left.handler.disconnections).toEqual(['revoked'])
        expect(left.transport.peers).toEqual([])
        await until('the other end is told', () => right.handler.disconnections.length === 1)
        expect(await left.ask(right, 'again')).toBe('again')
        left.transport.endSession(idOf(77), 'revoked')
      })

      test('end with a stop, which may come twice, and nothing begins after it', async () => {
        const [left, right] = await joined()
        const waiting = Promise.allSettled([left.ask(right, 'wait'), right.ask(left, 'wait')])
        await left.ask(right, 'behind it')
        await Promise.all([left.transport.stop(), left.transport.stop()])
        expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
        expect(left.handler.disconnections).toEqual(['stopped'])
        expect(left.transport.send(right.id, utf8('x'))).toBe(false)
        await expect(left.ask(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        await expect(left.open(right, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        await until('the other end is told', () => right.handler.disconnections.length === 1)
        await expect(right.ask(left, 'x')).rejects.toMatchObject({ code: 'unavailable' })
      })

      test('end where an endpoint is taken', async () => {
        const left = await start(1)
        const other = make(identity(1), {}, true)
        await expect(other.start()).rejects.toMatchObject({ code: 'port-in-use' })
        await other.transport.stop()
        expect(left.transport.listening).toHaveLength(1)
      })
    })

    describe('joiners', () => {
      const joiner = () => start(5, { joins: true })
      const ask = (node: TestPeer, host: TestPeer, body: string, signal = AbortSignal.timeout(10_000)) =>
        node.transport.askToJoin(host.id, host.transport.listening, utf8(body), signal).then(textOf)

      test('make one request, and are no peers', async () => {
        const [host, guest] = [await start(1), await joiner()]
        host.handler.joins = (body) => utf8(`welcome, ${textOf(body)}`)
        expect(await ask(guest, host, 'five')).toBe('welcome, five')
        expect([...host.handler.connections, ...guest.handler.connections]).toEqual([])
        guest.knows(host)
        await expect(guest.ask(host, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        expect([host.transport.peers, host.handler.messages]).toEqual([[], []])
      })

      test('learn why they are not admitted', async () => {
        const [host, guest] = [await start(1), await joiner()]
        host.handler.joins = () => {
          throw new TypeError('a bug')
        }
        await expect(ask(guest, host, 'five')).rejects.toMatchObject({ code: 'internal' })
        const member = await start(2)
        await expect(ask(member, host, 'x')).rejects.toMatchObject({ code: 'unavailable' })
        await expect(
          guest.transport.askToJoin(idOf(8), host.transport.listening, utf8('x'), AbortSignal.timeout(9000)),
        ).rejects.toMatchObject({ code: 'unavailable' })
        await expect(guest.transport.askToJoin(idOf(1), [], utf8('x'), AbortSignal.timeout(9000))).rejects.toMatchObject({
          code: 'unavailable',
        })
      })

      test('that wait no more are not served any more', async () => {
        const [host, guest] = [await start(1), await joiner()]
        const abort = new AbortController()
        const asked = ask(guest, host, 'wait', abort.signal)
        await until('it was heard', () => host.desk.seen.length === 1)
        await new Promise((resolve) => setTimeout(resolve, 20))
        abort.abort()
        await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
        await until('it was ended', () => host.handler.aborted.length === 1)
      })

      test('are few at a time, and not often from one address', async () => {
        const host = await start(1, {}, { peerJoinersMax: 2, peerJoinsPerMinute: 4 })
        const guest = await joiner()
        const abort = new AbortController()
        const waiting = Promise.allSettled([1, 2].map(() => ask(guest, host, 'wait', abort.signal)))
        await until('both were heard', () => host.desk.seen.length === 2)
        await new Promise((resolve) => setTimeout(resolve, 20))
        await expect(ask(guest, host, 'x')).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'limit' } })
        abort.abort()
        await waiting
        await until('both were ended', () => host.handler.aborted.length === 2)
        expect(await ask(guest, host, 'x')).toBe('x')
        await expect(ask(guest, host, 'x')).rejects.toMatchObject({ details: { reason: 'limit' } })
      })
    })
  })
}

async function collected(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += textOf(piece)
  return text
}

/** Milliseconds of messages that are sent back, one after the other, until something holds. */
async function roundTrips(left: TestPeer, right: TestPeer, isOver: () => boolean): Promise<number[]> {
  const times: number[] = []
  while (!isOver()) {
    const back = Promise.withResolvers<void>()
    left.handler.heard = () => back.resolve()
    const sentMs = performance.now()
    left.transport.send(right.id, utf8('vote'))
    await back.promise
    times.push(performance.now() - sentMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return times
}

function p99(times: readonly number[]): string {
  const sorted = [...times].sort((left, right) => left - right)
  return (sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(2)
}
