import type { BlockAddress } from '../../core/base/address.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Group } from '../../core/consensus/group.ts'
import type { CommitOptions, RecordWrite } from '../../ports/record-store.ts'

/** An entry that is about to be applied. */
export interface ChosenEntry {
  readonly address: BlockAddress
  readonly body: Uint8Array
  /** The group in force; of a birth, the group that it is born to. */
  readonly group: Group
  /** What the proposer handed over beside the entry, where that is this node at this start: it saves decoding and reading again. */
  readonly local: unknown
}

/** What an entry did. */
export interface AppliedEntry {
  /** The state behind the entry; of group, promise and index in it the host sees to. Undefined where a block stays unborn. */
  readonly record: BlockRecord | undefined
  /** Written in one batch with the record. */
  readonly writes: readonly RecordWrite[]
  readonly result: unknown
  /** Called once the batch is durable. Must not throw. */
  readonly durable?: () => void
}

/**
 * What the entries of one kind of block do. `apply` is a function of record, records and entry alone, so that every member arrives at the
 * same state; what cannot be read is `data-corrupt`, and the member then abstains.
 */
export interface BlockLogic {
  apply(record: BlockRecord | undefined, entry: ChosenEntry): AppliedEntry | Promise<AppliedEntry>
  /** Where the entry's acceptance takes its space from. */
  spaceOf(body: Uint8Array, local: unknown): CommitOptions['space']
  /** What travels with an entry and counts as stored here once it is accepted, for who gets the state behind it without applying it. */
  carried?(address: BlockAddress, body: Uint8Array): readonly RecordWrite[]
}

/** The logic of a block by its record, or by the entry of its birth. */
export type LogicOf = (record: BlockRecord | undefined, body: Uint8Array) => BlockLogic
