import { expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import type { ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'
import { decodeReplicaMessages } from '../../../src/node/core/consensus/replica-message-codec.ts'
import { bodyBytes, messageKindOf } from '../../../src/node/core/wire/peer-body.ts'
import { TransportLink } from '../../../src/node/engine/cluster/transport-link.ts'
import type { Transport } from '../../../src/node/ports/transport.ts'
import { SimClock } from '../../sim/sim-clock.ts'
import { VirtualTime } from '../../sim/virtual-time.ts'
import { silentLogger } from '../../support/silent.ts'

const member = (number: number) => ({ nodeId: new Uint8Array(32).fill(number), storeId: new Uint8Array(16).fill(number) })
const [first, second, third] = [member(2), member(4), member(6)]
const ballot: Ballot = { recovery: 0, round: 1, bootCount: 1, ...first }
const block = addressFromDigest(new Uint8Array(32).fill(8), 'mutable')
const other = addressFromDigest(new Uint8Array(32).fill(10), 'mutable')
const committed = (index: number): ReplicaMessage => ({ kind: 'committed', ballot, groupIndex: 0, index })
const accept = (index: number): ReplicaMessage => ({
  kind: 'accept',
  ballot,
  groupIndex: 0,
  committed: index,
  first: index + 1,
  entries: [{ kind: 'change', body: new Uint8Array(3) }],
})
const { committedCompanyMs } = defaultLimits

class World {
  readonly time = new VirtualTime()
  readonly sent: { readonly to: number; readonly body: Uint8Array }[] = []
  readonly link: TransportLink

  constructor() {
    const transport = {
      send: (nodeId: Uint8Array, body: Uint8Array) => this.sent.push({ to: nodeId[0] ?? 0, body }) > 0,
    } as unknown as Transport
    this.link = new TransportLink({
      transport,
      clock: new SimClock(this.time, () => 0),
      limits: defaultLimits,
      logger: silentLogger,
      epoch: () => 3,
      newerEpoch: () => undefined,
      receive: () => undefined,
      catchUp: () => Promise.reject(new Error('nobody asks')),
    })
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.time.nowMs + ms
    this.time.after(ms, () => undefined)
    while (this.time.nowMs < endMs && this.time.step()) await undefined
    for (let turns = 0; turns < 5; turns++) await undefined
  }

  /** What was said since the last look, by whom it was said to. */
  said(): readonly (readonly [to: number, ...kinds: string[]])[] {
    return this.sent.splice(0).map(({ to, body }) => {
      expect(messageKindOf(body)).toBe('replica')
      const messages = decodeReplicaMessages(bodyBytes(body)) ?? []
      return [to, ...messages.map(({ message }) => message.kind)]
    })
  }
}

test('what members are told alike is made bytes once', async () => {
  const world = new World()
  const message = accept(4)
  for (const to of [second, third]) world.link.send(to, block, message)
  await world.pass(0)
  expect(world.sent).toHaveLength(2)
  expect(world.sent[0]?.body).toBe(world.sent[1]?.body)
})

test('what members are told differently is not', async () => {
  const world = new World()
  world.link.send(second, block, accept(4))
  world.link.send(third, other, accept(4))
  await world.pass(0)
  expect(world.sent[0]?.body).not.toEqual(world.sent[1]?.body)
})

test('news of what is committed waits for company, and not for long', async () => {
  const world = new World()
  world.link.send(second, block, committed(4))
  await world.pass(committedCompanyMs - 1)
  expect(world.said()).toEqual([])
  world.link.send(second, block, committed(5))
  await world.pass(1)
  expect(world.said()).toEqual([[4, 'committed']])
})

test('an accept that says as much takes its place, and others go behind it', async () => {
  const world = new World()
  for (const to of [second, third]) world.link.send(to, block, committed(4))
  world.link.send(second, block, accept(4))
  world.link.send(third, other, accept(4))
  await world.pass(0)
  expect(world.said()).toEqual([
    [4, 'accept'],
    [6, 'committed', 'accept'],
  ])
  await world.pass(committedCompanyMs)
  expect(world.said()).toEqual([])
})

test('an accept of another group or ballot, or of less, takes the place of nothing', async () => {
  const world = new World()
  for (const message of [accept(3), { ...accept(4), groupIndex: 1 }, { ...accept(4), ballot: { ...ballot, round: 2 } }]) {
    world.link.send(second, block, committed(4))
    world.link.send(second, block, message as ReplicaMessage)
    await world.pass(committedCompanyMs)
    expect(world.said()).toEqual([[4, 'committed', 'accept']])
  }
})
