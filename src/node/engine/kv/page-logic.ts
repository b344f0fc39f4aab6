import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { isLonely } from '../../core/consensus/group.ts'
import type { AppliedBatch, PageRules, RequestResult } from '../../core/kv/page-apply.ts'
import { applyBatch, isReplay, requestIdText, withLastBatch } from '../../core/kv/page-apply.ts'
import type { PageBatch } from '../../core/kv/page-batch.ts'
import type { PageChange } from '../../core/kv/page-change.ts'
import { isRemovalOnly, pageRequestOf } from '../../core/kv/page-change.ts'
import type { PageEntry, PageEntryPart } from '../../core/kv/page-entry.ts'
import { decodePageEntry } from '../../core/kv/page-entry.ts'
import type { RecordStore, RecordWrite } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { AppliedEntry, BlockLogic, ChosenEntry } from '../consensus/block-logic.ts'
import type { OutcomeLookup } from '../outcome-lookup.ts'
import { outcomesUpTo } from '../outcomes-up-to.ts'
import type { LoadedPage } from './load-page.ts'
import { loadPage } from './load-page.ts'
import { carriedValues, pageWrites } from './page-writes.ts'

export interface PageLogicParts {
  readonly store: RecordStore
  readonly limits: Limits
  readonly clock: NodeClock
  readonly rules: PageRules
  readonly outcomes: OutcomeLookup
  /** Told of the keys that an entry has changed, once that is durable. Must not throw. */
  readonly keysChanged: (page: BlockAddress, keys: Iterable<string>) => void
}

/** What the primary that made an entry knows of it beside its bytes. */
export class LocalPageEntry {
  readonly entry: PageEntry
  readonly present: LoadedPage
  /** Keys of the outcomes that the entry forgets. */
  readonly forgotten: readonly Uint8Array[]
  readonly #base: BlockRecord
  #isUsed = false

  /** `base`: the record of the page when the rest was read. */
  constructor(base: BlockRecord, entry: PageEntry, present: LoadedPage, forgotten: readonly Uint8Array[]) {
    this.#base = base
    this.entry = entry
    this.present = present
    this.forgotten = forgotten
  }

  /**
   * Whether the page is as it was when the entry was made: other entries may have come between, and what is present is changed by applying,
   * so that it serves once.
   */
  use(record: BlockRecord): boolean {
    const isOf = !this.#isUsed && this.#base === record
    this.#isUsed = true
    return isOf
  }
}

/** The results of an entry, by part and change. */
export type PageResults = readonly (readonly RequestResult[])[]

const forgetNothing = { floor: 0n, count: 0 }

/** What the entries of key-value pages do. */
export class PageLogic implements BlockLogic {
  readonly #parts: PageLogicParts
  /** Entries that were looked into when they were accepted, until they are applied. */
  readonly #decoded = new WeakMap<Uint8Array, PageEntry>()

  constructor(parts: PageLogicParts) {
    this.#parts = parts
  }

  spaceOf(body: Uint8Array, local: unknown): 'normal' | 'reserve' {
    const entry = local instanceof LocalPageEntry ? local.entry : this.#entryOf(body)
    if (!(local instanceof LocalPageEntry)) this.#decoded.set(body, entry)
    return entry.parts.every(({ changes }) => changes.every(isRemovalOnly)) ? 'reserve' : 'normal'
  }

  /** Values, each with a candidate: whether the page names them at all is for the collector to ask. */
  carried(page: BlockAddress, body: Uint8Array): readonly RecordWrite[] {
    const { hlc, parts } = entryOf(body)
    return carriedValues(
      page,
      parts.flatMap(({ changes }) => changes),
      hlc,
      this.#parts.rules.graceSpan,
    )
  }

  apply(record: BlockRecord | undefined, { address, body, local }: ChosenEntry): AppliedEntry | Promise<AppliedEntry> {
    if (record?.state.kind !== 'map') throw new CodedError('data-corrupt', 'an entry of a page meets another block')
    const isOwn = local instanceof LocalPageEntry
    if (isOwn && local.use(record)) return this.#apply(record, local, isOwn)
    const entry = isOwn ? local.entry : this.#entryOf(body)
    this.#decoded.delete(body)
    return this.#load(address, record, entry).then((loaded) => this.#apply(record, loaded, isOwn))
  }

  #entryOf(body: Uint8Array): PageEntry {
    return this.#decoded.get(body) ?? entryOf(body)
  }

  async #load(page: BlockAddress, record: BlockRecord, entry: PageEntry): Promise<LocalPageEntry> {
    const changes = entry.parts.flatMap((part) => part.changes)
    const { store, outcomes } = this.#parts
    const { failures, present } = await loadPage({ store, outcomes, page }, changes)
    for (const failure of failures.values()) throw failure
    return new LocalPageEntry(record, entry, present, await outcomesUpTo(this.#parts, record, entry.forgetUpTo))
  }

  /** `isOwn`: this node made the entry, as the primary that it is. */
  #apply(record: BlockRecord, { entry, present, forgotten }: LocalPageEntry, isOwn: boolean): AppliedEntry {
    // Where others hold the page too, or held it when the entry was made, one of them may have brought a value, or its candidate, before.
    const isFirst = isOwn && isLonely(record.group)
    let current = record
    let forget = { floor: entry.forgetUpTo, count: forgotten.length }
    const writes: RecordWrite[] = []
    const results: (readonly RequestResult[])[] = []
    const keys = new Set<string>()
    // Whose entries the store holds, or gets of a part before.
    const held = new Set(present.entries.keys())
    const last = entry.parts.at(-1)
    for (const part of entry.parts) {
      const batch = batchOf(current, entry.hlc, part, forget)
      if (batch === undefined) {
        results.push(part.changes.map((change) => knownResult(present, change)))
        continue
      }
      const applied = applyBatch(current, batch, present, this.#parts.rules)
      results.push(applied.results)
      if (!applied.changed) continue
      current = withLastBatch(applied.record, part.signed)
      const dropped = forget.count > 0 ? forgotten : []
      forget = forgetNothing
      writes.push(...pageWrites(current.address, applied, part.changes, held, dropped, batch.hlc, isFirst))
      for (const key of applied.entries.keys()) {
        keys.add(key)
        held.add(key)
      }
      if (part !== last) takeIn(present, applied)
    }
    if (entry.parts.length === 0) current = markedRecord(record, entry.hlc)
    // However many parts an entry has, its slot makes one version.
    const next = current === record ? record : { ...current, version: record.version + 1n }
    return { record: next, writes, result: results satisfies PageResults, durable: () => this.#durable(next, keys) }
  }

  #durable({ address, state }: BlockRecord, keys: ReadonlySet<string>): void {
    if (state.kind === 'map') this.#parts.clock.observe(state.head.revisionFloor)
    if (keys.size > 0) this.#parts.keysChanged(address, keys)
  }
}

/** An entry without parts is a mark: whatever follows is stamped above it. */
function markedRecord(record: BlockRecord, hlc: bigint): BlockRecord {
  assert(record.state.kind === 'map', 'a page is a map')
  const { head } = record.state
  return hlc > head.revisionFloor ? { ...record, state: { kind: 'map', head: { ...head, revisionFloor: hlc } } } : record
}

function entryOf(body: Uint8Array): PageEntry {
  const entry = decodePageEntry(body)
  if (entry === undefined) throw new CodedError('data-corrupt', 'an entry of this page cannot be read')
  return entry
}

/** The batch as it meets the page; undefined where it was applied before, or may have been. */
function batchOf(record: BlockRecord, hlc: bigint, part: PageEntryPart, forget: PageBatch['forget']): PageBatch | undefined {
  assert(record.state.kind === 'map', 'a batch is applied to a page')
  const { head } = record.state
  const { session, sequence, writer, changes } = part
  // Revisions go on above those of the part before.
  const stamp = hlc > head.revisionFloor ? hlc : head.revisionFloor + 1n
  const requests = changes.map((change) => pageRequestOf(change, stamp))
  const batch: PageBatch = { session, sequence, hlc: stamp, writer, requests, forget }
  return isReplay(head, batch) ? undefined : batch
}

function knownResult({ outcomes }: LoadedPage, { requestId }: PageChange): RequestResult {
  const kept = requestId && outcomes.get(requestIdText(requestId))
  return kept === undefined ? { kind: 'replayed' } : { kind: 'decided', outcomes: kept.outcomes, repeated: true }
}

/** What the next part meets. */
function takeIn(present: LoadedPage, applied: AppliedBatch): void {
  for (const [text, { entry }] of applied.entries) {
    if (entry === undefined) present.entries.delete(text)
    else present.entries.set(text, entry)
  }
  for (const kept of applied.outcomes) present.outcomes.set(requestIdText(kept.requestId), kept)
}
