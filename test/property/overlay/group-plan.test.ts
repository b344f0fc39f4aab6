import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../../src/node/core/base/bytes.ts'
import type { Group, Member } from '../../../src/node/core/consensus/group.ts'
import { compareMembers, isWellFormedGroup, majorityOf } from '../../../src/node/core/consensus/group.ts'
import type { GroupFacts, GroupStep } from '../../../src/node/core/overlay/group-plan.ts'
import { nextGroupStep } from '../../../src/node/core/overlay/group-plan.ts'

/** Node number and number of its data directory. */
function memberNumber(node: number, store = 0): Member {
  return { nodeId: new Uint8Array(32).fill(node), storeId: new Uint8Array(16).fill(store) }
}

const same = (left: Member) => (right: Member) => compareMembers(left, right) === 0
const without = (members: readonly Member[], member: Member) => members.filter((each) => !same(member)(each))

function apply(group: Group, step: GroupStep): Group {
  const index = group.index + 1
  const sorted = (members: readonly Member[]) => members.toSorted(compareMembers)
  switch (step.kind) {
    case 'none':
      return group
    case 'addLearner':
      return { ...group, index, learners: sorted([...group.learners, step.member]) }
    case 'promote':
      return { index, members: sorted([...group.members, step.member]), learners: without(group.learners, step.member) }
    case 'remove':
      return { index, members: without(group.members, step.member), learners: without(group.learners, step.member) }
    case 'replace': {
      const members = sorted([...without(group.members, step.old), step.member])
      return { index, members, learners: without(group.learners, step.member) }
    }
  }
}

const numbers = (minLength: number) => fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { minLength, maxLength: 9 })
const world = fc.record({
  members: numbers(1),
  target: numbers(1),
  learners: fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 2 }),
  dead: fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 4 }),
  /** Nodes of the target that come with another data directory. */
  wiped: fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 2 }),
  spare: fc.nat({ max: 2 }),
})

type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function factsOf({ members, target, learners, dead, wiped, spare }: World): GroupFacts {
  const list = (nodes: readonly number[]) => nodes.map((node) => memberNumber(node)).toSorted(compareMembers)
  const wanted = target.map((node) => memberNumber(node, wiped.includes(node) ? 1 : 0)).toSorted(compareMembers)
  const free = learners.filter((node) => !members.includes(node)).slice(0, 9 - members.length)
  return {
    group: { index: 0, members: list(members), learners: list(free) },
    target: wanted,
    factor: Math.min(9, target.length + spare),
    // A node that lost its directory answers for the new one only.
    isLive: (member) =>
      !dead.includes(member.nodeId[0] ?? 0) && wiped.includes(member.nodeId[0] ?? 0) === (member.storeId[0] === 1),
    hasCaughtUp: () => true,
  }
}

const liveOf = (facts: GroupFacts, group: Group) => group.members.filter(facts.isLive).length
const hasMajority = (facts: GroupFacts, group: Group) => liveOf(facts, group) >= majorityOf(group)

describe('steps of a group', () => {
  test('reach the target where all of it is live, never without a live majority, and change one thing at a time', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const facts = factsOf({ ...drawn, dead: drawn.dead.filter((node) => !drawn.target.includes(node)) })
        let group = facts.group
        if (!hasMajority(facts, group)) {
          expect(nextGroupStep(facts).kind).toBe('none')
          return
        }
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(60)
          const step = nextGroupStep({ ...facts, group })
          if (step.kind === 'none') break
          const next = apply(group, step)
          expect(isWellFormedGroup(next)).toBe(true)
          expect(hasMajority(facts, next)).toBe(true)
          // A full group of nine has to let somebody go before a newcomer fits in.
          expect(next.members.length).toBeGreaterThanOrEqual(Math.min(group.members.length, facts.target.length, 8))
          const nodes = next.members.map((member) => member.nodeId)
          expect(nodes.every((id, index) => index === 0 || compareBytes(nodes[index - 1] ?? id, id) < 0)).toBe(true)
          group = next
        }
        expect(group.members).toEqual(facts.target)
        expect(group.learners).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('keep a live majority and end, whoever of the target is dead', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const facts = factsOf(drawn)
        let group = facts.group
        let live = liveOf(facts, group)
        for (let steps = 0; ; steps++) {
          expect(steps).toBeLessThan(60)
          const step = nextGroupStep({ ...facts, group })
          if (step.kind === 'none') break
          const next = apply(group, step)
          expect(hasMajority(facts, next)).toBe(true)
          // Whoever goes while live is beyond what the target asks for, or somebody live comes for it.
          if (liveOf(facts, next) < live) expect(next.members.length).toBeGreaterThanOrEqual(Math.min(8, facts.target.length))
          live = liveOf(facts, next)
          group = next
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('do not depend on the order of the target, and wait for a learner that has not caught up', () => {
    const members = [1, 2, 3].map((node) => memberNumber(node))
    const target = [1, 2, 4].map((node) => memberNumber(node))
    const facts = {
      group: { index: 0, members, learners: [] },
      target,
      factor: 3,
      isLive: () => true,
      hasCaughtUp: () => false,
    }
    expect(nextGroupStep(facts)).toEqual({ kind: 'addLearner', member: memberNumber(4) })
    expect(nextGroupStep({ ...facts, target: target.toReversed() })).toEqual(nextGroupStep(facts))
    const learning = { ...facts, group: { index: 0, members, learners: [memberNumber(4)] } }
    expect(nextGroupStep(learning)).toEqual({ kind: 'none' })
    const ready = { ...learning, hasCaughtUp: () => true }
    expect(nextGroupStep(ready)).toEqual({ kind: 'replace', old: memberNumber(3), member: memberNumber(4) })
    expect(nextGroupStep({ ...ready, factor: 4 })).toEqual({ kind: 'promote', member: memberNumber(4) })
    // Of two that should go, the dead one goes.
    const moved = { ...ready, target: [memberNumber(2), memberNumber(4), memberNumber(5)] }
    const oneDead = { ...moved, isLive: (member: Member) => member.nodeId[0] !== 3 }
    expect(nextGroupStep(oneDead)).toEqual({ kind: 'replace', old: memberNumber(3), member: memberNumber(4) })
    expect(nextGroupStep(moved)).toEqual({ kind: 'replace', old: memberNumber(1), member: memberNumber(4) })
  })

  test('do not shrink a group to what would stop with the next node', () => {
    const [a, b, c] = [memberNumber(1), memberNumber(2), memberNumber(3)]
    const facts = { group: { index: 0, members: [a, b, c], learners: [] }, target: [a, b], factor: 3, hasCaughtUp: () => true }
    expect(nextGroupStep({ ...facts, isLive: () => true })).toEqual({ kind: 'remove', member: c })
    expect(nextGroupStep({ ...facts, isLive: (member) => member !== b })).toEqual({ kind: 'none' })
    expect(nextGroupStep({ ...facts, isLive: (member) => member !== c })).toEqual({ kind: 'remove', member: c })
    expect(nextGroupStep({ ...facts, isLive: (member) => member === a })).toEqual({ kind: 'none' })
  })
})
