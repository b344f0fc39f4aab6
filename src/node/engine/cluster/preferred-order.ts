import type { BlockAddress } from '../../core/base/address.ts'
import type { Member } from '../../core/consensus/group.ts'

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
