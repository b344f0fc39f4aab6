import { describe, expect, test } from 'vitest'
import type { Limits } from '../../../../src/node/core/base/limits.ts'
import { defaultLimits } from '../../../../src/node/core/base/limits.ts'
import { RumourQueue } from '../../../../src/node/core/overlay/swim/rumour-queue.ts'
import type { SwimEffect } from '../../../../src/node/core/overlay/swim/swim-events.ts'
import { SwimMachine } from '../../../../src/node/core/overlay/swim/swim-machine.ts'
import type { Rumour, SwimMessage } from '../../../../src/node/core/overlay/swim/swim-messages.ts'
import { nodeIdNumber } from '../../../support/placement-draft.ts'

const [self, one, two, three] = [0, 1, 2, 3].map(nodeIdNumber) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
const record = new Uint8Array(100).fill(5)

function machineWith(peers: readonly Uint8Array[], limits: Partial<Limits> = {}): SwimMachine {
  const ownRecord = (incarnation: number) => Uint8Array.of(1, incarnation)
  const options = { nodeId: self, bootCount: 4, ownRecord, integerBelow: () => 0, limits: { ...defaultLimits, ...limits } }
  const machine = new SwimMachine(options)
  machine.step({ kind: 'start', nowMs: 0 })
  for (const nodeId of peers) know(machine, nodeId)
  return machine
}

function know(machine: SwimMachine, nodeId: Uint8Array, bootCount = 1, incarnation = 0): readonly SwimEffect[] {
  return machine.step({ kind: 'record', nowMs: 0, facts: { nodeId, bootCount, incarnation }, record })
}

function hear(machine: SwimMachine, from: Uint8Array, message: SwimMessage, nowMs = 0): readonly SwimEffect[] {
  return machine.step({ kind: 'message', nowMs, from, message })
}

const news = (...rumours: readonly Rumour[]): SwimMessage => ({ kind: 'news', rumours, wanted: [] })
const accusation = (nodeId: Uint8Array, state: 'suspect' | 'dead' | 'left', bootCount = 1, incarnation = 0): Rumour => {
  return { nodeId, bootCount, incarnation, state, by: two }
}
const sent = (effects: readonly SwimEffect[]) => effects.filter((effect) => effect.kind === 'send')

describe('what is said of others', () => {
  test('counts for the statement that it names only', () => {
    const machine = machineWith([one, two])
    for (const [boot, incarnation] of [
      [0, 9],
      [1, 1],
      [2, 0],
    ]) {
      hear(machine, two, news(accusation(one, 'dead', boot, incarnation)))
      expect(machine.stateOf(one)).toBe('alive')
    }
    hear(machine, two, news(accusation(one, 'dead')))
    expect(machine.stateOf(one)).toBe('dead')
    // Neither the statement that was buried nor an earlier one brings it back.
    know(machine, one)
    expect(machine.stateOf(one)).toBe('dead')
    know(machine, one, 1, 1)
    expect(machine.stateOf(one)).toBe('alive')
    hear(machine, two, news(accusation(one, 'left', 1, 1)))
    know(machine, one, 2, 0)
    expect(machine.stateOf(one)).toBe('alive')
  })

  test('is about another directory where the node shows one, however few its starts there are', () => {
    const machine = machineWith([one, two])
    know(machine, one, 7, 3)
    hear(machine, two, news(accusation(one, 'dead', 7, 3)))
    const facts = { nodeId: one, bootCount: 1, incarnation: 0 }
    machine.step({ kind: 'record', nowMs: 0, facts, record })
    expect(machine.stateOf(one)).toBe('dead')
    machine.step({ kind: 'record', nowMs: 0, facts, record, anotherStore: true })
    expect(machine.stateOf(one)).toBe('alive')
    hear(machine, two, news(accusation(one, 'dead', 7, 3)))
    expect(machine.stateOf(one)).toBe('alive')
    machine.step({ kind: 'record', nowMs: 0, facts: { ...facts, nodeId: self }, record, anotherStore: true })
    expect(machine.stateOf(self)).toBeUndefined()
  })

  test('makes nobody known, and is not believed of a suspect itself or of nodes that are not known', () => {
    const machine = machineWith([one, two])
    hear(machine, two, news({ nodeId: three, bootCount: 1, incarnation: 0, state: 'alive', record }))
    expect(machine.stateOf(three)).toBeUndefined()
    hear(machine, two, news({ nodeId: one, bootCount: 1, incarnation: 0, state: 'suspect', by: three }))
    hear(machine, two, news({ nodeId: one, bootCount: 1, incarnation: 0, state: 'suspect', by: one }))
    expect(machine.stateOf(one)).toBe('alive')
  })

  test('in a digest is tried before it is believed, and what is lacking is told and asked for', () => {
    const machine = machineWith([one, two])
    const entry = { nodeId: one, bootCount: 1, incarnation: 0, state: 'dead' as const }
    const later = { nodeId: two, bootCount: 2, incarnation: 0, state: 'alive' as const }
    const effects = hear(machine, two, { kind: 'digest', entries: [entry, later] })
    expect(machine.stateOf(one)).toBe('suspect')
    const answer = sent(effects).find(({ nodeId }) => nodeId === two)?.message
    expect(answer).toMatchObject({ kind: 'news', wanted: [two], rumours: [{ nodeId: self, state: 'alive' }] })
    const told = sent(hear(machine, two, { kind: 'news', rumours: [], wanted: [one, self, three] }))
    expect(told[0]?.message).toMatchObject({
      rumours: [{ nodeId: one, state: 'alive' }, { nodeId: one, state: 'suspect' }, { nodeId: self }],
    })
  })
})

describe('what is said of this node', () => {
  test('is taken back by a later statement, at once and to whoever said it', () => {
    const machine = machineWith([one, two])
    const effects = hear(machine, one, news(accusation(self, 'suspect', 4, 0)))
    expect(machine.ownFacts).toEqual({ nodeId: self, bootCount: 4, incarnation: 1 })
    expect(sent(effects)[0]).toMatchObject({
      nodeId: one,
      message: { rumours: [{ incarnation: 1, record: Uint8Array.of(1, 1) }] },
    })
    expect(machine.healthMultiplier).toBe(2)
    // What was taken back already costs no further statement, and one that was never made is nothing to take back.
    expect(sent(hear(machine, two, news(accusation(self, 'dead', 4, 0))))).toHaveLength(1)
    expect(sent(hear(machine, two, news(accusation(self, 'dead', 4, 7))))).toHaveLength(0)
    expect(machine.ownFacts.incarnation).toBe(1)
  })

  test('stands when it leaves, which it tells some at once', () => {
    const machine = machineWith([one, two, three], { swimFarewells: 2 })
    expect(sent(machine.step({ kind: 'leave', nowMs: 0 }))).toHaveLength(2)
    hear(machine, one, news(accusation(self, 'left', 4, 0)))
    expect(machine.ownFacts.incarnation).toBe(0)
  })
})

describe('bounds', () => {
  test('pings for others end, and beyond their number a nack comes at once', () => {
    const machine = machineWith([one, two], { swimRelaysMax: 1 })
    const ask = (sequence: number): SwimMessage => ({ kind: 'pingRequest', sequence, target: two, rumours: [] })
    expect(sent(hear(machine, one, ask(7)))[0]).toMatchObject({ nodeId: two, message: { kind: 'ping' } })
    expect(sent(hear(machine, one, ask(8)))[0]).toMatchObject({ nodeId: one, message: { kind: 'nack', sequence: 8 } })
    const ended = machine.step({ kind: 'tick', nowMs: 320, scheduledMs: 320 })
    expect(sent(ended)).toContainEqual({ kind: 'send', nodeId: one, message: { kind: 'nack', sequence: 7 } })
    expect(sent(hear(machine, one, ask(9)))[0]).toMatchObject({ nodeId: two })
  })

  test('a full table drops who left, then the dead, and else takes nobody', () => {
    const machine = machineWith([one, two], { swimNodesMax: 2 })
    know(machine, three)
    expect(machine.stateOf(three)).toBeUndefined()
    hear(machine, two, news(accusation(one, 'dead')))
    know(machine, three)
    expect([machine.stateOf(one), machine.stateOf(three)]).toEqual([undefined, 'alive'])
  })

  test('who left is forgotten after a while, and whom the map dropped counts as left', () => {
    const machine = machineWith([one, two], { swimTombstoneMs: 5000 })
    machine.step({ kind: 'forget', nowMs: 10, nodeId: one })
    expect(machine.stateOf(one)).toBe('left')
    machine.step({ kind: 'tick', nowMs: 4000, scheduledMs: 4000 })
    expect(machine.stateOf(one)).toBe('left')
    for (const nowMs of [4400, 5000, 6000, 7000]) machine.step({ kind: 'tick', nowMs, scheduledMs: nowMs })
    expect(machine.stateOf(one)).toBeUndefined()
  })

  test('a rumour goes out so many times, the news first, and no message takes more bytes than it may', () => {
    const queue = new RumourQueue()
    for (const nodeId of [one, two, three]) queue.put({ nodeId, bootCount: 1, incarnation: 0, state: 'alive', record })
    expect(queue.take(2 * 164, 2).map((rumour) => rumour.nodeId)).toEqual([one, two])
    expect(queue.take(2 * 164, 2).map((rumour) => rumour.nodeId)).toEqual([three, one])
    expect(queue.take(9 * 164, 2).map((rumour) => rumour.nodeId)).toEqual([two, three])
    expect(queue.take(9 * 164, 2)).toEqual([])
    expect(queue.size).toBe(0)
  })
})

test('a tick that comes late judges nobody and makes this node wait longer', () => {
  const machine = machineWith([one, two])
  machine.step({ kind: 'tick', nowMs: 0, scheduledMs: 0 })
  machine.step({ kind: 'tick', nowMs: 400, scheduledMs: 400 })
  machine.step({ kind: 'tick', nowMs: 9000, scheduledMs: 1000 })
  expect([machine.stateOf(one), machine.stateOf(two)]).toEqual(['alive', 'alive'])
  expect(machine.healthMultiplier).toBe(2)
  const blind = machineWith([one, two], { swimHealthMax: 0 })
  blind.step({ kind: 'tick', nowMs: 0, scheduledMs: 0 })
  blind.step({ kind: 'tick', nowMs: 9000, scheduledMs: 400 })
  expect([blind.stateOf(one), blind.stateOf(two)]).toContain('suspect')
})
