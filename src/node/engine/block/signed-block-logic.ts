import { CodedError } from '../../../shared/coded-error.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { Applied, KeptOutcomes } from '../../core/consensus/apply-entry.ts'
import { applyEntry } from '../../core/consensus/apply-entry.ts'
import type { BlockEntry } from '../../core/consensus/block-entry.ts'
import { decodeBlockEntry } from '../../core/consensus/block-entry-codec.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Group } from '../../core/consensus/group.ts'
import { isLonely } from '../../core/consensus/group.ts'
import type { Outcome } from '../../core/consensus/outcome.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import { decodeOutcome, encodeOutcome } from '../../core/consensus/record-codec.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { AppliedEntry, BlockLogic, ChosenEntry } from '../consensus/block-logic.ts'
import type { OutcomeLookup } from '../outcome-lookup.ts'
import { outcomesUpTo } from '../outcomes-up-to.ts'
import { corrupt } from './content-blocks.ts'

export interface SignedBlockLogicParts {
  readonly store: RecordStore
  readonly clock: NodeClock
  readonly limits: Limits
  readonly outcomes: OutcomeLookup
}

/** What the primary that made an entry knows of it beside its bytes: that its request id was not decided, and what it forgets. */
export class LocalBlockEntry {
  readonly entry: BlockEntry
  readonly forgotten: readonly Uint8Array[]

  constructor(entry: BlockEntry, forgotten: readonly Uint8Array[]) {
    this.entry = entry
    this.forgotten = forgotten
  }
}

export interface BlockEntryResult {
  readonly misfit: Applied['misfit']
  /** Of the entry's request id, decided by this entry or by an earlier one. */
  readonly outcome: Outcome | undefined
  /** The state behind the entry. */
  readonly record: BlockRecord | undefined
}

interface FoundOutcomes {
  readonly recorded: Outcome | undefined
  readonly forgotten: readonly Uint8Array[]
}

/** What the entries of owner and named blocks do. Of the records beside the block's own it reads outcomes only. */
export class SignedBlockLogic implements BlockLogic {
  readonly #parts: SignedBlockLogicParts

  constructor(parts: SignedBlockLogicParts) {
    this.#parts = parts
  }

  spaceOf(body: Uint8Array, local: unknown): 'normal' | 'reserve' {
    const entry = local instanceof LocalBlockEntry ? local.entry : entryOf(body)
    return entry.kind === 'removal' ? 'reserve' : 'normal'
  }

  apply(record: BlockRecord | undefined, { address, body, group, local }: ChosenEntry): AppliedEntry | Promise<AppliedEntry> {
    const entry = local instanceof LocalBlockEntry ? local.entry : entryOf(body)
    if (!equalBytes(entry.address, address)) throw new CodedError('data-corrupt', 'an entry of another block')
    // Among several members the entry may stand behind others that its primary had not applied when it made it.
    if (local instanceof LocalBlockEntry && isLonely(group)) {
      return this.#apply(record, entry, group, { recorded: undefined, forgotten: local.forgotten })
    }
    return this.#find(record, entry).then((found) => this.#apply(record, entry, group, found))
  }

  async #find(record: BlockRecord | undefined, entry: BlockEntry): Promise<FoundOutcomes> {
    const { address, requestId, forgetUpTo } = entry
    const { outcomes } = this.#parts
    const bytes = requestId && (await outcomes.find(outcomeKey(address, requestId), requestId))
    const recorded = bytes && decodeOutcome(bytes)
    if (bytes !== undefined && recorded === undefined) throw corrupt(address)
    const block = { address, outcomeFloor: record?.outcomeFloor ?? 0n }
    return { recorded, forgotten: await outcomesUpTo(this.#parts, block, forgetUpTo) }
  }

  #apply(record: BlockRecord | undefined, entry: BlockEntry, group: Group, { recorded, forgotten }: FoundOutcomes): AppliedEntry {
    const { clock, limits } = this.#parts
    const kept: KeptOutcomes = { recorded, forgotten: forgotten.length }
    const applied = applyEntry(record, entry, group, kept, hlcFromMs(limits.horizonMs))
    const result: BlockEntryResult = { misfit: applied.misfit, outcome: recorded ?? applied.outcome, record: applied.record }
    const durable = (): void => void clock.observe(entry.issued)
    return { record: applied.record, writes: writesOf(record, entry, applied, forgotten), result, durable }
  }
}

function writesOf(
  before: BlockRecord | undefined,
  entry: BlockEntry,
  { record, outcome }: Applied,
  forgotten: readonly Uint8Array[],
): readonly RecordWrite[] {
  if (record === before) return []
  const writes: RecordWrite[] = forgotten.map((key) => ({ kind: 'delete', family: 'outcome', key }))
  if (outcome !== undefined && entry.requestId !== undefined) {
    const key = outcomeKey(entry.address, entry.requestId)
    writes.push({ kind: 'put', family: 'outcome', key, value: encodeOutcome(outcome) })
  }
  return writes
}

function entryOf(body: Uint8Array): BlockEntry {
  const entry = decodeBlockEntry(body)
  if (entry === undefined) throw new CodedError('data-corrupt', 'an entry of this block cannot be read')
  return entry
}
