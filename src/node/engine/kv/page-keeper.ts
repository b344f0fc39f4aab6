import { assert } from '../../../shared/assert.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { PageRules, RequestResult } from '../../core/kv/page-apply.ts'
import { requestIdText } from '../../core/kv/page-apply.ts'
import type { PageChange } from '../../core/kv/page-change.ts'
import { changeWeight, isRemovalOnly } from '../../core/kv/page-change.ts'
import type { PageEntryPart } from '../../core/kv/page-entry.ts'
import { entryKey } from '../../core/kv/record-keys.ts'
import type { RecordStore } from '../../ports/record-store.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { HostedBlock } from '../consensus/hosted-block.ts'
import { NotPrimary } from '../consensus/replica-failures.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import { Mailbox } from '../mailbox.ts'
import type { OutcomeLookup } from '../outcome-lookup.ts'
import { outcomesUpTo } from '../outcomes-up-to.ts'
import type { LoadedPage } from './load-page.ts'
import { loadPage } from './load-page.ts'
import { OutcomeKeeper } from './outcome-keeper.ts'
import type { PageResults } from './page-logic.ts'
import { LocalPageEntry } from './page-logic.ts'
import type { BatchOrigin } from './page-signing.ts'
import { LocalPart, ProposedPageEntry } from './proposed-page-entry.ts'
import { readableEntry } from './readable-entry.ts'

export interface PageParts {
  readonly store: RecordStore
  readonly clock: NodeClock
  readonly limits: Limits
  readonly rules: PageRules
  readonly origin: BatchOrigin
  readonly host: ReplicaHost
  readonly outcomes: OutcomeLookup
  readonly content: Pick<ContentReplicas, 'isHeldBy'>
  /** SHA-256 of the public key of the user for whom the node writes. */
  readonly writer: Uint8Array
  /** 16 bytes drawn at this start. */
  readonly session: Uint8Array
}

/** A key's entry, as far as there is one; a `data-corrupt` where it cannot be read. */
export type FoundEntry = Entry | CodedError | undefined

type PageTask =
  | { readonly kind: 'change'; readonly change: PageChange }
  /** What another node sent, whose batch was verified. */
  | { readonly kind: 'part'; readonly part: PageEntryPart }
  /** Which of these keys' entries stand, once everything that was submitted before is decided. */
  | { readonly kind: 'question'; readonly keys: readonly Uint8Array[] }
type PageAnswer =
  | { readonly kind: 'results'; readonly results: readonly RequestResult[] }
  | { readonly kind: 'entries'; readonly entries: readonly FoundEntry[] }

/**
 * Keeps one key-value page as its primary: folds what is submitted into entries of the page's log, one at a time. What an entry decided is
 * answered when it is durable at a majority of the page's members, and seen by readers, who wait for it, when it is applied here.
 */
export class PageKeeper {
  readonly address: BlockAddress
  readonly #parts: PageParts
  readonly #block: HostedBlock
  readonly #mailbox: Mailbox<PageTask, PageAnswer>
  readonly #outcomes: OutcomeKeeper
  #sequence = 0n

  private constructor(address: BlockAddress, block: HostedBlock, parts: PageParts) {
    this.address = address
    this.#parts = parts
    this.#block = block
    this.#outcomes = new OutcomeKeeper(address, parts.store, parts.limits, parts.rules)
    this.#mailbox = new Mailbox<PageTask, PageAnswer>(parts.limits, (tasks) => this.#turn(tasks))
  }

  /** Throws `store-not-found` where the page was never born, `data-corrupt` where its record cannot be read. */
  static async open(address: BlockAddress, parts: PageParts): Promise<PageKeeper> {
    const block = await parts.host.pin(address)
    const { record } = block
    if (record === undefined && block.isAlone) throw new CodedError('store-not-found', 'the page of this store does not exist')
    if (record !== undefined && record.state.kind !== 'map')
      throw new CodedError('data-corrupt', 'the page of this store cannot be read')
    if (record?.state.kind === 'map') parts.clock.observe(record.state.head.revisionFloor)
    return new PageKeeper(address, block, parts)
  }

  /** A turn is in flight or about to begin. */
  get isBusy(): boolean {
    return !this.#mailbox.idle
  }

  /** Keys of the page, as far as they are applied here. */
  get keys(): number {
    const record = this.#block.record
    return record?.state.kind === 'map' ? record.state.head.recordCount : 0
  }

  get members(): readonly Member[] {
    return this.#block.group.members
  }

  /** Of the next batch of this node, whoever will decide it: a page takes none that is not above the last one of its session. */
  nextSequence(): bigint {
    return ++this.#sequence
  }

  /** This node alone holds the page. */
  get isAlone(): boolean {
    return this.#block.isAlone
  }

  /** Resolves when what is applied here is as of now. Rejects with NotPrimary, or `unavailable`. */
  async readable(signal: AbortSignal): Promise<void> {
    this.#assertBorn()
    await this.#block.read(signal)
  }

  /** What a node sent in one turn, whose batch was verified: one result for each of its changes. */
  async decide(part: PageEntryPart, signal: AbortSignal): Promise<readonly RequestResult[]> {
    const bytes = part.changes.reduce((sum, change) => sum + changeWeight(change), 0)
    const answer = await this.#mailbox.submit({ kind: 'part', part }, bytes, signal)
    assert(answer.kind === 'results', 'changes have results')
    return answer.results
  }

  async change(change: PageChange, signal: AbortSignal): Promise<RequestResult> {
    const answer = await this.#mailbox.submit({ kind: 'change', change }, changeWeight(change), signal)
    assert(answer.kind === 'results' && answer.results[0] !== undefined, 'a change has a result')
    return answer.results[0]
  }

  /** The keys' entries at a moment at which no turn is in flight. */
  async entriesBetweenTurns(keys: readonly Uint8Array[], signal: AbortSignal): Promise<readonly FoundEntry[]> {
    const bytes = keys.reduce((sum, key) => sum + key.length, 0)
    const answer = await this.#mailbox.submit({ kind: 'question', keys }, bytes, signal)
    assert(answer.kind === 'entries', 'a question is answered by entries')
    return answer.entries
  }

  /**
   * Resolves when everything that the page decides from now on is stamped above `stamp`: an entry that was accepted long ago and never chosen
   * may still come, and is then judged by the time at which it does.
   */
  async settle(stamp: bigint, signal: AbortSignal): Promise<void> {
    this.#assertBorn()
    await this.#block.lead(signal)
    await this.#block.settled()
    const { record } = this.#block
    assert(record?.state.kind === 'map', 'a page that is led was born')
    if (record.state.head.revisionFloor >= stamp) return
    if (!this.#parts.clock.observe(stamp)) {
      throw new CodedError('invalid-argument', 'a stamp is further ahead than clocks may differ')
    }
    const mark = new ProposedPageEntry({ hlc: this.#stamp(record), forgetUpTo: 0n, parts: [] })
    await this.#block.propose(mark, undefined, 'reserve', signal)
  }

  /** A key's entry as it is applied here. Throws or rejects with `data-corrupt`. */
  entry(key: Uint8Array): Entry | undefined | Promise<Entry | undefined> {
    const found = this.#parts.store.get('entry', entryKey(this.address, key))
    return found instanceof Promise ? found.then(readableEntry) : readableEntry(found)
  }

  stop(): Promise<void> {
    return this.#mailbox.stop()
  }

  async #turn(tasks: readonly PageTask[]): Promise<readonly (PageAnswer | CodedError)[]> {
    const changes: PageChange[] = []
    const parts: PageEntryPart[] = []
    for (const task of tasks) {
      if (task.kind === 'change') changes.push(task.change)
      if (task.kind === 'part') parts.push(task.part)
    }
    const decided = changes.length + parts.length === 0 ? nothingDecided : await this.#changeWithinSpace(changes, parts)
    const answers: (PageAnswer | CodedError)[] = []
    let [nextOwn, nextPart] = [0, 0]
    for (const task of tasks) {
      if (task.kind === 'question') {
        await this.#block.settled()
        answers.push(await this.#answer(task.keys))
        continue
      }
      const result = task.kind === 'change' ? decided.own[nextOwn++] : decided.parts[nextPart++]
      assert(result !== undefined, 'every change has a result')
      if (result instanceof CodedError) answers.push(result)
      else answers.push({ kind: 'results', results: Array.isArray(result) ? result : [result] })
    }
    return answers
  }

  /** Where a store that is full or damaged refuses the turn, its removals are carried out alone: those it still takes. */
  async #changeWithinSpace(changes: readonly PageChange[], parts: readonly PageEntryPart[]): Promise<Decided> {
    try {
      return await this.#change(changes, parts)
    } catch (error) {
      const removals = changes.filter(isRemovalOnly)
      const removingParts = parts.filter((part) => part.changes.every(isRemovalOnly))
      const takesRemovals =
        isCoded(error, 'storage-full') || (isCoded(error, 'data-corrupt') && this.#parts.store.indexDamage !== undefined)
      const count = removals.length + removingParts.length
      if (!takesRemovals || count === 0 || count === changes.length + parts.length) throw error
      const decided = await this.#change(removals, removingParts)
      let [nextOwn, nextPart] = [0, 0]
      return {
        own: changes.map((change) => (isRemovalOnly(change) ? (decided.own[nextOwn++] ?? error) : error)),
        parts: parts.map((part) => (removingParts.includes(part) ? (decided.parts[nextPart++] ?? error) : error)),
      }
    }
  }

  async #change(all: readonly PageChange[], foreign: readonly PageEntryPart[]): Promise<Decided> {
    const { store, outcomes, writer, session, origin } = this.#parts
    const signal = this.#parts.host.signal
    this.#assertBorn()
    await this.#block.lead(signal)
    await this.#block.settled()
    const { record } = this.#block
    assert(record !== undefined, 'a page that is led was born')
    const wanted = foreign.length === 0 ? all : [...all, ...foreign.flatMap(({ changes }) => changes)]
    const { failures, present } = await loadPage({ store, outcomes, page: this.address }, wanted)
    const leftOut = this.#leftOut(wanted, failures, present)
    const changes = leftOut.size === 0 ? all : all.filter((change) => !leftOut.has(change))
    const whole = foreign.filter((part) => !part.changes.some((change) => leftOut.has(change)))
    const inOrder = (own: readonly RequestResult[], results: PageResults): Decided => ({
      own: withLeftOut(all, own, (change) => leftOut.get(change)),
      parts: withLeftOut(foreign, results, (part) => partLeftOut(part, leftOut)),
    })
    if (changes.length + whole.length === 0) return inOrder([], [])
    const hlc = this.#stamp(record)
    const taken = [...changes, ...whole.flatMap((part) => part.changes)]
    const forget = await this.#outcomes.toForget(record, taken, present.outcomes, hlc)
    const parts: PageEntryPart[] = [...whole]
    if (changes.length > 0) {
      parts.push(new LocalPart({ session, sequence: this.nextSequence(), writer, changes }, this.address, hlc, origin))
    }
    const forgotten = await outcomesUpTo(this.#parts, record, forget.floor)
    const local = new LocalPageEntry(record, { hlc, forgetUpTo: forget.floor, parts }, present, forgotten)
    const space = taken.every(isRemovalOnly) ? 'reserve' : 'normal'
    const results = (await this.#block.propose(new ProposedPageEntry(local.entry), local, space, signal, 'chosen')) as PageResults
    this.#outcomes.committed(taken)
    return inOrder(results[whole.length] ?? [], results)
  }

  /** What takes no part in a turn, and what becomes of it. */
  #leftOut(wanted: readonly PageChange[], failures: ReadonlyMap<PageChange, CodedError>, present: LoadedPage): LeftOut {
    const leftOut = new Map<PageChange, CodedError | RequestResult>(failures)
    for (const change of wanted) if (!leftOut.has(change) && this.#isAstray(change, present)) leftOut.set(change, isVoid)
    return leftOut
  }

  /**
   * A value would travel with it to others than those who are to hold it: its node knew other members of the page. What was decided before brings
   * no value.
   */
  #isAstray({ requestId, operations }: PageChange, { outcomes }: LoadedPage): boolean {
    if (requestId !== undefined && outcomes.has(requestIdText(requestId))) return false
    const { members } = this.#block.group
    return operations.some((operation) => {
      const block = operation.kind === 'put' ? operation.value.block : undefined
      return block !== undefined && !this.#parts.content.isHeldBy(block, members)
    })
  }

  /** A page is born with its store: who has no record of it does not hold it yet. */
  #assertBorn(): void {
    if (this.#block.record === undefined) throw new NotPrimary(this.#block.group.members, undefined)
  }

  /** A stamp above all revisions of the page. */
  #stamp(record: BlockRecord): bigint {
    assert(record.state.kind === 'map', 'a page is a map')
    const stamp = this.#parts.clock.next()
    const floor = record.state.head.revisionFloor
    return stamp > floor ? stamp : floor + 1n
  }

  async #answer(keys: readonly Uint8Array[]): Promise<PageAnswer | CodedError> {
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
      return await this.entry(key)
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return error
      throw error
    }
  }
}

/** What became of the changes of this node, and of the parts of others. */
interface Decided {
  readonly own: readonly (RequestResult | CodedError)[]
  readonly parts: readonly (readonly RequestResult[] | CodedError)[]
}

const nothingDecided: Decided = { own: [], parts: [] }

type LeftOut = ReadonlyMap<PageChange, CodedError | RequestResult>

/** Changes nothing, and is to be sent again. */
const isVoid: RequestResult = { kind: 'void' }

/** What one node sent is decided as a whole, or not at all: it has one signature. */
function partLeftOut({ changes }: PageEntryPart, leftOut: LeftOut): readonly RequestResult[] | CodedError | undefined {
  const first = changes.map((change) => leftOut.get(change)).find(Boolean)
  return first === undefined || first instanceof CodedError ? first : changes.map(() => isVoid)
}

/** The results in the order of what was asked, with what became of those that took no part. */
function withLeftOut<Asked, Result>(
  asked: readonly Asked[],
  results: readonly Result[],
  leftOut: (each: Asked) => Result | CodedError | undefined,
): readonly (Result | CodedError)[] {
  let next = 0
  return asked.map((each) => leftOut(each) ?? (results[next++] as Result))
}
