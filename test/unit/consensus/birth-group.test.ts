import { expect, test } from 'vitest'
import { birthBallot } from '../../../src/node/core/consensus/ballot.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { bornGroup } from '../../../src/node/core/consensus/group.ts'
import { Replica } from '../../../src/node/core/consensus/replica.ts'
import type { LogEntry, ReplicaEffect, ReplicaLimits, ReplicaMessage } from '../../../src/node/core/consensus/replica-events.ts'

const memberOf = (byte: number): Member => ({ nodeId: new Uint8Array(32).fill(byte), storeId: new Uint8Array(16).fill(byte) })
const [first, second, third] = [memberOf(1), memberOf(2), memberOf(3)]
const pair = bornGroup([first, second])
const three = bornGroup([first, second, third])
const limits: ReplicaLimits = {
  pipelineMax: 8,
  resendMs: 100,
  resendMaxMs: 1000,
  acceptEntriesMax: 8,
  acceptBytesMax: 1024,
  confirmTimeoutMs: 500,
  catchUpTimeoutMs: 500,
  silentMs: 1000,
  retainedEntriesMax: 8,
  retainedBytesMax: 1024,
  ...{ slowFactor: 8, slowWriteMs: 20, slowWritesMax: 8, stalledWriteMs: 1000, healthyMs: 60_000 },
}
const born: LogEntry = { kind: 'change', body: Uint8Array.of(1), bornTo: pair }
const next: LogEntry = { kind: 'change', body: Uint8Array.of(2), bornTo: three }

/** One member that has accepted nothing of an unborn block; what it writes is durable at once. */
class Alone {
  readonly replica: Replica
  effects: ReplicaEffect[] = []
  nowMs = 0

  constructor(self: Member, group: Group) {
    const record = { group, promised: undefined, applied: -1, slots: [] }
    this.replica = new Replica({ self, bootCount: 1, recovery: 0, record, limits })
  }

  step(event: Parameters<Replica['step']>[0]): void {
    for (const effect of this.replica.step(event, this.nowMs)) {
      this.effects.push(effect)
      if (effect.kind === 'persist') this.step({ kind: 'persisted', write: effect.write })
    }
  }

  hear(from: Member, message: ReplicaMessage): void {
    this.step({ kind: 'message', from, message })
  }

  sent(kind: ReplicaMessage['kind']): readonly ReplicaMessage[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' && effect.message.kind === kind ? [effect.message] : []))
  }

  /** It prepares, and `from` promises with what it has accepted. */
  lead(from: Member, accepted: readonly LogEntry[]): void {
    this.step({ kind: 'lead' })
    const [prepare] = this.sent('prepare')
    if (prepare?.kind !== 'prepare') throw new Error('it does not prepare')
    const slots = accepted.map((entry, slot) => ({ slot, ballot: birthBallot(from, 1), entry }))
    this.hear(from, { kind: 'promise', ballot: prepare.ballot, groupIndex: 0, committed: -1, slots })
  }

  accepted(from: Member, upTo: number): void {
    const [accept] = this.sent('accept')
    if (accept?.kind !== 'accept') throw new Error('it asks nobody to accept')
    this.hear(from, { kind: 'accepted', ballot: accept.ballot, groupIndex: 0, upTo })
  }
}

test('who leads by another map and adopts a birth is a member of the group that the birth names', () => {
  const member = new Alone(first, three)
  member.lead(second, [born])
  expect(member.replica.isLeading).toBe(true)
  member.accepted(second, 0)
  expect(member.replica.committed).toBe(0)
  expect(member.replica.group).toStrictEqual(pair)
  // It prepares anew among those who decide what follows.
  expect(member.replica.isLeading).toBe(false)
  expect(member.sent('prepare')).toContainEqual(expect.objectContaining({ committed: 0 }))
})

test('nothing is proposed behind a birth to others before it is committed, nor adopted with it', () => {
  const member = new Alone(first, three)
  member.lead(second, [born, { kind: 'change', body: Uint8Array.of(7) }])
  expect(member.sent('accept')).toContainEqual(expect.objectContaining({ first: 0, entries: [born] }))
  member.step({ kind: 'propose', proposal: 1, entry: { kind: 'change', body: Uint8Array.of(2) } })
  expect(member.effects).toContainEqual({ kind: 'refused', proposal: 1, reason: 'group-changing' })
})

test('who is no member of the group that a birth names leads no more', () => {
  const member = new Alone(third, three)
  member.lead(second, [born])
  member.accepted(second, 0)
  expect(member.replica.group).toStrictEqual(pair)
  expect(member.replica.isLeading || member.replica.isPreparing).toBe(false)
})

test('a birth to the own group is followed by what is proposed next', () => {
  const member = new Alone(first, three)
  member.lead(second, [])
  member.step({ kind: 'propose', proposal: 1, entry: next })
  member.step({ kind: 'propose', proposal: 2, entry: next })
  member.accepted(second, 1)
  expect(member.replica.committed).toBe(1)
  expect(member.replica.isLeading).toBe(true)
})

test('a member of two finds nothing absent alone', () => {
  const member = new Alone(first, pair)
  expect(member.replica.mayReadAlone).toBe(false)
  member.lead(second, [])
  member.step({ kind: 'read', read: 1 })
  member.nowMs = 10_000
  member.step({ kind: 'tick' })
  expect(member.effects).toContainEqual({ kind: 'unreadable', read: 1, reason: 'no-majority' })
  expect(member.effects).not.toContainEqual({ kind: 'readable', read: 1 })
})

test.each([
  ['prepare', { kind: 'prepare', ballot: birthBallot(first, 1), groupIndex: 0, committed: 0 }],
  ['accept', { kind: 'accept', ballot: birthBallot(first, 1), groupIndex: 0, committed: 0, first: 1, entries: [] }],
  ['committed', { kind: 'committed', ballot: birthBallot(first, 1), groupIndex: 0, index: 0 }],
] as const)('whose map gives a block to others that was born to it as well catches up: %s', (_, message) => {
  const member = new Alone(second, bornGroup([first, third]))
  member.hear(first, message)
  expect(member.effects).toContainEqual({ kind: 'catch-up', from: first, since: 0 })
  member.step({ kind: 'chosen', slots: [{ slot: 0, ballot: birthBallot(first, 1), entry: born }] })
  expect(member.replica.group).toStrictEqual(pair)
  member.hear(first, { kind: 'confirm', ballot: birthBallot(first, 1), groupIndex: 0, round: 1 })
  expect(member.sent('confirmed')).toHaveLength(1)
})

test('the whole state of a block says to which group it was born', () => {
  const member = new Alone(second, bornGroup([first, third]))
  member.step({ kind: 'installed', index: 0, group: pair })
  expect(member.replica.group).toStrictEqual(pair)
})
