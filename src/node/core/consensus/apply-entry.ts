/**
 * Applies one entry to the record of a signed block: a function of the two and of the outcomes that the block keeps, so that every member
 * arrives at the same state. An entry that does not fit uses up its slot, changes nothing else and is answered as a conflict. Group,
 * promise and committed index in the record are those of the member that applies, which stamps them.
 *
 * Invariants:
 * - version n+1 follows n and nothing else does; birth is version 0;
 * - a birth needs a generation above that of the tombstone it meets, and one younger than the horizon, so that neither an old
 *   insert nor an old version comes back, not even when the tombstone is gone;
 * - a removal fits only the version that its proof names;
 * - what a request id led to is recorded by the entry that decided it, whether it fitted or not; an entry that brings the id again,
 *   carried on by another primary or sent once more, changes nothing, and neither does one whose outcome may be forgotten.
 */

import { assert } from '../../../shared/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { birthBallot } from './ballot.ts'
import type { BirthEntry, BlockEntry, RemovalEntry, VersionEntry } from './block-entry.ts'
import type { BlockRecord, BlockState } from './block-record.ts'
import type { Group } from './group.ts'
import type { Outcome } from './outcome.ts'

/** Why an entry changes nothing. */
export type Misfit =
  /** The block was never born, or its tombstone has been dropped. */
  | 'absent'
  | 'removed'
  | 'exists'
  /** The generation is not the block's, or not above the tombstone's. */
  | 'generation'
  /** The generation is older than the horizon. */
  | 'horizon'
  /** Not exactly one above the present version, or for a removal not the present version. */
  | 'version'
  /** A map block takes no signed versions. */
  | 'map'
  /** It was known not to fit, so nothing was signed. */
  | 'unsigned'

export interface Applied {
  /** Undefined where an entry that is no birth met a block without a record; the same object where nothing at all was changed. */
  readonly record: BlockRecord | undefined
  readonly misfit: Misfit | 'repeated' | 'too-old' | undefined
  /** To be kept under the entry's request id; undefined where it has none, or where it is kept already. */
  readonly outcome: Outcome | undefined
}

/** What a block keeps of outcomes, as far as an entry is concerned. */
export interface KeptOutcomes {
  /** Of the entry's request id. */
  readonly recorded: Outcome | undefined
  /** How many were issued at or below what the entry forgets up to. */
  readonly forgotten: number
}

/** A block as far as it says what fits it. */
export interface BlockPosition {
  readonly generation: bigint
  readonly version: bigint
  readonly state: { readonly kind: BlockState['kind'] }
}

/** `group`: of a birth, the group that it is born to. `horizon` is the distance of the horizon as a difference of HLCs. */
export function applyEntry(
  record: BlockRecord | undefined,
  entry: BlockEntry,
  group: Group,
  kept: KeptOutcomes,
  horizon: bigint,
): Applied {
  assert(record === undefined || equalBytes(record.address, entry.address), 'an entry is applied to its own block')
  const { requestId } = entry
  if (requestId !== undefined) {
    if (kept.recorded !== undefined) return { record, misfit: 'repeated', outcome: undefined }
    if (requestId.issued <= floorBehind(record, entry)) return { record, misfit: 'too-old', outcome: undefined }
  }
  const misfit = misfitOf(record, entry, horizon) ?? (isUnsigned(entry) ? 'unsigned' : undefined)
  if (record === undefined) {
    if (misfit !== undefined || entry.kind !== 'birth')
      return { record: undefined, misfit: misfit ?? 'absent', outcome: undefined }
    return finish(born(entry, group), entry, kept, undefined)
  }
  if (misfit !== undefined) return finish(record, entry, kept, misfit)
  switch (entry.kind) {
    case 'birth':
      // The tombstone's slots go on, and so do the outcomes of the life before: an id stays spent.
      return finish({ ...record, ...lifeOf(entry) }, entry, kept, undefined)
    case 'version':
      return finish(
        { ...record, version: entry.version, state: { kind: 'signed', signed: entry.signed } },
        entry,
        kept,
        undefined,
      )
    case 'removal':
      return finish({ ...record, state: { kind: 'removed', proof: entry.proof, removed: entry.issued } }, entry, kept, undefined)
  }
}

/** Why the entry would change nothing; undefined when it fits. Asked before it is signed, and before it is proposed. */
export function misfitOf(position: BlockPosition | undefined, entry: BlockEntry, horizon: bigint): Misfit | undefined {
  if (entry.kind === 'birth') return birthMisfit(position, entry, horizon)
  if (position === undefined) return 'absent'
  return changeMisfit(position, entry)
}

/** Ids issued at or below this HLC are too old once the entry was applied. */
export function floorBehind(
  record: Pick<BlockRecord, 'outcomeFloor'> | undefined,
  entry: Pick<BlockEntry, 'forgetUpTo'>,
): bigint {
  const floor = record?.outcomeFloor ?? 0n
  return entry.forgetUpTo > floor ? entry.forgetUpTo : floor
}

function birthMisfit(position: BlockPosition | undefined, entry: BirthEntry, horizon: bigint): Misfit | undefined {
  if (position !== undefined && position.state.kind !== 'removed') return 'exists'
  if (position !== undefined && entry.generation <= position.generation) return 'generation'
  return entry.issued - entry.generation > horizon ? 'horizon' : undefined
}

function changeMisfit(position: BlockPosition, entry: VersionEntry | RemovalEntry): Misfit | undefined {
  if (position.state.kind === 'removed') return 'removed'
  if (position.state.kind === 'map') return 'map'
  if (entry.generation !== position.generation) return 'generation'
  const expected = entry.kind === 'version' ? position.version + 1n : position.version
  return entry.version === expected ? undefined : 'version'
}

function isUnsigned(entry: BlockEntry): boolean {
  return entry.kind !== 'removal' && entry.signed.length === 0
}

function born(entry: BirthEntry, group: Group): BlockRecord {
  const [first] = group.members
  assert(first !== undefined, 'a block is born to a member')
  return {
    address: entry.address,
    group,
    promised: birthBallot(first, 1),
    committedIndex: 0n,
    outcomeFloor: 0n,
    outcomeCount: 0,
    ...lifeOf(entry),
  }
}

function lifeOf(entry: BirthEntry): { generation: bigint; version: bigint; state: BlockState } {
  return { generation: entry.generation, version: 0n, state: { kind: 'signed', signed: entry.signed } }
}

function finish(record: BlockRecord, entry: BlockEntry, { forgotten }: KeptOutcomes, misfit: Misfit | undefined): Applied {
  assert(forgotten <= record.outcomeCount, 'no more outcomes are forgotten than are kept')
  const { requestId, asked } = entry
  if (misfit !== undefined && requestId === undefined && entry.forgetUpTo === 0n) return { record, misfit, outcome: undefined }
  const outcomeCount = record.outcomeCount - forgotten + (requestId === undefined ? 0 : 1)
  const next = { ...record, outcomeFloor: floorBehind(record, entry), outcomeCount }
  if (requestId === undefined) return { record: next, misfit, outcome: undefined }
  const { generation, version } = record
  assert(asked !== undefined, 'an outcome is kept with what was asked')
  return { record: next, misfit, outcome: { kind: misfit === undefined ? 'done' : 'conflict', generation, version, asked } }
}
