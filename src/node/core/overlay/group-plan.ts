/**
 * The next step that brings a block's group to where placement wants it: one change at a time, growing before shrinking.
 *
 * Invariants: no step leaves fewer live members than a majority of the group that it makes; a newcomer becomes a member only when it
 * has caught up; two data directories of one node are never members together; the same facts always lead to the same step.
 */

import { assert } from '../../../shared/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Group, Member } from '../consensus/group.ts'
import { compareMembers, groupMembersMax, majorityOf } from '../consensus/group.ts'

export type GroupStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'addLearner'; readonly member: Member }
  | { readonly kind: 'promote'; readonly member: Member }
  /** Of a member or a learner. */
  | { readonly kind: 'remove'; readonly member: Member }
  | { readonly kind: 'replace'; readonly old: Member; readonly member: Member }

export interface GroupFacts {
  readonly group: Group
  /** The placement group that the block should have. */
  readonly target: readonly Member[]
  readonly factor: number
  /** Whether the node answers and runs on this data directory. */
  isLive(member: Member): boolean
  /** Whether a learner has persisted all that the primary named to it. */
  hasCaughtUp(learner: Member): boolean
}

const none: GroupStep = { kind: 'none' }

export function nextGroupStep(facts: GroupFacts): GroupStep {
  const { group, isLive } = facts
  assert(facts.factor >= 1 && facts.factor <= groupMembersMax, 'a group has one to nine members')
  // A group that has lost its majority changes by forced recovery only, and one without a target has nowhere to go.
  if (facts.target.length === 0 || countLive(group.members, isLive) < majorityOf(group)) return none
  return growing(facts) ?? shrinking(facts)
}

/** Undefined when no live node waits to be taken in. */
function growing(facts: GroupFacts): GroupStep | undefined {
  const { group, isLive } = facts
  const target = facts.target.toSorted(compareMembers)
  const stale = group.learners.find((learner) => !includes(target, learner))
  if (stale !== undefined) return { kind: 'remove', member: stale }
  const wanted = target.filter((member) => !includes(group.members, member) && isLive(member))
  const first = wanted[0]
  if (first === undefined) return undefined
  const ready = wanted.find((member) => includes(group.learners, member) && facts.hasCaughtUp(member))
  if (ready !== undefined) return takingIn(facts, ready)
  if (wanted.some((member) => includes(group.learners, member))) return none
  const dead = group.learners[0]
  if (dead !== undefined) return { kind: 'remove', member: dead }
  if (group.members.length < groupMembersMax) return { kind: 'addLearner', member: first }
  return removal(facts) ?? none
}

/** Beyond the factor a newcomer takes the place of somebody, so that the majority it needs does not grow meanwhile. */
function takingIn(facts: GroupFacts, member: Member): GroupStep {
  const surplus = surplusOf(facts)
  const sameNode = facts.group.members.find((each) => equalBytes(each.nodeId, member.nodeId))
  if (sameNode !== undefined) return { kind: 'replace', old: sameNode, member }
  const old = surplus[0]
  if (old !== undefined && facts.group.members.length >= facts.factor) return { kind: 'replace', old, member }
  return { kind: 'promote', member }
}

function shrinking(facts: GroupFacts): GroupStep {
  // Members of the target that are dead may come back: as long as they are missed, somebody stands in for each.
  return facts.group.members.length > facts.target.length ? (removal(facts) ?? none) : none
}

/** Undefined where nobody may go without the rest losing its majority. */
function removal({ group, ...facts }: GroupFacts): GroupStep | undefined {
  const member = surplusOf({ group, ...facts }).find((each) => {
    const rest = { ...group, members: group.members.filter((other) => other !== each) }
    return rest.members.length >= 1 && countLive(rest.members, facts.isLive) >= majorityOf(rest)
  })
  return member && { kind: 'remove', member }
}

/** Who should go: the dead first, then in their order. */
function surplusOf({ group, target, isLive }: GroupFacts): readonly Member[] {
  const surplus = group.members.filter((member) => !includes(target, member))
  return [...surplus.filter((member) => !isLive(member)), ...surplus.filter(isLive)]
}

function countLive(members: readonly Member[], isLive: (member: Member) => boolean): number {
  return members.filter(isLive).length
}

function includes(members: readonly Member[], member: Member): boolean {
  return members.some((each) => compareMembers(each, member) === 0)
}
