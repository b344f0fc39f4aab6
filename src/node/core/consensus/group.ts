/**
 * Who holds a mutable block. A member is a node together with one data directory of it: a node that lost its store comes back as
 * another member.
 *
 * Invariants: members and learners are sorted and without repetition, no one is both, a group has one member at least. The index
 * grows by one with every change of the group, so a vote from an older group is recognized.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes, equalBytes } from '../base/bytes.ts'

export const nodeIdBytes = 32
export const storeIdBytes = 16
/** The protocol's bound, not a setting: quorums and messages are laid out for it. */
export const groupMembersMax = 9

export interface Member {
  /** SHA-256 of the node's public key, last byte 0. */
  readonly nodeId: Uint8Array
  /** 16 bytes that name one data directory. */
  readonly storeId: Uint8Array
}

export interface Group {
  /** 0 at the block's birth, one more with each change. */
  readonly index: number
  readonly members: readonly Member[]
  /** They receive what is committed and do not vote. */
  readonly learners: readonly Member[]
}

export function compareMembers(left: Member, right: Member): number {
  return compareBytes(left.nodeId, right.nodeId) || compareBytes(left.storeId, right.storeId)
}

export function isMember(group: Group, member: Member): boolean {
  return group.members.some((other) => compareMembers(other, member) === 0)
}

/** Nobody but its one member hears of what is decided. */
export function isLonely({ members, learners }: Group): boolean {
  return members.length + learners.length === 1
}

/** A group of this node alone, in whichever data directory. */
export function isLonelyAt(group: Group, nodeId: Uint8Array): boolean {
  return isLonely(group) && group.members.some((member) => equalBytes(member.nodeId, nodeId))
}

/** The members of several lists, each once, in order. */
export function membersOf(lists: readonly (readonly Member[])[]): readonly Member[] {
  const members: Member[] = []
  for (const list of lists) {
    for (const member of list) if (!members.some((other) => compareMembers(other, member) === 0)) members.push(member)
  }
  return members
}

/** How many members make a majority. */
export function majorityOf(group: Group): number {
  return Math.floor(group.members.length / 2) + 1
}

export function isSameGroup(left: Group, right: Group): boolean {
  return (
    left.index === right.index && areSameMembers(left.members, right.members) && areSameMembers(left.learners, right.learners)
  )
}

/** Of two sorted lists. */
export function areSameMembers(left: readonly Member[], right: readonly Member[]): boolean {
  if (left.length !== right.length) return false
  return left.every((member, order) => {
    const other = right[order]
    return other !== undefined && compareMembers(member, other) === 0
  })
}

/** The group of a block that is born with these members. */
export function bornGroup(members: readonly Member[]): Group {
  const group = { index: 0, members: members.toSorted(compareMembers), learners: [] }
  assert(isWellFormedGroup(group), 'a block is born to a well-formed group')
  return group
}

export function isWellFormedGroup(group: Group): boolean {
  const everyone = [...group.members, ...group.learners]
  return (
    Number.isSafeInteger(group.index) &&
    group.index >= 0 &&
    group.members.length >= 1 &&
    everyone.length <= groupMembersMax &&
    everyone.every((member) => member.nodeId.length === nodeIdBytes && member.storeId.length === storeIdBytes) &&
    isStrictlySorted(group.members) &&
    isStrictlySorted(group.learners) &&
    !group.learners.some((learner) => isMember(group, learner))
  )
}

function isStrictlySorted(members: readonly Member[]): boolean {
  return members.every((member, index) => {
    const before = members[index - 1]
    return before === undefined || compareMembers(before, member) < 0
  })
}
