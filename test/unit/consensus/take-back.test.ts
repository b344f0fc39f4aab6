import { describe, expect, test } from 'vitest'
import type { BlockAddress } from '../../../src/node/core/base/address.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import type { Ballot } from '../../../src/node/core/consensus/ballot.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { Replica } from '../../../src/node/core/consensus/replica.ts'
import type { LogEntry, ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'
import { takeBack } from '../../../src/node/core/consensus/take-back.ts'
import { replicaLimits } from '../../../src/node/engine/consensus/load-replica.ts'

const memberOf = (byte: number): Member => ({
  nodeId: new Uint8Array(32).fill(byte),
  storeId: new Uint8Array(16).fill(byte),
})
const [one, two, three] = [memberOf(1), memberOf(2), memberOf(3)]
const group: Group = { ...bornGroup([one, two, three]), index: 4 }
const alone: Group = { index: 5, members: [one], learners: [] }
const ballotOf = (member: Member, recovery: number, round = 3): Ballot => ({ recovery, round, bootCount: 2, ...member })
const old = ballotOf(two, 0)
const self = { ...one, bootCount: 7, recovery: 1 }
const change = (text: string): LogEntry => ({ kind: 'change', body: Buffer.from(text) })
const slotAt = (slot: number, entry: LogEntry) => ({ slot, ballot: old, entry })
const block: BlockRecord = {
  address: new Uint8Array(32) as BlockAddress,
  generation: 1n,
  group,
  promised: old,
  committedIndex: 8n,
  version: 5n,
  outcomeFloor: 0n,
  outcomeCount: 0,
  state: { kind: 'signed', signed: new Uint8Array(1) },
}
const heldWith = (...slots: ReturnType<typeof slotAt>[]) => ({ group, promised: old, applied: 8, slots })

describe('a block of a recovered network', () => {
  test('is this member’s alone, under the next index and the number of the recovery', () => {
    const taken = takeBack(block, heldWith(), self)
    expect(taken?.record.group).toEqual(alone)
    expect(taken?.block).toMatchObject({ group: alone, promised: { recovery: 1, round: 0, bootCount: 7, nodeId: one.nodeId } })
    expect(taken?.block?.committedIndex).toBe(8n)
  })

  test('is taken back once for each recovery', () => {
    expect(
      takeBack({ ...block, promised: ballotOf(one, 1) }, { ...heldWith(), promised: ballotOf(one, 1) }, self),
    ).toBeUndefined()
    expect(takeBack(block, { ...heldWith(), promised: ballotOf(two, 1) }, self)).toBeUndefined()
    expect(takeBack(block, heldWith(), { ...self, recovery: 0 })).toBeUndefined()
    expect(takeBack(block, { ...heldWith(), promised: ballotOf(two, 1) }, { ...self, recovery: 2 })).toBeDefined()
  })

  test('keeps everything that was accepted, with nothing in the gaps', () => {
    const taken = takeBack(block, heldWith(slotAt(9, change('a')), slotAt(11, change('b'))), self)
    expect(taken?.record.slots.map(({ slot, entry }) => [slot, entry.kind])).toEqual([
      [9, 'change'],
      [10, 'empty'],
      [11, 'change'],
    ])
    expect(taken?.stale).toEqual([])
  })

  test('gives up a change of the group and what lies behind it', () => {
    const next: LogEntry = { kind: 'group', group: { ...group, index: 5, members: [one, two] } }
    const taken = takeBack(block, heldWith(slotAt(9, change('a')), slotAt(10, next), slotAt(11, change('b'))), self)
    expect(taken?.record.slots.map(({ slot }) => slot)).toEqual([9])
    expect(taken?.stale).toEqual([10, 11])
  })

  test('is born to this member where only its birth was accepted, and to nobody where nothing was', () => {
    const birth: LogEntry = { kind: 'change', body: Buffer.from('birth'), bornTo: bornGroup([one, two, three]) }
    const unborn = { group: bornGroup([one]), promised: old, applied: -1, slots: [slotAt(0, birth)] }
    const taken = takeBack(undefined, unborn, self)
    expect(taken?.record.slots[0]?.entry).toMatchObject({ kind: 'change', bornTo: { index: 1, members: [one] } })
    expect(taken?.record.group).toEqual({ index: 1, members: [one], learners: [] })
    expect(takeBack(undefined, { ...unborn, slots: [] }, self)).toBeUndefined()
  })
})

describe('a member of a recovered network', () => {
  const pair: Group = { index: 6, members: [one, two], learners: [] }
  const replicaWith = (recovery: number) =>
    new Replica({
      self: one,
      bootCount: 7,
      recovery,
      record: { group: pair, promised: undefined, applied: 8, slots: [] },
      limits: replicaLimits(defaultLimits),
    })
  const said = (ballot: Ballot): readonly ReplicaMessage[] => [
    { kind: 'prepare', ballot, groupIndex: 6, committed: 8 },
    { kind: 'accept', ballot, groupIndex: 6, committed: 8, first: 9, entries: [change('a')] },
    { kind: 'confirm', ballot, groupIndex: 6, round: 1 },
    { kind: 'committed', ballot, groupIndex: 6, index: 9 },
    { kind: 'higher', ballot, promised: { ...ballot, round: 99 } },
  ]

  test.each(said(ballotOf(two, 0)))('neither heeds nor answers $kind under a ballot of before the recovery', (message) => {
    const replica = replicaWith(1)
    expect(replica.step({ kind: 'message', from: two, message }, 0)).toEqual([])
    expect(replica.promised).toBeUndefined()
    replica.step({ kind: 'lead' }, 0)
    expect(replica.promised).toMatchObject({ recovery: 1, round: 1 })
  })

  test.each(said(ballotOf(two, 1)).slice(0, 3))('promises, accepts and confirms $kind under one of the recovery', (message) => {
    const replica = replicaWith(1)
    const effects = replica.step({ kind: 'message', from: two, message }, 0)
    expect(effects[0]).toMatchObject({ kind: 'persist', promised: { recovery: 1 } })
  })

  test('counts no vote of before the recovery for a ballot of its own', () => {
    const replica = replicaWith(1)
    replica.step({ kind: 'lead' }, 0)
    replica.step({ kind: 'persisted', write: 1 }, 0)
    const own = { ...(replica.promised as Ballot), recovery: 0 }
    replica.step(
      { kind: 'message', from: two, message: { kind: 'promise', ballot: own, groupIndex: 6, committed: 8, slots: [] } },
      0,
    )
    expect(replica.isLeading).toBe(false)
    const message = { kind: 'promise', ballot: replica.promised as Ballot, groupIndex: 6, committed: 8, slots: [] } as const
    replica.step({ kind: 'message', from: two, message }, 0)
    expect(replica.isLeading).toBe(true)
  })
})
