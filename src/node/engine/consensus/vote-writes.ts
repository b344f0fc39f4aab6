import type { BlockAddress } from '../../core/base/address.ts'
import type { Ballot } from '../../core/consensus/ballot.ts'
import { birthBallot } from '../../core/consensus/ballot.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import type { Slot } from '../../core/consensus/replica-events.ts'
import { acceptedKey, encodeAccepted, encodeVote } from '../../core/consensus/vote-codec.ts'
import type { RecordWrite } from '../../ports/record-store.ts'

/** The promise of a member that has promised nobody: below all that anybody prepares with. */
export function leastPromise(self: Proposer): Ballot {
  return birthBallot(self, self.bootCount, self.recovery)
}

/** The promise of this member, with the mark that its state is being replaced. */
export function voteWrite(address: BlockAddress, promised: Ballot, installing: boolean): RecordWrite {
  return { kind: 'put', family: 'vote', key: address, value: encodeVote({ promised, installing }) }
}

export function acceptedWrite(address: BlockAddress, { slot, ballot, entry }: Slot): RecordWrite {
  return { kind: 'put', family: 'accepted', key: acceptedKey(address, slot), value: encodeAccepted({ ballot, entry }) }
}
