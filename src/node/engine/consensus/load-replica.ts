import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { prefixEnd } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Ballot } from '../../core/consensus/ballot.ts'
import { compareBallots } from '../../core/consensus/ballot.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Group } from '../../core/consensus/group.ts'
import { isLonelyAt } from '../../core/consensus/group.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { prepareAlone } from '../../core/consensus/prepare-alone.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { ReplicaLimits, ReplicaRecord, Slot } from '../../core/consensus/replica-events.ts'
import { takeBack } from '../../core/consensus/take-back.ts'
import { decodeAccepted, decodeVote, slotOfAcceptedKey } from '../../core/consensus/vote-codec.ts'
import type { RecordStore } from '../../ports/record-store.ts'

/** What the disk says of a block: its record, and what a machine begins with. */
export interface LoadedReplica {
  readonly block: BlockRecord | undefined
  readonly record: ReplicaRecord
  /** Its state was left half replaced by a snapshot. */
  readonly installing: boolean
  /** Slots on the disk that are of no use since a recovery by force: they go with the next write of the block. */
  readonly stale: readonly number[]
}

/**
 * Reads a block as this member left it. `unborn`: the group that a block without a record would be born to. Throws `data-corrupt` where
 * the record does not verify, or where records may be missing: who does not know what it voted for does not vote.
 */
export async function loadReplica(
  store: RecordStore,
  address: BlockAddress,
  self: Proposer,
  unborn: () => Group,
): Promise<LoadedReplica> {
  const found = store.get('block', address)
  const bytes = found instanceof Promise ? await found : found
  const block = bytes === undefined ? undefined : decodeBlockRecord(address, bytes)
  if (bytes !== undefined && block === undefined) throw corrupt('the record of this block cannot be read')
  // A group of one accepts by applying: beside its record neither votes nor accepted entries count.
  const isAlone = block !== undefined && isLonelyAt(block.group, self.nodeId)
  if (isAlone) return aloneReplica(block, self)
  const vote = await readVote(store, address)
  const installing = vote?.installing === true
  // Also where the state is being replaced: what was applied is chosen, and nobody may choose anything else for it.
  const applied = block === undefined ? -1 : Number(block.committedIndex)
  const slots = await readHeldSlots(store, address, applied)
  const group = block?.group ?? unborn()
  const record = { group, promised: higher(block?.promised, vote?.promised), applied, slots }
  const taken = installing ? undefined : takeBack(block, record, self)
  return taken === undefined ? { block, record, installing, stale: [] } : { ...taken, installing }
}

export function replicaLimits(limits: Limits): ReplicaLimits {
  return {
    pipelineMax: limits.pipelineMax,
    resendMs: limits.resendMs,
    resendMaxMs: limits.resendMaxMs,
    acceptEntriesMax: limits.acceptEntriesMax,
    acceptBytesMax: limits.acceptBytesMax,
    confirmTimeoutMs: limits.confirmTimeoutMs,
    catchUpTimeoutMs: limits.catchUpTimeoutMs,
    silentMs: limits.silentMs,
    retainedEntriesMax: limits.retainedEntriesMax,
    retainedBytesMax: limits.retainedBytesMax,
    slowFactor: limits.slowFactor,
    slowWriteMs: limits.slowWriteMs,
    slowWritesMax: limits.slowWritesMax,
    stalledWriteMs: limits.stalledWriteMs,
    healthyMs: limits.healthyMs,
  }
}

/** A store that was recovered by force takes over the blocks that its old store held alone. */
function aloneReplica(found: BlockRecord, self: Proposer): LoadedReplica {
  const block = prepareAlone(found, self) ?? found
  const { group, promised, committedIndex } = block
  return { block, record: { group, promised, applied: Number(committedIndex), slots: [] }, installing: false, stale: [] }
}

async function readVote(
  store: RecordStore,
  address: BlockAddress,
): Promise<{ readonly promised: Ballot | undefined; readonly installing: boolean } | undefined> {
  const found = store.get('vote', address)
  const bytes = found instanceof Promise ? await found : found
  if (bytes === undefined) return undefined
  const vote = decodeVote(bytes)
  if (vote === undefined) throw corrupt('the promise of this block cannot be read')
  return vote
}

/** What was accepted above this slot, in order; all of it, since it is bounded by the pipeline. */
export async function readHeldSlots(store: RecordStore, address: BlockAddress, applied: number): Promise<readonly Slot[]> {
  const before = prefixEnd(address)
  const found = await store.scan('accepted', { from: address, ...(before && { before }), limit: acceptedAtOnce })
  const slots: Slot[] = []
  for (const { key, value } of found) {
    const slot = slotOfAcceptedKey(key)
    const accepted = decodeAccepted(value)
    if (slot === undefined || accepted === undefined) throw corrupt('an accepted entry of this block cannot be read')
    if (slot > applied) slots.push({ slot, ...accepted })
  }
  return slots
}

/** Far above the pipeline of any block. */
const acceptedAtOnce = 4096

function higher(left: Ballot | undefined, right: Ballot | undefined): Ballot | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return compareBallots(left, right) > 0 ? left : right
}

function corrupt(message: string): CodedError {
  return new CodedError('data-corrupt', message)
}
