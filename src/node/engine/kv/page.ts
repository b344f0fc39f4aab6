import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { RequestResult } from '../../core/kv/page-apply.ts'
import type { CalledEntry } from '../../core/kv/page-calls.ts'
import { decodeCalledPage, decodeEntries, encodeCalledList, encodePageKeys, encodePageSettle } from '../../core/kv/page-calls.ts'
import type { PageChange, PageKey } from '../../core/kv/page-change.ts'
import { changeWeight } from '../../core/kv/page-change.ts'
import { encodePagePart } from '../../core/kv/page-entry.ts'
import { decodeResults } from '../../core/kv/page-results.ts'
import type { RoutedKind } from '../../core/wire/routed-call.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ReadConsistency } from '../call-context.ts'
import type { AskMember } from '../cluster/ask-member.ts'
import type { BlockRoute, RoutedCall } from '../cluster/block-route.ts'
import type { CopyReads } from '../cluster/copy-reads.ts'
import { LostProposal, NotPrimary } from '../consensus/replica-failures.ts'
import { Deadline } from '../deadline.ts'
import { Mailbox } from '../mailbox.ts'
import { calledEntry } from './called-entry.ts'
import type { ListQuery } from './key-value-service.ts'
import { PageCopy } from './page-copy.ts'
import type { FoundEntry, PageKeeper, PageParts } from './page-keeper.ts'
import type { ListedKeys, PageLister } from './page-lister.ts'
import { LocalPart } from './proposed-page-entry.ts'
import { readableCalledEntry } from './readable-entry.ts'
import type { ReadablePage } from './readable-page.ts'

export interface PageAccessParts extends PageParts {
  readonly route: BlockRoute
  readonly ask: AskMember
  readonly copies: CopyReads
  readonly lister: PageLister
  readonly hostClock: Clock
}

/** Times that changes are sent in another batch because a later batch of this node overtook theirs. */
const replaysMax = 8

/**
 * A key-value page as this node uses it, wherever its primary is. What is asked of a page that this node holds alone goes to its keeper at
 * once; else it goes to the primary, changes of one turn together.
 */
export class Page implements ReadablePage {
  readonly address: BlockAddress
  readonly #parts: PageAccessParts
  readonly #keeper: PageKeeper
  readonly #mailbox: Mailbox<PageChange, RequestResult>
  /** Keys that are read, where the primary has to make sure that it is one. */
  readonly #reads: Mailbox<Uint8Array, CalledEntry>
  #issued = 0n

  constructor(keeper: PageKeeper, parts: PageAccessParts) {
    this.address = keeper.address
    this.#parts = parts
    this.#keeper = keeper
    this.#mailbox = new Mailbox<PageChange, RequestResult>(parts.limits, (changes) => this.#send(changes))
    this.#reads = new Mailbox<Uint8Array, CalledEntry>(parts.limits, (keys) => this.#read(keys))
  }

  get isBusy(): boolean {
    return this.#keeper.isBusy || !this.#mailbox.idle
  }

  /** Who holds it, as far as is known here. */
  get members(): readonly Member[] {
    return this.#keeper.members
  }

  /** Others hold the page too. */
  get isShared(): boolean {
    return !this.#keeper.isAlone
  }

  /** As far as it is applied here. */
  get keys(): number {
    return this.#keeper.keys
  }

  get now(): ReadablePage {
    return this
  }

  get ageMs(): number {
    return 0
  }

  /** As a read with such a promise sees it: all of them are one where nobody else holds the page. */
  as(consistency: ReadConsistency | undefined): ReadablePage {
    if (consistency === undefined || consistency.kind === 'linearizable' || this.#keeper.isAlone) return this
    const { lister, copies } = this.#parts
    return new PageCopy({ page: this, keeper: this.#keeper, lister, copies }, consistency)
  }

  /** The id of a change: its caller's, or one of this node's where it may have to be sent again. */
  requestId(given: RequestId | undefined): RequestId | undefined {
    return given ?? (this.#keeper.isAlone ? undefined : this.#nextId())
  }

  /** Every change has an id where others hold the page too: it may have to be sent again. */
  async change(change: PageChange, signal: AbortSignal): Promise<RequestResult> {
    const decided = this.#keeper.isAlone ? await this.#changeAlone(change, signal) : undefined
    if (decided !== undefined) return decided
    const identified = change.requestId === undefined ? { ...change, requestId: this.#nextId() } : change
    return await this.#mailbox.submit(identified, changeWeight(identified), signal)
  }

  /** Undefined where others came to hold the page before it was proposed. */
  async #changeAlone(change: PageChange, signal: AbortSignal): Promise<RequestResult | undefined> {
    try {
      return await this.#keeper.change(change, signal)
    } catch (error) {
      if (error instanceof NotPrimary) return undefined
      if (!(error instanceof LostProposal)) throw error
      throw new CodedError('outcome-unknown', 'others came to hold the page meanwhile; whether this was carried out is unknown')
    }
  }

  /** As of now: every change that was answered before is seen. */
  entry(key: PageKey, signal: AbortSignal): Entry | undefined | Promise<Entry | undefined> {
    if (this.#keeper.isAlone) return this.#keeper.entry(key.bytes)
    return this.#reads.submit(key.bytes, key.bytes.length, signal).then(readableCalledEntry)
  }

  /** For those who judge values: an entry that cannot be read is an error of its own. */
  async entries(keys: readonly Uint8Array[], signal: AbortSignal): Promise<readonly FoundEntry[]> {
    if (this.#keeper.isAlone) return await this.#keeper.entriesBetweenTurns(keys, signal)
    const found = await this.#entries(keys, signal)
    return found.map((entry) =>
      entry === 'unreadable' ? new CodedError('data-corrupt', 'the entry of this key cannot be read') : entry,
    )
  }

  /**
   * Resolves when everything that the page decides from now on is stamped above `stamp`. Where this node alone holds the page nothing is on
   * its way there.
   */
  async settle(stamp: bigint, signal: AbortSignal): Promise<void> {
    if (this.#keeper.isAlone) return
    await this.#ask(signal, {
      kind: 'page-settle',
      local: async () => {
        await this.#keeper.settle(stamp, signal)
        return true
      },
      body: () => encodePageSettle(stamp),
      decode: () => true,
    })
  }

  async list(query: ListQuery, signal: AbortSignal): Promise<ListedKeys> {
    const { lister } = this.#parts
    if (this.#keeper.isAlone) return await lister.list(this.address, query, signal)
    return await this.#ask(signal, {
      kind: 'page-list',
      local: async () => {
        await this.#keeper.readable(signal)
        return await lister.list(this.address, query, signal)
      },
      body: () => encodeCalledList(query),
      decode: decodeCalledPage,
    })
  }

  async stop(): Promise<void> {
    await Promise.all([this.#mailbox.stop(), this.#reads.stop(), this.#keeper.stop()])
  }

  /** One turn of reads: all of them arrived before it is asked who leads. */
  async #read(keys: readonly Uint8Array[]): Promise<readonly CalledEntry[]> {
    const { host, limits, hostClock } = this.#parts
    using deadline = new Deadline(hostClock, limits.callTimeoutMs, host.signal)
    return await this.#entries(keys, deadline.signal)
  }

  async #entries(keys: readonly Uint8Array[], signal: AbortSignal): Promise<readonly CalledEntry[]> {
    return await this.#ask(signal, {
      kind: 'page-read',
      local: async () => {
        await this.#keeper.readable(signal)
        return await Promise.all(keys.map((key) => calledEntry(this.#keeper, key)))
      },
      body: () => encodePageKeys(keys),
      decode: (bytes) => {
        const entries = decodeEntries(bytes)
        return entries?.length === keys.length ? entries : undefined
      },
    })
  }

  /** One turn of this node: everything in it is one batch, under one signature. */
  async #send(changes: readonly PageChange[]): Promise<readonly RequestResult[]> {
    const { clock, origin, session, writer, host, limits, hostClock } = this.#parts
    using deadline = new Deadline(hostClock, limits.callTimeoutMs, host.signal)
    const { signal } = deadline
    let asked = 0
    try {
      for (let attempt = 0; ; attempt++) {
        const sequence = this.#keeper.nextSequence()
        const part = new LocalPart({ session, sequence, writer, changes }, this.address, clock.next(), origin)
        const results = await this.#ask(signal, {
          kind: 'page-change',
          local: () => {
            asked++
            return this.#keeper.decide(part, signal)
          },
          body: () => {
            asked++
            return encodePagePart(part)
          },
          decode: (bytes) => {
            const decoded = decodeResults(bytes)
            return decoded?.length === changes.length ? decoded : undefined
          },
        })
        if (attempt < replaysMax && results.some(({ kind }) => kind === 'replayed')) continue
        return asked === 1 ? results : results.map(ofSeveralTries)
      }
    } catch (error) {
      if (asked === 0 || !signal.aborted || !isCoded(error, 'not-running')) throw error
      throw unknownOutcome(error)
    }
  }

  async #ask<Answer>(
    signal: AbortSignal,
    call: {
      readonly kind: RoutedKind
      readonly local: () => Promise<Answer>
      readonly body: () => Uint8Array
      readonly decode: (bytes: Uint8Array) => Answer | undefined
    },
  ): Promise<Answer> {
    const { address } = this
    const routed: RoutedCall<Answer> = {
      repeatable: true,
      local: () => call.local(),
      remote: async (to, primaryFailed, within) => {
        const bytes = await this.#parts.ask(to, { kind: call.kind, address, body: call.body(), primaryFailed }, within)
        const answer = call.decode(bytes)
        if (answer === undefined) throw new CodedError('internal', 'a node gave an answer that cannot be read')
        return answer
      },
    }
    return await this.#parts.route.call(address, routed, signal)
  }

  #nextId(): RequestId {
    return { session: this.#parts.session, sequence: ++this.#issued, issued: this.#parts.clock.next() }
  }
}

/** One whose outcome is not kept any more may have been carried out by an earlier try of this node, which its caller knows nothing of. */
function ofSeveralTries(result: RequestResult): RequestResult {
  return result.kind === 'too-old' ? { kind: 'replayed' } : result
}

/** The node gave up to wait for a majority, by whom what was proposed may be chosen all the same. */
function unknownOutcome(cause: unknown): CodedError {
  return new CodedError('outcome-unknown', 'the node stopped before this was decided; whether it was carried out is unknown', {
    cause,
  })
}
