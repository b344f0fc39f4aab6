import type { BlockAddress } from '../../core/base/address.ts'
import type { Acknowledgements } from '../../core/block/content-block.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'

/** Where immutable blocks belong, as this node knows it. */
export interface ContentPlacement {
  readonly self: Member
  /** Of the newest placement map that is known here. */
  readonly epoch: number
  /** The group of the newest epoch in rendezvous order; never empty. */
  groupOf(address: BlockAddress): readonly Member[]
  /** The members of each group of the newest epoch, in no order, where they are the same for every address: then none is computed. */
  readonly everybody?: readonly Member[] | undefined
  /** The groups of older epochs that are open and differ from it. */
  differing(address: BlockAddress): readonly (readonly Member[])[]
  /** Resolves when a map of this epoch or a later one is known here, which that node has. Rejects with `unavailable`. */
  reach(epoch: number, nodeId: Uint8Array, signal: AbortSignal): Promise<void>
}

/** Of a node that stores everything itself. */
export function lonelyPlacement(self: Member): ContentPlacement {
  const group = [self]
  return { self, epoch: 1, groupOf: () => group, differing: () => nothing, reach: () => Promise.resolve() }
}

const nothing: readonly never[] = []

/** The group of the newest epoch, in no order. */
export function membersAt(placement: ContentPlacement, address: BlockAddress): readonly Member[] {
  return placement.everybody ?? placement.groupOf(address)
}

/** Nobody else holds this block, or did. */
export function isAlone(placement: ContentPlacement, address: BlockAddress): boolean {
  const group = membersAt(placement, address)
  const [first] = group
  if (group.length !== 1 || first === undefined) return false
  return compareMembers(first, placement.self) === 0 && placement.differing(address).length === 0
}

export function hasMember(members: readonly Member[], member: Member): boolean {
  return members.some((each) => compareMembers(each, member) === 0)
}

/** The members of several groups, each once, in order. */
export function membersOf(groups: readonly (readonly Member[])[]): Member[] {
  const members: Member[] = []
  for (const group of groups) for (const member of group) if (!hasMember(members, member)) members.push(member)
  return members
}

export function memberName({ nodeId, storeId }: Member): string {
  return `${Buffer.from(nodeId).toString('latin1')}/${Buffer.from(storeId).toString('latin1')}`
}

/** How many of so many members have to have a copy durable. */
export function copiesRequired(members: number, rule: Acknowledgements): number {
  if (rule === 'all') return members
  return rule === 'one' ? 1 : Math.floor(members / 2) + 1
}

/** How many have to say that they have none, before nobody can have been told that there is one. */
export function noesRequired(members: number, least: Acknowledgements): number {
  return members - copiesRequired(members, least) + 1
}
