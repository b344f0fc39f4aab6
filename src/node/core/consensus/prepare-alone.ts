/**
 * What a start does before its first entry of a block whose only member it is: it prepares a ballot of its own above the one promised.
 * Its own persisted vote is the majority, so the promise goes down in one batch with the entry that it is for.
 *
 * Invariants: nothing is proposed under a ballot of an earlier start; the promised ballot never falls. A group that names another
 * store than this one is changed only under a higher recovery number, which a forced recovery alone gives.
 */

import { assert } from '../../../shared/assert.ts'
import type { Ballot } from './ballot.ts'
import { ballotAbove, isOwnBallot } from './ballot.ts'
import type { BlockRecord } from './block-record.ts'
import type { Member } from './group.ts'
import { isMember } from './group.ts'

export interface Proposer extends Member {
  readonly bootCount: number
  /** Of the network, as this node knows it. */
  readonly recovery: number
}

/** The record with which this start may propose the block's next entry; undefined when it is not the block's to change. */
export function prepareAlone(record: BlockRecord, self: Proposer): BlockRecord | undefined {
  if (isMember(record.group, self)) {
    if (record.group.members.length > 1) return undefined
    if (isOwnBallot(record.promised, self, self.bootCount)) return record
    return { ...record, promised: ballotAbove(record.promised, self, self.bootCount) }
  }
  if (self.recovery <= record.promised.recovery) return undefined
  const { nodeId, storeId, bootCount, recovery } = self
  const promised: Ballot = { recovery, round: 0, bootCount, nodeId, storeId }
  const group = { index: record.group.index + 1, members: [{ nodeId, storeId }], learners: [] }
  assert(isMember(group, self), 'a recovered block is held by who recovered it')
  return { ...record, promised, group }
}
