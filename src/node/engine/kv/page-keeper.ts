import { assert } from '../../../shared/assert.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import type { Proposer } from '../../core/consensus/prepare-alone.ts'
import { prepareAlone } from '../../core/consensus/prepare-alone.ts'
import { decodeBlockRecord } from '../../core/consensus/record-codec.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { AppliedBatch, PageRules, RequestResult } from '../../core/kv/page-apply.ts'
import { applyBatch, requestIdText, withLastBatch } from '../../core/kv/page-apply.ts'
import type { PageBatch } from '../../core/kv/page-batch.ts'
import type { KeptOutcomes } from '../../core/kv/page-outcome.ts'
import { decodeOutcomes } from '../../core/kv/page-outcome.ts'
import { entryKey } from '../../core/kv/record-keys.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import { foreignBlock } from '../foreign-block.ts'
import { Mailbox } from '../mailbox.ts'
import { OutcomeLookup } from '../outcome-lookup.ts'
import type { CheckedKey } from './checked-arguments.ts'
import { OutcomeKeeper } from './outcome-keeper.ts'
import type { PageChange } from './page-change.ts'
import { changeWeight, isRemovalOnly, pageRequestOf } from './page-change.ts'
import type { BatchOrigin } from './page-signing.ts'
import { signedPageBatch } from './page-signing.ts'
import { pageWrites } from './page-writes.ts'
import { readableEntry } from './readable-entry.ts'

export interface PageParts {
  readonly store: RecordStore
  readonly clock: NodeClock
  readonly limits: Limits
  readonly rules: PageRules
  readonly origin: BatchOrigin
  /** This node and store, as a member of the page's group. */
  readonly self: Proposer
  /** SHA-256 of the public key of the user for whom the node writes. */
  readonly writer: Uint8Array
  /** 16 bytes drawn at this start. */
  readonly session: Uint8Array
  /** Told of the keys that a turn has changed, once that is durable. Must not throw. */
  readonly keysChanged?: ((keys: Iterable<string>) => void) | undefined
}

/** Which of these keys' entries stand, once everything that was submitted before is decided. */
interface EntryQuestion {
  readonly keys: readonly Uint8Array[]
}

/** A key's entry, as far as there is one; a `data-corrupt` where it cannot be read. */
export type FoundEntry = Entry | CodedError | undefined

type PageTask =
  | { readonly kind: 'change'; readonly change: PageChange }
  | { readonly kind: 'question'; readonly question: EntryQuestion }
type PageAnswer =
  | { readonly kind: 'result'; readonly result: RequestResult }
  | { readonly kind: 'entries'; readonly entries: readonly FoundEntry[] }

/** Entries and outcomes that a batch meets, as the page holds them. */
interface LoadedPage {
  readonly entries: Map<string, Entry>
  readonly outcomes: Map<string, KeptOutcomes>
}

/**
 * Keeps one key-value page: decides what is submitted in turns, each of which is one signed batch and one batch of the store. What
 * a turn decided is answered, and seen by readers, when it is durable. The page's record is held here and in the store; its
 * entries only in the store.
 */
export class PageKeeper {
  readonly address: BlockAddress
  readonly #parts: PageParts
  readonly #mailbox: Mailbox<PageTask, PageAnswer>
  readonly #outcomes: OutcomeKeeper
  readonly #lookup: OutcomeLookup
  #record: BlockRecord
  #sequence = 0n

  private constructor(address: BlockAddress, record: BlockRecord, parts: PageParts) {
    this.address = address
    this.#parts = parts
    this.#record = record
    this.#outcomes = new OutcomeKeeper(address, parts.store, parts.limits, parts.rules)
    this.#lookup = new OutcomeLookup(parts)
    this.#mailbox = new Mailbox<PageTask, PageAnswer>(parts.limits, (tasks) => this.#turn(tasks))
  }

  /** Throws `store-not-found` where the page was never born, `data-corrupt` where its record cannot be read. */
  static async open(address: BlockAddress, parts: PageParts): Promise<PageKeeper> {
    const bytes = await parts.store.get('block', address)
    if (bytes === undefined) throw new CodedError('store-not-found', 'the page of this store does not exist')
    const record = decodeBlockRecord(address, bytes)
    if (record?.state.kind !== 'map') throw new CodedError('data-corrupt', 'the page of this store cannot be read')
    parts.clock.observe(record.state.head.revisionFloor)
    return new PageKeeper(address, record, parts)
  }

  /** A turn is in flight or about to begin. */
  get isBusy(): boolean {
    return !this.#mailbox.idle
  }

  /** Keys of the page. */
  get keys(): number {
    assert(this.#record.state.kind === 'map', 'a page is a map')
    return this.#record.state.head.recordCount
  }

  async change(change: PageChange, signal: AbortSignal): Promise<RequestResult> {
    const answer = await this.#mailbox.submit({ kind: 'change', change }, changeWeight(change), signal)
    assert(answer.kind === 'result', 'a change has a result')
    return answer.result
  }

  /** The keys' entries at a moment at which no turn is in flight. */
  async entriesBetweenTurns(keys: readonly Uint8Array[], signal: AbortSignal): Promise<readonly FoundEntry[]> {
    const bytes = keys.reduce((sum, key) => sum + key.length, 0)
    const answer = await this.#mailbox.submit({ kind: 'question', question: { keys } }, bytes, signal)
    assert(answer.kind === 'entries', 'a question is answered by entries')
    return answer.entries
  }

  stop(): Promise<void> {
    return this.#mailbox.stop()
  }

  async #turn(tasks: readonly PageTask[]): Promise<readonly (PageAnswer | CodedError)[]> {
    const changes: PageChange[] = []
    for (const task of tasks) if (task.kind === 'change') changes.push(task.change)
    const results = changes.length === 0 ? [] : await this.#changeWithinSpace(changes)
    const answers: (PageAnswer | CodedError)[] = []
    let next = 0
    for (const task of tasks) {
      if (task.kind === 'question') answers.push(await this.#answer(task.question))
      else {
        const result = results[next++]
        assert(result !== undefined, 'every change has a result')
        answers.push(result instanceof CodedError ? result : { kind: 'result', result })
      }
    }
    return answers
  }

  /** Where a store that is full or damaged refuses the turn, its removals are carried out alone: those it still takes. */
  async #changeWithinSpace(changes: readonly PageChange[]): Promise<readonly (RequestResult | CodedError)[]> {
    try {
      return await this.#change(changes)
    } catch (error) {
      const removals = changes.filter(isRemovalOnly)
      const takesRemovals =
        isCoded(error, 'storage-full') || (isCoded(error, 'data-corrupt') && this.#parts.store.indexDamage !== undefined)
      if (!takesRemovals || removals.length === 0 || removals.length === changes.length) throw error
      const results = await this.#change(removals)
      let next = 0
      return changes.map((change) => (isRemovalOnly(change) ? (results[next++] ?? error) : error))
    }
  }

  async #change(all: readonly PageChange[]): Promise<readonly (RequestResult | CodedError)[]> {
    const { store, clock, rules, writer, session } = this.#parts
    const { changes, failures, present } = await this.#load(all)
    const record = this.#prepared()
    const hlc = this.#stamp()
    const forget = await this.#outcomes.toForget(record, changes, present.outcomes, hlc)
    const requests = changes.map((change) => pageRequestOf(change, hlc))
    const batch: PageBatch = { session, sequence: ++this.#sequence, hlc, writer, requests, forget }
    const applied = applyBatch(record, batch, present, rules)
    if (applied.changed) {
      const next = withLastBatch(applied.record, signedPageBatch(this.#parts.origin, this.address, batch))
      const writes = pageWrites(next, applied, changes, present.entries, this.#outcomes.forgotten, hlc)
      await store.commit(writes, { space: changes.every(isRemovalOnly) ? 'reserve' : 'normal' })
      this.#record = next
      this.#observe(clock, applied)
      this.#outcomes.committed(changes)
      this.#parts.keysChanged?.(applied.entries.keys())
    }
    if (failures.size === 0) return applied.results
    let next = 0
    return all.map((change) => failures.get(change) ?? (applied.results[next++] as RequestResult))
  }

  #observe(clock: NodeClock, applied: AppliedBatch): void {
    if (applied.record.state.kind === 'map') clock.observe(applied.record.state.head.revisionFloor)
  }

  /** A stamp above all revisions of the page. */
  #stamp(): bigint {
    assert(this.#record.state.kind === 'map', 'a page is a map')
    const stamp = this.#parts.clock.next()
    const floor = this.#record.state.head.revisionFloor
    return stamp > floor ? stamp : floor + 1n
  }

  #prepared(): BlockRecord {
    const record = prepareAlone(this.#record, this.#parts.self)
    if (record === undefined) throw foreignBlock(this.#parts.store)
    return record
  }

  async #answer({ keys }: EntryQuestion): Promise<PageAnswer | CodedError> {
    try {
      const entries: FoundEntry[] = []
      for (const key of keys) entries.push(await this.#entry(key))
      return { kind: 'entries', entries }
    } catch (error) {
      if (error instanceof CodedError) return error
      throw error
    }
  }

  async #entry(key: Uint8Array): Promise<FoundEntry> {
    try {
      const bytes = await this.#parts.store.get('entry', entryKey(this.address, key))
      return bytes === undefined ? undefined : readableEntry(bytes)
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return error
      throw error
    }
  }

  /** What is present of everything that the changes touch. A change that meets a damaged record fails alone. */
  async #load(
    all: readonly PageChange[],
  ): Promise<{ changes: readonly PageChange[]; failures: ReadonlyMap<PageChange, CodedError>; present: LoadedPage }> {
    const present: LoadedPage = { entries: new Map(), outcomes: new Map() }
    const failures = new Map<PageChange, CodedError>()
    const pending: Promise<void>[] = []
    for (const change of all) {
      const failed = (error: unknown): void => {
        if (!(error instanceof CodedError)) throw error
        failures.set(change, error)
      }
      try {
        const outcome = this.#loadOutcome(change, present)
        if (outcome !== undefined) pending.push(outcome.catch(failed))
        for (const operation of change.operations) {
          const entry = this.#loadEntry(operation.key, present)
          if (entry !== undefined) pending.push(entry.catch(failed))
        }
      } catch (error) {
        failed(error)
      }
    }
    if (pending.length > 0) await Promise.all(pending)
    for (const change of failures.keys()) {
      // What became of a repeated request is known without the entries.
      const { requestId } = change
      if (requestId !== undefined && present.outcomes.has(requestIdText(requestId))) failures.delete(change)
    }
    return { changes: failures.size === 0 ? all : all.filter((change) => !failures.has(change)), failures, present }
  }

  #loadEntry(key: CheckedKey, present: LoadedPage): Promise<void> | undefined {
    if (present.entries.has(key.text)) return undefined
    const take = (bytes: Uint8Array | undefined): void => {
      if (bytes !== undefined) present.entries.set(key.text, readableEntry(bytes))
    }
    const found = this.#parts.store.get('entry', entryKey(this.address, key.bytes))
    if (found instanceof Promise) return found.then(take)
    take(found)
    return undefined
  }

  #loadOutcome({ requestId }: PageChange, present: LoadedPage): Promise<void> | undefined {
    if (requestId === undefined) return undefined
    const take = (bytes: Uint8Array | undefined): void => {
      if (bytes === undefined) return
      const outcomes = decodeOutcomes(bytes)
      if (outcomes === undefined) throw new CodedError('data-corrupt', 'the outcome of this request id cannot be read')
      present.outcomes.set(requestIdText(requestId), outcomes)
    }
    const found = this.#lookup.find(outcomeKey(this.address, requestId), requestId)
    if (found instanceof Promise) return found.then(take)
    take(found)
    return undefined
  }
}
