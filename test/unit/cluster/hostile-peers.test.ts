/** What a member of the network, or whoever has its key, makes a node believe about others: nothing that they did not sign. */

import { afterEach, expect, test } from 'vitest'
import type { NodeRecord, SignedNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { encodeNodeRecord, signNodeRecord } from '../../../src/node/core/access/node-record.ts'
import { nodeIdOf } from '../../../src/node/core/access/user-keys.ts'
import { toHex } from '../../../src/node/core/base/bytes.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import type { AliveRumour, Rumour } from '../../../src/node/core/overlay/swim/swim-messages.ts'
import { encodeSwimMessage } from '../../../src/node/core/overlay/swim/swim-messages.ts'
import { messageBody } from '../../../src/node/core/wire/peer-body.ts'
import { crypto, filled, keysOf, networkId, nodeRecord } from '../../support/identities.ts'
import type { LivenessNode } from '../../support/liveness-world.ts'
import { LivenessWorld } from '../../support/liveness-world.ts'

let world = new LivenessWorld()

afterEach(async () => {
  await world.stopAll()
})

/** The second one is the attacker; the third is who it speaks about. */
async function three(limits: Partial<Limits> = {}): Promise<[LivenessNode, LivenessNode, LivenessNode]> {
  world = new LivenessWorld(limits)
  const [first, second, third] = [await world.start(1), await world.start(2), await world.start(3)]
  second.engine.seed([first.own.current])
  third.engine.seed([first.own.current])
  await world.pass(5000)
  return [first, second, third]
}

function rumourOf(record: SignedNodeRecord, changes: Partial<AliveRumour> = {}): AliveRumour {
  const { nodeId, bootCount, incarnation } = record
  return { nodeId, bootCount, incarnation, state: 'alive', record: encodeNodeRecord(record), ...changes }
}

function say(from: LivenessNode, to: LivenessNode, rumours: readonly Rumour[]): void {
  from.transport.send(to.nodeId, messageBody('liveness', encodeSwimMessage({ kind: 'news', rumours, wanted: [] })))
}

test('a record that its node did not sign is refused, and ends the session with whoever passed it on', async () => {
  const [first, second, third] = await three()
  const genuine = first.directory.get(third.nodeId)
  const later = { ...third.own.current, endpoints: ['attacker:1'], incarnation: 9 }
  for (const forged of [later, signNodeRecord(keysOf(3).node, filled(0x77), later)]) {
    const ends = first.ended.length
    say(second, first, [rumourOf(forged), { ...forged, state: 'dead', by: second.nodeId }])
    await world.pass(200)
    expect(first.directory.get(third.nodeId)).toEqual(genuine)
    expect(first.stateOf(third)).toBe('alive')
    expect(first.ended.slice(ends)).toContain('malformed')
  }
  expect(first.refused).toEqual(['forged', 'forged'])
  // It may greet again, and is still a member.
  await world.pass(30_000)
  expect([first.stateOf(second), second.stateOf(first)]).toEqual(['alive', 'alive'])
})

test('bytes that are no message, and rumours that are not what their record says, end the session', async () => {
  const [first, second, third] = await three()
  const record = third.own.current
  const bad = [
    messageBody('liveness', filled(7)),
    ...[
      rumourOf(record, { incarnation: 5 }),
      rumourOf(record, { bootCount: 5 }),
      rumourOf(record, { nodeId: second.nodeId }),
      rumourOf(record, { record: filled(7) }),
    ].map((rumour) => messageBody('liveness', encodeSwimMessage({ kind: 'news', rumours: [rumour], wanted: [] }))),
  ]
  for (const [index, body] of bad.entries()) {
    second.transport.send(first.nodeId, body)
    await world.pass(1000)
    expect(first.refused).toEqual(new Array(index + 1).fill('malformed'))
    expect(first.ended.filter((reason) => reason === 'malformed')).toHaveLength(index + 1)
  }
})

test('an old record that is replayed changes nothing and is no loss', async () => {
  const [first, second, third] = await three()
  const old = third.own.current
  third.advertised = { ...third.advertised, zone: 'north' }
  third.engine.ownChanged()
  await world.pass(3000)
  third.vanish()
  await world.pass(25_000)
  const again = await world.start(3, { disk: third.disk })
  await world.pass(3000)
  say(second, first, [rumourOf(old)])
  await world.pass(1000)
  expect(first.directory.get(again.nodeId)).toMatchObject({ bootCount: 2 })
  expect([first.stateOf(again), first.refused, first.seenRolledBack, again.rolledBack]).toEqual(['alive', [], [], []])
})

test('of one peer no more records are verified than it may send, and others are not held up by it', async () => {
  const [first, second, third] = await three({ recordBurst: 10, recordsPerSecond: 1 })
  const base: NodeRecord = second.own.current
  const records = Array.from({ length: 300 }, (_, index) => {
    return signNodeRecord(keysOf(2).node, networkId, { ...base, incarnation: index + 1 })
  })
  for (const record of records) say(second, first, [rumourOf(record)])
  await world.pass(100)
  expect(first.refused.filter((reason) => reason === 'too-many').length).toBeGreaterThanOrEqual(289)
  third.advertised = { ...third.advertised, zone: 'east' }
  third.engine.ownChanged()
  await world.pass(5000)
  expect(first.directory.get(third.nodeId)?.zone).toBe('east')
  await world.pass(30_000)
  say(second, first, [rumourOf(records.at(-1) as SignedNodeRecord)])
  await world.pass(100)
  expect(first.directory.get(second.nodeId)?.incarnation).toBeGreaterThanOrEqual(300)
})

test('strangers are not taken, and no more nodes than there is room for', async () => {
  const [first, second] = await three({ directoryNodesMax: 4 })
  const numbers = Array.from({ length: 40 }, (_, index) => index + 10)
  const records = numbers.map((number) => nodeRecord(keysOf(number)))
  say(
    second,
    first,
    records.map((record) => rumourOf(record)),
  )
  await world.pass(1000)
  expect(first.refused).toEqual(new Array(40).fill('stranger'))
  expect(first.engine.nodes()).toHaveLength(3)
  for (const number of numbers) world.places.add(toHex(nodeIdOf(crypto, keysOf(number).node.publicKey)))
  say(
    second,
    first,
    records.map((record) => rumourOf(record)),
  )
  await world.pass(1000)
  expect(first.refused.filter((reason) => reason === 'full').length).toBeGreaterThanOrEqual(38)
  expect(first.engine.nodes()).toHaveLength(5)
})

test('who asks again and again for all that is known is not answered each time', async () => {
  const [first, second] = await three({ digestBurst: 5, digestsPerSecond: 1 })
  const refusedOf = () => first.refused.filter((reason) => reason === 'too-many').length
  const ask = () =>
    second.transport.send(first.nodeId, messageBody('liveness', encodeSwimMessage({ kind: 'digest', entries: [] })))
  const wish = { kind: 'news', rumours: [], wanted: [first.nodeId] } as const
  for (let index = 0; index < 20; index++) {
    ask()
    second.transport.send(first.nodeId, messageBody('liveness', encodeSwimMessage(wish)))
  }
  await world.pass(100)
  expect(refusedOf()).toBeGreaterThanOrEqual(35)
  expect(refusedOf()).toBeLessThan(40)
  const before = refusedOf()
  await world.pass(3000)
  ask()
  await world.pass(100)
  expect(refusedOf()).toBe(before)
})
