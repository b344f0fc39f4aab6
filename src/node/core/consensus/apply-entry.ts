/**
 * Applies one entry to the record of a signed block: a function of the two and nothing else, so that every member arrives at the same
 * state. An entry that does not fit uses up its slot, changes nothing else and is answered as a conflict.
 *
 * Invariants:
 * - version n+1 follows n and nothing else does; birth is version 0;
 * - a birth needs a generation above that of the tombstone it meets, and one younger than the horizon, so that neither an old
 *   insert nor an old version comes back, not even when the tombstone is gone;
 * - a removal fits only the version that its proof names;
 * - what a request id led to is recorded by the entry that decided it, whether it fitted or not.
 */

import { assert } from '../../../shared/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { compareBallots } from './ballot.ts'
import type { BirthEntry, BlockEntry, RemovalEntry, VersionEntry } from './block-entry.ts'
import type { BlockRecord, BlockState } from './block-record.ts'
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

export interface Applied {
  /** Undefined where an entry that is no birth met a block without a record. */
  readonly record: BlockRecord | undefined
  readonly misfit: Misfit | undefined
  /** To be kept under the entry's request id; undefined where it has none. */
  readonly outcome: Outcome | undefined
}

/** `horizon` is the distance of the horizon as a difference of HLCs. */
export function applyEntry(record: BlockRecord | undefined, entry: BlockEntry, horizon: bigint): Applied {
  if (record !== undefined) {
    assert(equalBytes(record.address, entry.address), 'an entry is applied to its own block')
    assert(compareBallots(entry.ballot, record.promised) >= 0, 'an entry is chosen under the promised ballot or a higher one')
  }
  const misfit = misfitOf(record, entry, horizon)
  if (record === undefined) {
    if (misfit !== undefined || entry.kind !== 'birth')
      return { record: undefined, misfit: misfit ?? 'absent', outcome: undefined }
    return finish(born(entry), entry, undefined)
  }
  const next = { ...record, promised: entry.ballot, committedIndex: record.committedIndex + 1n }
  if (misfit !== undefined) return finish(next, entry, misfit)
  switch (entry.kind) {
    case 'birth':
      // The tombstone's slots go on, and so do the outcomes of the life before: an id stays spent.
      return finish({ ...next, ...lifeOf(entry), group: entry.group }, entry, undefined)
    case 'version':
      return finish({ ...next, version: entry.version, state: { kind: 'signed', signed: entry.signed } }, entry, undefined)
    case 'removal':
      return finish({ ...next, state: { kind: 'removed', proof: entry.proof, removed: entry.issued } }, entry, undefined)
  }
}

/** Why the entry would change nothing; undefined when it fits. The primary asks before it proposes. */
export function misfitOf(record: BlockRecord | undefined, entry: BlockEntry, horizon: bigint): Misfit | undefined {
  if (entry.kind === 'birth') return birthMisfit(record, entry, horizon)
  if (record === undefined) return 'absent'
  return changeMisfit(record, entry)
}

function birthMisfit(record: BlockRecord | undefined, entry: BirthEntry, horizon: bigint): Misfit | undefined {
  if (record !== undefined && record.state.kind !== 'removed') return 'exists'
  if (record !== undefined && entry.generation <= record.generation) return 'generation'
  return entry.issued - entry.generation > horizon ? 'horizon' : undefined
}

function changeMisfit(record: BlockRecord, entry: VersionEntry | RemovalEntry): Misfit | undefined {
  if (record.state.kind === 'removed') return 'removed'
  if (record.state.kind === 'map') return 'map'
  if (entry.generation !== record.generation) return 'generation'
  const expected = entry.kind === 'version' ? record.version + 1n : record.version
  return entry.version === expected ? undefined : 'version'
}

function born(entry: BirthEntry): BlockRecord {
  return {
    address: entry.address,
    group: entry.group,
    promised: entry.ballot,
    committedIndex: 0n,
    outcomeFloor: 0n,
    outcomeCount: 0,
    ...lifeOf(entry),
  }
}

function lifeOf(entry: BirthEntry): { generation: bigint; version: bigint; state: BlockState } {
  return { generation: entry.generation, version: 0n, state: { kind: 'signed', signed: entry.signed } }
}

function finish(record: BlockRecord, entry: BlockEntry, misfit: Misfit | undefined): Applied {
  const forgotten = entry.forget?.count ?? 0
  const floor = entry.forget?.floor ?? 0n
  assert(forgotten <= record.outcomeCount, 'no more outcomes are forgotten than are kept')
  const kept = {
    ...record,
    outcomeFloor: floor > record.outcomeFloor ? floor : record.outcomeFloor,
    outcomeCount: record.outcomeCount - forgotten + (entry.requestId === undefined ? 0 : 1),
  }
  if (entry.requestId === undefined) return { record: kept, misfit, outcome: undefined }
  const { generation, version } = record
  const { asked } = entry
  assert(asked !== undefined, 'an outcome is kept with what was asked')
  return { record: kept, misfit, outcome: { kind: misfit === undefined ? 'done' : 'conflict', generation, version, asked } }
}
