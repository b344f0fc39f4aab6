/**
 * The number under which a member proposes. Ballots are totally ordered: first by the recovery number, so that whoever missed a
 * forced recovery never outvotes those who took part in it, then by round, then by what makes the proposer unique.
 *
 * Invariants: two proposers never share a ballot, for it names node and store. A process never uses a ballot from before its start,
 * because the boot count is counted durably before a store opens and is part of the ballot: a later start may find its old ballot
 * promised, but never proposes under it.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes } from '../base/bytes.ts'
import type { Member } from './group.ts'
import { nodeIdBytes, storeIdBytes } from './group.ts'

export interface Ballot {
  /** Raised by a forced recovery only. */
  readonly recovery: number
  readonly round: number
  /** Of the store that proposes: 1 at its first start. */
  readonly bootCount: number
  readonly nodeId: Uint8Array
  readonly storeId: Uint8Array
}

export function compareBallots(left: Ballot, right: Ballot): number {
  return (
    left.recovery - right.recovery ||
    left.round - right.round ||
    left.bootCount - right.bootCount ||
    compareBytes(left.nodeId, right.nodeId) ||
    compareBytes(left.storeId, right.storeId)
  )
}

/** The first ballot of a block whose only member is the proposer: the one under which it is born. Nobody prepares with it. */
export function birthBallot(proposer: Member, bootCount: number, recovery = 0): Ballot {
  return ballotOf(recovery, 0, proposer, bootCount)
}

/** Whether the ballot was made by this start of this member, so that it may go on proposing under it. */
export function isOwnBallot(ballot: Ballot, proposer: Member, bootCount: number): boolean {
  return (
    ballot.bootCount === bootCount &&
    compareBytes(ballot.nodeId, proposer.nodeId) === 0 &&
    compareBytes(ballot.storeId, proposer.storeId) === 0
  )
}

/** The least ballot of this member, at this start, above what was promised: what it prepares with. */
export function ballotAbove(promised: Ballot, proposer: Member, bootCount: number): Ballot {
  const sameRound = ballotOf(promised.recovery, promised.round, proposer, bootCount)
  const ballot =
    compareBallots(sameRound, promised) > 0 ? sameRound : ballotOf(promised.recovery, promised.round + 1, proposer, bootCount)
  assert(compareBallots(ballot, promised) > 0, 'a new ballot is above the promise')
  return ballot
}

export function isWellFormedBallot(ballot: Ballot): boolean {
  return (
    [ballot.recovery, ballot.round, ballot.bootCount].every((part) => Number.isSafeInteger(part) && part >= 0) &&
    ballot.bootCount >= 1 &&
    ballot.nodeId.length === nodeIdBytes &&
    ballot.storeId.length === storeIdBytes
  )
}

function ballotOf(recovery: number, round: number, proposer: Member, bootCount: number): Ballot {
  return { recovery, round, bootCount, nodeId: proposer.nodeId, storeId: proposer.storeId }
}
