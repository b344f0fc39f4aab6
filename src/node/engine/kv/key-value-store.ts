import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressText } from '../../core/base/address.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { sessionBytes } from '../../core/consensus/outcome.ts'
import type { Entry } from '../../core/kv/entry.ts'
import type { PageRules } from '../../core/kv/page-apply.ts'
import type { NodePorts } from '../../ports/node-ports.ts'
import type { CallContext } from '../call-context.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import type { AskMember } from '../cluster/ask-member.ts'
import type { BlockRoute } from '../cluster/block-route.ts'
import type { CopyReads } from '../cluster/copy-reads.ts'
import type { ReplicaHost } from '../consensus/replica-host.ts'
import type { ContentReplicas } from '../content/content-replicas.ts'
import type { OutcomeLookup } from '../outcome-lookup.ts'
import type { PayloadPipeline } from '../payload/payload-pipeline.ts'
import { storeRefusal } from '../store-refusal.ts'
import { checkKey, throwIfAborted } from './checked-arguments.ts'
import { Collector } from './collector.ts'
import { KeyReader } from './key-reader.ts'
import { metadataOf } from './key-value-answers.ts'
import type {
  BatchOperation,
  ChangeResult,
  KeyStat,
  KeyValueService,
  ListPage,
  ListQuery,
  Precondition,
  PutOptions,
  ReadOptions,
  ValueRead,
  WholeValue,
} from './key-value-service.ts'
import { KeyWriter } from './key-writer.ts'
import type { PageAccessParts } from './page.ts'
import { Page } from './page.ts'
import { PageKeeper } from './page-keeper.ts'
import { PageLister } from './page-lister.ts'
import type { BatchOrigin } from './page-signing.ts'
import type { ReadablePage } from './readable-page.ts'
import { ValueBlocks } from './value-blocks.ts'
import { ValueCache } from './value-cache.ts'
import { ValuePreparation } from './value-preparation.ts'
import { ValueReader } from './value-reader.ts'

export interface KeyValueParts {
  readonly ports: Pick<NodePorts, 'clock' | 'random' | 'store' | 'logger'>
  readonly clock: NodeClock
  readonly payload: PayloadPipeline
  readonly limits: Limits
  readonly origin: BatchOrigin
  readonly rules: PageRules
  readonly host: ReplicaHost
  readonly outcomes: OutcomeLookup
  readonly route: BlockRoute
  readonly ask: AskMember
  readonly copies: CopyReads
  readonly content: ContentReplicas
  /** SHA-256 of the public key of the user for whom the node writes. */
  readonly writer: Uint8Array
  /** Root pages of the stores by name; the empty name stands for the default store. */
  readonly stores: ReadonlyMap<string, BlockAddress>
  /** Told of values that were collected. */
  readonly valuesCollected?: ((facts: { readonly values: number }) => void) | undefined
  /** Told of each damaged record that keeps a value from being collected. */
  readonly damageRead?: ((facts: { readonly code: string }) => void) | undefined
  /** Parts of one manifest; the protocol's unless a test makes them fewer. */
  readonly manifestPartsMax?: number
}

/** The key-value stores of one node, on its record store. */
export class KeyValueStore implements KeyValueService, AsyncDisposable {
  readonly #parts: KeyValueParts
  readonly #reader: KeyReader
  readonly #writer: KeyWriter
  readonly #lister: PageLister
  readonly #collector: Collector
  /** By the name of the store; names that share a page share its keeper. */
  readonly #pages = new Map<string, Page>()
  readonly #keepers = new Map<string, PageKeeper>()
  #running = false

  constructor(parts: KeyValueParts) {
    const { ports, limits, clock, payload, content, manifestPartsMax } = parts
    const { store } = ports
    const blocks = new ValueBlocks(content, payload, new ValueCache(limits))
    const upload = { content, clock, limits, blocks, ...(manifestPartsMax !== undefined && { manifestPartsMax }) }
    this.#parts = parts
    this.#reader = new KeyReader(new ValueReader(blocks), limits)
    this.#writer = new KeyWriter(limits, blocks, new ValuePreparation(limits, blocks, upload))
    this.#lister = new PageLister(store, limits)
    this.#collector = new Collector({
      store,
      clock: ports.clock,
      hybridClock: clock,
      limits,
      logger: ports.logger.child('collector'),
      valuesCollected: parts.valuesCollected,
      damageRead: parts.damageRead,
      blocks,
      content,
      pageAt: (address) => this.#pageAt(address),
    })
  }

  /** Opens the stores' pages and begins to collect. Throws `store-not-found` or `data-corrupt`. */
  async start(): Promise<void> {
    if (this.#running) return
    const { ports, clock, limits, rules, origin, host, outcomes, content, writer, stores, route, ask, copies } = this.#parts
    const session = ports.random.bytes(sessionBytes)
    const lister = this.#lister
    const reach = { route, ask, copies, lister, hostClock: ports.clock }
    const parts: PageAccessParts = {
      store: ports.store,
      clock,
      limits,
      rules,
      origin,
      host,
      outcomes,
      content,
      writer,
      session,
      ...reach,
    }
    for (const [name, page] of stores) {
      this.#pages.set(name, this.#pageAt(page) ?? (await this.#open(page, parts)))
    }
    this.#running = true
    if (storeRefusal(ports.store) === undefined) this.#collector.start()
  }

  /** Refuses what waits and what comes; resolves when the turns in flight are over. Idempotent. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#collector.stop()
    await Promise.all([...this.#pages.values()].map((page) => page.stop()))
    this.#pages.clear()
    this.#keepers.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** How many keys a store has. */
  keysOf(store: string): number {
    return this.#pageOf(store).keys
  }

  /** Judges now what is due for collection, beside the regular search. */
  async collect(signal: AbortSignal): Promise<void> {
    await this.#collector.collect(signal)
  }

  async get(store: string, key: string, options: ReadOptions, context: CallContext): Promise<WholeValue | undefined> {
    return await this.#reader.get(this.#readable(store, context), checkKey(key, this.#parts.limits), options, context)
  }

  async read(store: string, key: string, options: ReadOptions, context: CallContext): Promise<ValueRead | undefined> {
    return await this.#reader.read(this.#readable(store, context), checkKey(key, this.#parts.limits), options, context.signal)
  }

  async stat(store: string, key: string, context: CallContext): Promise<KeyStat | undefined> {
    const page = this.#readable(store, context)
    const checked = checkKey(key, this.#parts.limits)
    throwIfAborted(context.signal)
    const entry = await page.entry(checked, context.signal)
    return entry === undefined ? undefined : { metadata: metadataOf(key, entry), ageMs: page.ageMs }
  }

  async put(store: string, key: string, value: Uint8Array, options: PutOptions, context: CallContext): Promise<ChangeResult> {
    return await this.#writer.put(this.#pageOf(store), key, value, options, context)
  }

  async putStream(
    store: string,
    key: string,
    pieces: AsyncIterable<Uint8Array>,
    options: PutOptions,
    context: CallContext,
  ): Promise<ChangeResult> {
    return await this.#writer.putStream(this.#pageOf(store), key, pieces, options, context)
  }

  async delete(store: string, key: string, precondition: Precondition, context: CallContext): Promise<ChangeResult> {
    return await this.#writer.delete(this.#pageOf(store), key, precondition, context)
  }

  async batch(store: string, operations: readonly BatchOperation[], context: CallContext): Promise<readonly ChangeResult[]> {
    const page = this.#pageOf(store)
    return operations.length === 0 ? [] : await this.#writer.batch(page, operations, context)
  }

  async list(store: string, query: ListQuery, context: CallContext): Promise<ListPage> {
    const page = this.#readable(store, context)
    throwIfAborted(context.signal)
    const { items, commonPrefixes, nextPageToken, bytesMax, damage } = await page.list(query, context.signal)
    const { ageMs } = page
    const shown =
      query.withValues === true
        ? await this.#reader.withValues(page, items, bytesMax, context.signal)
        : items.map(({ key, entry }) => ({ metadata: metadataOf(key, entry) }))
    return {
      items: shown,
      commonPrefixes,
      ageMs,
      ...(nextPageToken !== undefined && { nextPageToken }),
      ...(damage && { damage }),
    }
  }

  /** Whether a key's entry is this one, asked as of now. Where nobody knows the page or can read the entry it is taken to be. Rejects with `unavailable`. */
  async isCurrent(address: BlockAddress, key: Uint8Array, { revision }: Entry, signal: AbortSignal): Promise<boolean> {
    const page = this.#pageAt(address)
    if (page === undefined) return true
    const [found] = await page.entries([key], signal)
    return found instanceof CodedError || found?.revision === revision
  }

  /** The keeper of a page, for what other nodes ask of it. */
  keeperAt(page: BlockAddress): PageKeeper | undefined {
    return this.#keepers.get(addressText(page))
  }

  get lister(): PageLister {
    return this.#lister
  }

  async #open(address: BlockAddress, parts: PageAccessParts): Promise<Page> {
    const keeper = await PageKeeper.open(address, parts)
    this.#keepers.set(addressText(address), keeper)
    return new Page(keeper, parts)
  }

  #pageOf(store: string): Page {
    if (!this.#running) throw new CodedError('not-running', 'the node is not running; nothing was changed')
    const page = this.#pages.get(store)
    if (page === undefined) throw new CodedError('store-not-found', `there is no store named ${store}`)
    return page
  }

  #readable(store: string, { consistency }: CallContext): ReadablePage {
    return this.#pageOf(store).as(consistency)
  }

  #pageAt(address: BlockAddress): Page | undefined {
    for (const page of this.#pages.values()) if (equalBytes(page.address, address)) return page
    return undefined
  }
}
