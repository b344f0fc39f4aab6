import { afterEach, expect, test } from 'vitest'
import { compareBytes, toHex } from '../../../src/node/core/base/bytes.ts'
import type { Limits } from '../../../src/node/core/base/limits.ts'
import { encodeText } from '../../../src/node/core/base/text.ts'
import type { LivenessNode } from '../../support/liveness-world.ts'
import { LivenessWorld } from '../../support/liveness-world.ts'

let world = new LivenessWorld()

afterEach(async () => {
  await world.stopAll()
})

/** Three nodes, of which the later two were told of the first. */
async function three(limits: Partial<Limits> = {}, seed = 1): Promise<[LivenessNode, LivenessNode, LivenessNode]> {
  world = new LivenessWorld(limits, seed)
  const nodes = [await world.start(1), await world.start(2), await world.start(3)] as const
  const [first, ...others] = nodes
  for (const other of others) other.engine.seed([first.own.current])
  await world.pass(10_000)
  return [...nodes]
}

const statesAt = (node: LivenessNode) => node.engine.nodes().map(({ state }) => state)

test('nodes that were told of one find all', async () => {
  const nodes = await three()
  for (const node of nodes) {
    const seen = node.engine.nodes()
    expect(seen.map(({ nodeId }) => toHex(nodeId))).toEqual(
      nodes
        .map(({ nodeId }) => nodeId)
        .sort(compareBytes)
        .map(toHex),
    )
    expect(statesAt(node)).toEqual(['alive', 'alive', 'alive'])
    for (const { isSelf, nodeId, rttMs, endpoints, software, storing } of seen) {
      const other = nodes.find((candidate) => toHex(candidate.nodeId) === toHex(nodeId))
      expect([endpoints, software, storing, isSelf]).toEqual([[other?.endpoint], '1.2.3', true, other === node])
      if (isSelf) expect(rttMs).toBeUndefined()
      else expect(rttMs).toBeLessThan(20)
    }
    expect(node.refused).toEqual([])
    for (const other of nodes) expect(node.engine.mayAnswer(other.nodeId)).toBe(true)
  }
  const [first, second, third] = nodes
  expect(second.changesOf(third)).toEqual(['unknown alive'])
  expect(first.changesOf(third)).toEqual(['unknown alive'])
})

test('a node that is silent is dead to the others within its bound, and was suspected before', async () => {
  const [first, second, third] = await three()
  third.vanish()
  const { swimPeriodMs, swimSuspicionPeriods, swimSuspicionSpread } = world.limits
  await world.pass(swimPeriodMs)
  expect([first.engine.mayAnswer(third.nodeId), second.engine.mayAnswer(third.nodeId)]).toEqual([true, true])
  // Two rounds over two others and the probe itself, then the longest suspicion.
  await world.pass(5 * swimPeriodMs + swimSuspicionPeriods * swimSuspicionSpread * swimPeriodMs)
  for (const node of [first, second]) {
    expect([node.stateOf(third), node.engine.mayAnswer(third.nodeId)]).toEqual(['dead', false])
    expect(node.changesOf(third)).toEqual(['unknown alive', 'alive suspect', 'suspect dead'])
  }
  expect([first.stateOf(second), second.stateOf(first)]).toEqual(['alive', 'alive'])
})

test('a node that comes back at another endpoint is found there by its own memory of the others', async () => {
  const [first, second, third] = await three()
  third.vanish()
  await world.pass(30_000)
  expect(first.stateOf(third)).toBe('dead')
  const again = await world.start(3, { disk: third.disk, endpoint: 'elsewhere:7' })
  await world.pass(5000)
  expect(statesAt(again)).toEqual(['alive', 'alive', 'alive'])
  for (const node of [first, second]) {
    expect(node.stateOf(again)).toBe('alive')
    const status = node.engine.nodes().find(({ nodeId }) => toHex(nodeId) === toHex(again.nodeId))
    expect([status?.endpoints, status?.bootCount]).toEqual([['elsewhere:7'], 2])
  }
  // What the others learnt leads there: only the endpoint of the new start answers.
  world.network.reset('elsewhere:7', first.endpoint)
  const asked = first.transport.request(again.nodeId, encodeText('?'), { signal: AbortSignal.timeout(60_000) })
  await expect(world.during(asked)).rejects.toMatchObject({ code: 'invalid-argument' })
})

test('a node that ends as soon as it has met another remembers it', async () => {
  world = new LivenessWorld()
  const [first, second] = [await world.start(1), await world.start(2)]
  second.engine.seed([first.own.current])
  await world.pass(1000)
  second.vanish()
  await world.pass(20_000)
  const again = await world.start(2, { disk: second.disk, endpoint: 'elsewhere:7' })
  await world.pass(5000)
  expect([first.stateOf(again), again.stateOf(first)]).toEqual(['alive', 'alive'])
})

test('nodes that all start again need no seed', async () => {
  const nodes = await three()
  for (const node of nodes) node.vanish()
  await world.pass(60_000)
  const again: LivenessNode[] = []
  for (const [index, { disk }] of nodes.entries()) again.push(await world.start(index + 1, { disk }))
  await world.pass(5000)
  for (const node of again) expect(statesAt(node)).toEqual(['alive', 'alive', 'alive'])
})

test('the parts of a network that was cut find each other', async () => {
  const [first, second, third] = await three()
  world.cut(first, third)
  world.cut(second, third)
  // Alone, a node doubts itself first.
  await world.pass(90_000)
  expect([first.stateOf(third), second.stateOf(third)]).toEqual(['dead', 'dead'])
  expect([third.stateOf(first), third.stateOf(second)]).toEqual(['dead', 'dead'])
  world.mend(first, third)
  world.mend(second, third)
  await world.pass(30_000)
  for (const node of [first, second, third]) expect(statesAt(node)).toEqual(['alive', 'alive', 'alive'])
})

test('one broken way between two nodes kills neither of them', async () => {
  const [first, second, third] = await three()
  world.cut(first, second)
  await world.pass(60_000)
  expect([first.stateOf(second), second.stateOf(first)]).not.toContain('dead')
  expect([third.stateOf(first), third.stateOf(second)]).not.toContain('dead')
  expect([...first.changesOf(second), ...third.changesOf(second)].filter((change) => change.endsWith('dead'))).toEqual([])
})

test('a node that is slow itself waits longer, and the others do not', async () => {
  const [first, second] = await three()
  const slow = await world.start(4, { lateMs: 300 })
  slow.engine.seed([first.own.current, second.own.current])
  await world.pass(10_000)
  expect(slow.engine.healthMultiplier).toBeGreaterThan(3)
  expect([first.engine.healthMultiplier, first.stateOf(slow), slow.stateOf(first)]).toEqual([1, 'alive', 'alive'])
})

test('a node that stops in order is not waited for', async () => {
  const [first, second, third] = await three()
  await world.during(third.stop())
  await world.pass(2000)
  expect([first.stateOf(third), second.stateOf(third)]).toEqual(['left', 'left'])
  expect([third.stateOf(third), third.stateOf(first)]).toEqual(['left', 'alive'])
  const again = await world.start(3, { disk: third.disk })
  await world.pass(5000)
  expect([first.stateOf(again), second.stateOf(again)]).toEqual(['alive', 'alive'])
})

test('what changes at a node reaches the others, and what does not is stated anew after its interval only', async () => {
  const [first, second] = await three({ recordIntervalMs: 120_000 })
  const incarnation = () => first.directory.get(second.nodeId)?.incarnation
  await world.pass(30_000)
  expect(incarnation()).toBe(0)
  second.advertised = { ...second.advertised, zone: 'west', endpoints: [second.endpoint, 'other:1'] }
  await world.pass(world.limits.recordLookMs + 5000)
  expect(first.directory.get(second.nodeId)).toMatchObject({
    zone: 'west',
    endpoints: [second.endpoint, 'other:1'],
    incarnation: 1,
  })
  second.advertised = { ...second.advertised, storing: false }
  second.engine.ownChanged()
  await world.pass(5000)
  expect(first.directory.get(second.nodeId)).toMatchObject({ storing: false, incarnation: 2 })
  await world.pass(130_000)
  expect(incarnation()).toBe(3)
  expect(first.changesOf(second)).toEqual(['unknown alive'])
})

test('a node without a place is not taken until it has one, and is forgotten when it loses it', async () => {
  const [first, second, third] = await three()
  const guest = await world.start(4, { placed: false })
  guest.engine.seed([first.own.current, second.own.current, third.own.current])
  await world.pass(10_000)
  expect([statesAt(guest), statesAt(first).length]).toEqual([['alive', 'alive', 'alive', 'alive'], 3])
  expect([first.stateOf(guest), new Set(first.refused)]).toEqual([undefined, new Set(['stranger'])])
  expect(first.engine.mayAnswer(guest.nodeId)).toBe(true)
  world.places.add(toHex(guest.nodeId))
  first.engine.placementChanged()
  await world.pass(1000)
  expect(first.stateOf(guest)).toBe('alive')
  world.places.delete(toHex(guest.nodeId))
  first.engine.placementChanged()
  await world.pass(10_000)
  expect([first.stateOf(guest), first.engine.mayAnswer(guest.nodeId)]).toEqual([undefined, false])
  expect(await first.store.get('local', encodeText(`nodes/${toHex(guest.nodeId)}`))).toBeUndefined()
  expect(await first.store.get('local', encodeText(`nodes/${toHex(second.nodeId)}`))).toBeDefined()
})
