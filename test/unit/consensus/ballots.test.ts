import { describe, expect, test } from 'vitest'
import { addressFromDigest } from '../../../src/node/core/base/address.ts'
import {
  ballotAbove,
  birthBallot,
  compareBallots,
  isOwnBallot,
  isWellFormedBallot,
} from '../../../src/node/core/consensus/ballot.ts'
import type { BlockRecord } from '../../../src/node/core/consensus/block-record.ts'
import { bornGroup, isMember, isWellFormedGroup, majorityOf } from '../../../src/node/core/consensus/group.ts'
import { judgeRequestId } from '../../../src/node/core/consensus/outcome.ts'
import { prepareAlone } from '../../../src/node/core/consensus/prepare-alone.ts'

const member = (node: number, store = 1) => ({
  nodeId: new Uint8Array(32).fill(node),
  storeId: new Uint8Array(16).fill(store),
})
const ballot = (recovery: number, round: number, bootCount: number, node = 1, store = 1) => ({
  recovery,
  round,
  bootCount,
  ...member(node, store),
})

describe('ballots', () => {
  test('are ordered by recovery, round, boot count, node and store, in this order', () => {
    const ascending = [
      ballot(0, 0, 1),
      ballot(0, 0, 1, 1, 2),
      ballot(0, 0, 1, 2, 1),
      ballot(0, 0, 2, 1, 1),
      ballot(0, 1, 1, 1, 1),
      ballot(1, 0, 1, 1, 1),
    ]
    const shuffled = [3, 0, 5, 2, 4, 1].flatMap((index) => ascending[index] ?? [])
    expect(shuffled.sort(compareBallots)).toEqual(ascending)
    expect(compareBallots(ballot(1, 2, 3), ballot(1, 2, 3))).toBe(0)
  })

  test('of a start are above what was promised, least, and its own', () => {
    for (const promised of [ballot(0, 0, 1), ballot(0, 0, 9), ballot(2, 7, 3, 2), ballot(0, 3, 3)]) {
      const mine = ballotAbove(promised, member(1), 3)
      expect(compareBallots(mine, promised)).toBeGreaterThan(0)
      expect(mine.recovery).toBe(promised.recovery)
      expect(mine.round - promised.round).toBe(compareBallots({ ...promised, ...member(1), bootCount: 3 }, promised) > 0 ? 0 : 1)
      expect(isOwnBallot(mine, member(1), 3)).toBe(true)
    }
  })

  test('of an earlier start, another node or another store are not its own', () => {
    expect(isOwnBallot(ballot(0, 0, 2), member(1), 3)).toBe(false)
    expect(isOwnBallot(ballot(0, 0, 3, 2), member(1), 3)).toBe(false)
    expect(isOwnBallot(ballot(0, 0, 3, 1, 2), member(1), 3)).toBe(false)
  })

  test('need a boot count and whole ids', () => {
    expect(isWellFormedBallot(ballot(0, 0, 1))).toBe(true)
    expect(isWellFormedBallot(ballot(0, 0, 0))).toBe(false)
    expect(isWellFormedBallot(ballot(0, -1, 1))).toBe(false)
    expect(isWellFormedBallot({ ...ballot(0, 0, 1), nodeId: new Uint8Array(31) })).toBe(false)
  })
})

describe('groups', () => {
  test('are sorted when they are born, and count a majority', () => {
    expect(bornGroup([member(2), member(1, 2), member(1)]).members).toEqual([member(1), member(1, 2), member(2)])
    const sizes = [1, 2, 3, 4, 5, 9]
    const groups = sizes.map((size) => bornGroup(Array.from({ length: size }, (_, index) => member(index))))
    expect(groups.map(majorityOf)).toEqual([1, 2, 2, 3, 3, 5])
  })

  test('have members once, learners apart, and a bound', () => {
    const group = bornGroup([member(1), member(2)])
    expect(isWellFormedGroup({ ...group, learners: [member(3)] })).toBe(true)
    expect(isWellFormedGroup({ ...group, learners: [member(1)] })).toBe(false)
    expect(isWellFormedGroup({ ...group, members: [member(1), member(1)] })).toBe(false)
    expect(isWellFormedGroup({ ...group, members: [member(2), member(1)] })).toBe(false)
    expect(isWellFormedGroup({ ...group, members: [] })).toBe(false)
    expect(isWellFormedGroup({ ...group, learners: Array.from({ length: 8 }, (_, index) => member(index + 3)) })).toBe(false)
    expect(isMember(group, member(1, 2))).toBe(false)
  })
})

describe('preparing alone', () => {
  const self = { ...member(1), bootCount: 3, recovery: 0 }
  const record: BlockRecord = {
    address: addressFromDigest(new Uint8Array(32), 'mutable'),
    generation: 1n,
    group: bornGroup([member(1)]),
    promised: birthBallot(member(1), 3),
    committedIndex: 4n,
    version: 2n,
    outcomeFloor: 0n,
    outcomeCount: 0,
    state: { kind: 'signed', signed: new Uint8Array(1) },
  }

  test('keeps the ballot of this start and raises that of an earlier one', () => {
    expect(prepareAlone(record, self)).toBe(record)
    const next = prepareAlone(record, { ...self, bootCount: 4 })
    expect(next).toEqual({ ...record, promised: { ...record.promised, bootCount: 4 } })
  })

  test('leaves alone what others hold', () => {
    expect(prepareAlone({ ...record, group: bornGroup([member(1), member(2)]) }, self)).toBeUndefined()
    expect(prepareAlone(record, { ...self, ...member(1, 2) })).toBeUndefined()
  })

  test('takes over a block of a lost store only under a higher recovery number', () => {
    const recovered = { ...self, ...member(1, 2), recovery: 1 }
    const next = prepareAlone(record, recovered)
    expect(next?.group).toEqual({ index: 1, members: [member(1, 2)], learners: [] })
    expect(next?.promised).toEqual(ballot(1, 0, 3, 1, 2))
    expect(next && compareBallots(next.promised, record.promised)).toBeGreaterThan(0)
    expect(next && prepareAlone(next, { ...recovered, ...member(1, 3) })).toBeUndefined()
  })
})

describe('a request id', () => {
  const facts = { floor: 10n, now: 100n, retention: 50n, skewMax: 5n }
  const judged = (issued: bigint) => judgeRequestId({ session: new Uint8Array(16), sequence: 1n, issued }, facts)

  test('is fresh from the floor and the retention on up to the skew', () => {
    expect([49n, 50n, 105n, 106n].map(judged)).toEqual(['too-old', 'fresh', 'fresh', 'from-the-future'])
    expect(judgeRequestId({ session: new Uint8Array(16), sequence: 1n, issued: 60n }, { ...facts, floor: 60n })).toBe('too-old')
    expect(judgeRequestId({ session: new Uint8Array(16), sequence: 1n, issued: 61n }, { ...facts, floor: 60n })).toBe('fresh')
  })
})
