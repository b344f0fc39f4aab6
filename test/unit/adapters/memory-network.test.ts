import { expect, test } from 'vitest'
import type { NetworkHooks } from '../../../src/node/adapters/memory-transport/memory-connection.ts'
import { MemoryNetwork } from '../../../src/node/adapters/memory-transport/memory-network.ts'
import { MemoryTransport } from '../../../src/node/adapters/memory-transport/memory-transport.ts'
import { identity } from '../../conformance/transport/test-desk.ts'
import { TestPeer, textOf, utf8 } from '../../conformance/transport/test-peer.ts'
import { HostTrap } from '../../sim/host-trap.ts'
import { SeededRandom } from '../../sim/seeded-random.ts'
import { SimClock } from '../../sim/sim-clock.ts'
import { VirtualTime } from '../../sim/virtual-time.ts'

/** Its timers are as late as its process stood still. */
class LateClock extends SimClock {
  readonly #stoodStillMs: () => number

  constructor(time: VirtualTime, stoodStillMs: () => number) {
    super(time, stoodStillMs)
    this.#stoodStillMs = stoodStillMs
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.#stoodStillMs()
  }
}

/** Two nodes on a network in virtual time. */
class Pair implements AsyncDisposable {
  readonly time = new VirtualTime()
  readonly network: MemoryNetwork
  readonly left: TestPeer
  readonly right: TestPeer
  /** How long both processes have stood still, in which no timer of theirs ran. */
  stoodStillMs = 0
  readonly #random: SeededRandom

  constructor(hooks: (time: VirtualTime, random: SeededRandom) => Partial<NetworkHooks> = () => ({}), seed = 1) {
    this.#random = new SeededRandom(seed)
    this.network = new MemoryNetwork(hooks(this.time, this.#random))
    this.left = this.#make(1, 'left:1')
    this.right = this.#make(2, 'right:1')
  }

  async start(): Promise<this> {
    await this.left.start()
    await this.right.start()
    this.left.knows(this.right)
    this.right.knows(this.left)
    return this
  }

  /** Lets so much time pass, and everything happen that is due in it. */
  async pass(durationMs: number): Promise<void> {
    let isOver = false
    this.time.after(durationMs, () => {
      isOver = true
    })
    for (;;) {
      await turn()
      if (isOver) return
      this.time.step()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.left.transport.stop()
    await this.right.transport.stop()
  }

  #make(number: number, endpoint: string): TestPeer {
    const clock = new LateClock(this.time, () => this.stoodStillMs)
    const random = this.#random.fork()
    return new TestPeer(
      identity(number),
      (options) => new MemoryTransport({ ...options, network: this.network, endpoint, clock, random }),
    )
  }
}

const hostSetImmediate = setImmediate
const turn = () => new Promise<void>((resolve) => void hostSetImmediate(resolve))
const never = new AbortController().signal
const code = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    (error: { code: string }) => error.code,
  )

test('messages may be lost, doubled and reordered, while requests are not', async () => {
  await using pair = await new Pair((time, random) => ({
    deliver: (_from, _to, _bytes, run) => {
      for (let count = random.integerBelow(3); count > 0; count--) time.after(random.integerBelow(50), run)
    },
    carry: (_from, _to, run) => void time.after(random.integerBelow(50), run),
  })).start()
  const { left, right } = pair
  const asked = Array.from({ length: 20 }, (_, index) => left.ask(right, `${index}`, { signal: never }))
  await pair.pass(2000)
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`))
  for (let index = 0; index < 100; index++) left.transport.send(right.id, utf8(`${index}`))
  await pair.pass(2000)
  const { messages } = right.handler
  expect(new Set(messages).size).toBeLessThan(100)
  expect(messages.length).toBeGreaterThan(new Set(messages).size)
  expect(messages).not.toEqual([...messages].sort((one, other) => Number(one) - Number(other)))
})

test('a stream keeps its order however long each part of it is on its way', async () => {
  await using pair = await new Pair((time, random) => ({
    carry: (_from, _to, run) => void time.after(random.integerBelow(50), run),
  })).start()
  const { left, right } = pair
  const opened = left.open(right, 'send 900000', never)
  await pair.pass(1000)
  const { pieces } = await opened
  let text = 0
  const reading = (async () => {
    for await (const piece of pieces) text += piece.length
  })()
  await pair.pass(60_000)
  await reading
  expect(text).toBe(900_000)
})

test('a cut loses messages and holds everything else back until it is mended', async () => {
  await using pair = await new Pair().start()
  const { left, right, network } = pair
  expect(await left.ask(right, 'hello', { signal: never })).toBe('hello')
  network.cut('left:1', 'right:1')
  left.transport.send(right.id, utf8('lost'))
  right.transport.send(left.id, utf8('arrives'))
  let answer = ''
  const asked = left.ask(right, 'late', { signal: never }).then((text) => {
    answer = text
  })
  await pair.pass(4000)
  expect([answer, right.handler.messages, left.handler.messages]).toEqual(['', [], ['arrives']])
  network.mend('left:1', 'right:1')
  await asked
  expect([answer, right.handler.messages]).toEqual(['late', []])
  expect([left.handler.disconnections, right.handler.disconnections]).toEqual([[], []])
})

test('a cut of one direction ends the session as silent, at both ends, and what waits as unavailable', async () => {
  await using pair = await new Pair().start()
  const { left, right, network } = pair
  await left.ask(right, 'hello', { signal: never })
  network.cut('right:1', 'left:1')
  const asked = code(left.ask(right, 'x', { signal: never }))
  await pair.pass(60_000)
  expect(await asked).toBe('unavailable')
  expect(left.handler.disconnections).toEqual(['silent'])
  expect(right.handler.disconnections).toHaveLength(1)
  const again = code(left.ask(right, 'x', { signal: never }))
  await pair.pass(6000)
  expect(await again).toBe('unavailable')
  network.mend('right:1', 'left:1')
  const back = left.ask(right, 'back', { signal: never })
  await pair.pass(20_000)
  expect(await back).toBe('back')
})

test('a process that stood still holds that against nobody', async () => {
  await using pair = await new Pair().start()
  const { left, right } = pair
  await left.ask(right, 'hello', { signal: never })
  for (let count = 0; count < 5; count++) {
    await pair.pass(1000)
    pair.stoodStillMs += 40_000
    await pair.pass(9000)
  }
  expect([left.handler.disconnections, right.handler.disconnections]).toEqual([[], []])
})

test('dials of both ends become one session without a break, however long each part is on its way', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    await using pair = await new Pair(
      (time, random) => ({ carry: (_from, _to, run) => void time.after(random.integerBelow(50), run) }),
      seed,
    ).start()
    const { left, right } = pair
    left.transport.send(right.id, utf8('x'))
    if (seed % 2 === 0) await pair.pass(seed % 100)
    right.transport.send(left.id, utf8('x'))
    await pair.pass(1000)
    for (const { transport, handler, events } of [left, right]) {
      expect([seed, transport.peers.length, handler.connections.length, handler.disconnections]).toEqual([seed, 1, 1, []])
      expect(events.began.length - events.ended.length).toBe(1)
    }
    const asked = [left.ask(right, 'x', { signal: never }), right.ask(left, 'x', { signal: never })]
    await pair.pass(1000)
    expect(await Promise.all(asked)).toEqual(['x', 'x'])
  }
})

test('a reset and a process that ends are noticed at once', async () => {
  await using pair = await new Pair().start()
  const { left, right, network } = pair
  await left.ask(right, 'hello', { signal: never })
  network.reset('left:1', 'right:1')
  expect([left.handler.disconnections, right.handler.disconnections]).toEqual([['lost'], ['lost']])
  expect(await left.ask(right, 'again', { signal: never })).toBe('again')
  network.vanish('right:1', { silently: false })
  await turn()
  expect(left.handler.disconnections).toEqual(['lost', 'lost'])
  expect(right.handler.disconnections).toEqual(['lost'])
  expect(await code(left.ask(right, 'x', { signal: never }))).toBe('unavailable')
})

test('nothing of it touches the host, and one number decides all of it', async () => {
  const trace = async (seed: number): Promise<string> => {
    using trap = new HostTrap()
    const lines: string[] = []
    await using pair = new Pair(
      (time, random) => ({
        deliver: (from, to, bytes, run) => {
          lines.push(`${time.nowMs} ${from} ${to} ${textOf(bytes)}`)
          if (!random.percent(20)) time.after(random.integerBelow(30), run)
        },
        carry: (from, to, run) => {
          lines.push(`${time.nowMs} ${from} ${to}`)
          time.after(random.integerBelow(30), run)
        },
      }),
      seed,
    )
    await pair.start()
    const { left, right, network } = pair
    for (let round = 0; round < 20; round++) {
      left.transport.send(right.id, utf8(`l${round}`))
      right.transport.send(left.id, utf8(`r${round}`))
      void code(left.ask(right, `${round}`, { signal: never }))
      if (round === 5) network.cut('left:1', 'right:1')
      if (round === 12) network.mend('left:1', 'right:1')
      await pair.pass(2500)
    }
    lines.push(...left.handler.messages, ...right.handler.messages, ...left.handler.disconnections)
    expect([...trap.touched]).toEqual([])
    return lines.join('\n')
  }
  const [first, same, other] = [await trace(7), await trace(7), await trace(8)]
  expect(same).toBe(first)
  expect(other).not.toBe(first)
})
