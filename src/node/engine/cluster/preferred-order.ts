import type { BlockAddress } from '../../core/base/address.ts'
import type { Member } from '../../core/consensus/group.ts'
import { compareMembers } from '../../core/consensus/group.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import type { Liveness } from './liveness.ts'

/**
 * The members of a block's group in the order in which they should lead it. It begins with another one at other addresses, so that the
 * blocks of a group are led by all of its members.
 */
export function preferredOrder(address: BlockAddress, members: readonly Member[]): readonly Member[] {
  if (members.length < 2) return members
  const number = ((address[0] ?? 0) << 16) | ((address[1] ?? 0) << 8) | (address[2] ?? 0)
  const first = number % members.length
  return [...members.slice(first), ...members.slice(0, first)]
}

/**
 * Who should lead a block that nobody has used for so long: the first of its members that may answer, also where another one leads since it
 * was away. Undefined while the block is in use, where this node is the one and writes slowly, and where it does not know; a node that has
 * just started knows nothing.
 */
export function returningTo(
  block: Pick<HostedBlock, 'address' | 'group' | 'usage'>,
  self: Member,
  liveness: Liveness,
  nowMs: number,
  idleMs: number,
): Member | undefined {
  const { activeAtMs, isWell } = block.usage(nowMs)
  if (activeAtMs === undefined || nowMs - activeAtMs < idleMs) return undefined
  const first = preferredOrder(block.address, block.group.members).find(({ nodeId }) => liveness.mayAnswer(nodeId))
  const isUnwell = first !== undefined && compareMembers(first, self) === 0 && !isWell
  return isUnwell ? undefined : first
}
