import { CodedError } from '../../../shared/coded-error.ts'
import type { Group, Member } from '../../core/consensus/group.ts'
import type { RefusedProposal } from '../../core/consensus/replica-events.ts'

/** Thrown where another member leads, or should: whoever routes the request asks there. */
export class NotPrimary extends Error {
  override readonly name = 'NotPrimary'
  readonly members: readonly Member[]
  /** Who is ahead, as far as is known. */
  readonly ahead: Member | undefined

  constructor(members: readonly Member[], ahead: Member | undefined) {
    super('another node leads this block')
    this.members = members
    this.ahead = ahead
  }
}

/** Thrown where a proposal went out and another member took over: it is chosen, or it will be, or never. */
export class LostProposal extends Error {
  override readonly name = 'LostProposal'

  constructor() {
    super('another node took this block over while a change was under way')
  }
}

/** What the machine refused, before anybody else knows of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: RefusedProposal

  constructor(reason: RefusedProposal) {
    super(`refused: ${reason}`)
    this.reason = reason
  }
}

export function noMajority({ members }: Group): CodedError {
  const message = `no majority of the ${members.length} nodes that hold this block answers; nothing was changed`
  return new CodedError('unavailable', message, { details: { members: members.length } })
}

export function beingMoved(): CodedError {
  const message = 'blocks are being moved because nodes came or went, and this one may be elsewhere; nothing was changed'
  return new CodedError('unavailable', message)
}

export function beingFetched(): CodedError {
  return new CodedError('unavailable', 'the state of this block is being fetched; nothing was changed')
}

/** Why a node takes no part in its network any more. */
export type Withdrawal =
  /** Its data directory is older than others have seen it, or is in use twice. */
  | 'older'
  /** The network was recovered by force without this data directory. */
  | 'left-behind'
  /** It left the network, or was evicted. */
  | 'removed'

const withdrawals: Readonly<Record<Withdrawal, string>> = {
  older: 'other nodes have seen this data directory further than it is: it was restored or copied, and takes no part any more',
  'left-behind':
    'the network was recovered by force without this data directory, which takes no part any more and stays as it is: join anew with an empty one',
  removed:
    'this node is not of the network any more: it left, or was evicted. Its data directory stays as it is; join anew with an empty one',
}

/** Throws `unavailable` where the node has withdrawn. */
export function assertOfGroup(withdrawal: Withdrawal | undefined): void {
  if (withdrawal === undefined) return
  throw new CodedError('unavailable', `${withdrawals[withdrawal]}; nothing was changed`, { details: { withdrawn: withdrawal } })
}
