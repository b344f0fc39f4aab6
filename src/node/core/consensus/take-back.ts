/**
 * What a member begins with at a block after its network was recovered by force: the block is its own alone, whatever others of its group
 * may have decided since. Everything that it accepted may have been chosen, and is proposed again as a preparing primary would do it.
 *
 * Invariants: a block is taken back under a higher recovery number only, so once for each recovery; the index of its group rises by one;
 * no entry that was accepted here is given up but a change of the group and what lies behind one, since nothing behind a change can have
 * been chosen before it was known to be.
 */

import type { Ballot } from './ballot.ts'
import type { BlockRecord } from './block-record.ts'
import type { Group, Member } from './group.ts'
import type { Proposer } from './prepare-alone.ts'
import type { LogEntry, ReplicaRecord, Slot } from './replica-events.ts'

export interface TakenBack {
  readonly block: BlockRecord | undefined
  readonly record: ReplicaRecord
  /** Slots that are held and not adopted: they go with the first write of the new group. */
  readonly stale: readonly number[]
}

/**
 * `held`: its promise is the higher one of record and vote. Undefined where the block is not to be taken back: this recovery did so already, or
 * nothing is known of the block.
 */
export function takeBack(block: BlockRecord | undefined, held: ReplicaRecord, self: Proposer): TakenBack | undefined {
  const { promised } = held
  if (promised === undefined || promised.recovery >= self.recovery) return undefined
  // Nobody gave birth to it as far as is known here: that is for the group of the map.
  if (block === undefined && held.slots.length === 0) return undefined
  const { nodeId, storeId, bootCount, recovery } = self
  const group = aloneGroup({ nodeId, storeId }, block === undefined ? 0 : block.group.index)
  const ballot: Ballot = { recovery, round: 0, bootCount, nodeId, storeId }
  const slots = adopted(held, group)
  const stale = held.slots.map(({ slot }) => slot).filter((slot) => !slots.some((other) => other.slot === slot))
  const taken = block && { ...block, group, promised: ballot }
  return { block: taken, record: { ...held, group, promised: ballot, slots }, stale }
}

/** The group behind a recovery, of a block whose group had this index. */
export function aloneGroup({ nodeId, storeId }: Member, index: number): Group {
  return { index: index + 1, members: [{ nodeId, storeId }], learners: [] }
}

/** In order and without gaps, each under the ballot under which it was accepted. */
function adopted({ applied, slots }: ReplicaRecord, group: Group): readonly Slot[] {
  const held = slots.filter(({ slot }) => slot > applied).toSorted((left, right) => left.slot - right.slot)
  const taken: Slot[] = []
  for (const { slot, ballot, entry } of held) {
    for (let gap = applied + taken.length + 1; gap < slot; gap++) taken.push({ slot: gap, ballot, entry: { kind: 'empty' } })
    if (entry.kind === 'group') return taken
    taken.push({ slot, ballot, entry: ofGroup(entry, group) })
  }
  return taken
}

/** A birth says to which group it is: to this one now. */
function ofGroup(entry: LogEntry, group: Group): LogEntry {
  return entry.kind === 'change' && entry.bornTo !== undefined ? { ...entry, bornTo: group } : entry
}
