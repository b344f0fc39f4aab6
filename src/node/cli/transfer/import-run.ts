import { BoundedTasks } from '../../../shared/bounded-tasks.ts'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { hasContentType } from '../../api/ndjson/ndjson-values.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { BatchResult, KeyMetadata, KeyValueClient, SmallPut } from '../client/key-value-client.ts'
import { RequestIds } from '../client/request-ids.ts'
import { ExistingKeys } from './existing-keys.ts'
import type { Attempt, RetryLimits } from './retried-calls.ts'
import { defaultRetryLimits, RetriedCalls } from './retried-calls.ts'
import { sameBytes } from './same-bytes.ts'
import type { ImportItem, ImportValue } from './transfer-item.ts'
import type { TransferReport } from './transfer-report.ts'
import type { GroupValue } from './value-group.ts'
import { groupBytesMax, groupKeysMax, groupValues, smallBytesMax } from './value-group.ts'

export interface ImportOptions {
  readonly client: KeyValueClient
  readonly prefix: string
  readonly report: TransferReport
  readonly signal: AbortSignal
  /** Called after each thing, to draw progress. */
  readonly progressed: () => void
  /** Called when the node does not answer, once until it does: it is waited for so long. */
  readonly waiting: (error: CodedError, forMs: number) => void
  readonly retryLimits?: RetryLimits
}

const tasksMax = 8
const bytesInFlightMax = 16 * 1024 * 1024

/**
 * Puts every item whose key is not there yet with the very same bytes. Whether it is there is decided by comparing contents with
 * the store, never by dates or a record of an earlier run: what an interrupted run left is either the same or it is put again.
 * Of several values of one key the last one stays.
 * A node that goes away is waited for. Throws CodedError `not-running` when it stays away, and `outcome-unknown` when that happens
 * under a value that passes by only once.
 */
export async function runImport(items: AsyncIterable<ImportItem>, options: ImportOptions): Promise<void> {
  const run = new ImportRun(options)
  try {
    await takeAll(items, run, options.signal)
    await run.finish()
  } catch (error) {
    await run.abandon(error)
    throw error
  }
}

async function takeAll(items: AsyncIterable<ImportItem>, run: ImportRun, signal: AbortSignal): Promise<void> {
  try {
    for await (const item of items) {
      signal.throwIfAborted()
      await run.take(item)
    }
  } catch (error) {
    // A source that cannot be read any further says nothing against what came before.
    if (isTorn(error)) await run.finishTorn()
    throw error
  }
}

function isTorn(error: unknown): boolean {
  return isCoded(error, 'invalid-argument') || isCoded(error, 'limit-exceeded')
}

class ImportRun {
  private readonly options: ImportOptions
  private readonly failure = new AbortController()
  private readonly signal: AbortSignal
  private readonly calls: RetriedCalls
  /** Undefined where clocks disagree so far that the node takes no ids. */
  private requestIds: RequestIds | undefined = new RequestIds()
  private readonly existing: ExistingKeys
  private readonly tasks = new BoundedTasks({ countMax: tasksMax, weightMax: bytesInFlightMax })
  /** New small values that go in one call. */
  private group: ImportValue[] = []
  private groupBytes = 0
  /** Small values that the store seems to have, keys that follow each other in it. */
  private doubtful: ImportValue[] = []
  private doubtfulBytes = 0
  private doubtfulAfter = ''
  /** Keys of which something is gathered or under way: another value of one of them comes after. */
  private readonly busyKeys = new Set<string>()

  constructor(options: ImportOptions) {
    this.options = options
    this.signal = AbortSignal.any([options.signal, this.failure.signal])
    this.calls = new RetriedCalls(options.retryLimits ?? defaultRetryLimits, this.signal, options.waiting)
    this.existing = new ExistingKeys(options.client, options.prefix, { signal: this.signal })
  }

  async take(item: ImportItem): Promise<void> {
    const { report, progressed } = this.options
    if (item.kind === 'skipped') report.skip(item.reason, item.name)
    else if (item.kind === 'failed') report.fail(item.reason, item.name)
    else if (this.keyOf(item) === '') report.skip('key-empty', item.name)
    else if (Buffer.byteLength(this.keyOf(item)) > defaultLimits.keyBytesMax) report.skip('key-too-long', item.name)
    else {
      await this.takeValue(item)
      return
    }
    progressed()
  }

  async finish(): Promise<void> {
    await this.flush()
    await this.flushDoubtful()
    await this.tasks.settled()
  }

  /** Ends what is under way. */
  async abandon(error: unknown): Promise<void> {
    this.failure.abort(error)
    await this.tasks.settled().catch(() => {}) // the caller tells of what came first
  }

  /** Stores what was gathered, without the tasks: they take nothing more when one of them has met the tear too. */
  async finishTorn(): Promise<void> {
    await this.tasks.settled().catch(() => {}) // the tear is what the caller tells of
    const { group, doubtful, doubtfulAfter } = this
    if (group.length > 0) await this.putGroup(group)
    if (doubtful.length > 0) await this.putGroupUnlessSame(doubtful, doubtfulAfter)
  }

  private async takeValue(item: ImportValue): Promise<void> {
    const key = this.keyOf(item)
    if (this.busyKeys.has(key)) await this.finish()
    this.busyKeys.add(key)
    const found = await this.calls.make(() => this.existing.find(key))
    const maybeSame = found !== undefined && (item.size === undefined || BigInt(item.size) === found.metadata.size)
    const small = item.size !== undefined && item.size <= smallBytesMax
    if (item.once) await this.putOnce(item).finally(() => this.busyKeys.delete(key))
    else if (!maybeSame)
      await (small ? this.collect(item, item.size) : this.begin(smallBytesMax, [item], () => this.putLarge(item)))
    else if (small && found.before !== undefined) await this.doubt(item, item.size, found.before)
    else await this.begin(smallBytesMax, [item], () => this.putUnlessSame(item, found.metadata))
  }

  /** A failure of one task ends the others at once: they may be waiting for a node that is away. */
  private async begin(weight: number, items: readonly ImportValue[], task: () => Promise<void>): Promise<void> {
    await this.tasks.begin(weight, async () => {
      try {
        await task()
      } catch (error) {
        if (!isTorn(error)) this.failure.abort(error)
        throw error
      } finally {
        for (const item of items) this.busyKeys.delete(this.keyOf(item))
      }
    })
  }

  private async doubt(item: ImportValue, size: number, before: string): Promise<void> {
    const last = this.doubtful.at(-1)
    const full = this.doubtful.length >= groupKeysMax || this.doubtfulBytes + size > groupBytesMax
    if (last !== undefined && (full || this.keyOf(last) !== before)) await this.flushDoubtful()
    if (this.doubtful.length === 0) this.doubtfulAfter = before
    this.doubtful.push(item)
    this.doubtfulBytes += size
  }

  private async flushDoubtful(): Promise<void> {
    const { doubtful, doubtfulBytes, doubtfulAfter } = this
    this.doubtful = []
    this.doubtfulBytes = 0
    if (doubtful.length > 0) await this.begin(doubtfulBytes, doubtful, () => this.putGroupUnlessSame(doubtful, doubtfulAfter))
  }

  private async putGroupUnlessSame(items: readonly ImportValue[], after: string): Promise<void> {
    const stored = await this.storedValues(items.length, after)
    if (stored === undefined) {
      for (const item of items) await this.putUnlessSame(item, await this.found(item))
      return
    }
    const checks = await Promise.all(
      items.map(async (item) => {
        const bytes = await this.readable(item, () => item.read())
        const there = stored.get(this.keyOf(item))
        const same =
          bytes !== undefined &&
          there !== undefined &&
          hasContentType(there.metadata.contentType, item.contentType) &&
          Buffer.compare(bytes, there.value) === 0
        return { item, same, gone: bytes === undefined }
      }),
    )
    for (const { item, same } of checks) if (same) this.skipSame(item)
    const changed = checks.flatMap(({ item, same, gone }) => (same || gone ? [] : [item]))
    if (changed.length > 0) await this.putGroup(changed)
  }

  /** Undefined when one of them is damaged: which one is found out by reading each. */
  private async storedValues(count: number, after: string): Promise<ReadonlyMap<string, GroupValue> | undefined> {
    const { client, prefix } = this.options
    try {
      return await this.calls.make(async () => {
        const values = new Map<string, GroupValue>()
        const query = { prefix, after, count, signal: this.signal }
        for await (const each of groupValues(client, query)) values.set(each.metadata.key, each)
        return values
      })
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return undefined
      throw error
    }
  }

  private async found(item: ImportValue): Promise<KeyMetadata | undefined> {
    return (await this.calls.make(() => this.options.client.stat(this.keyOf(item), { signal: this.signal })))?.metadata
  }

  private async putUnlessSame(item: ImportValue, found: KeyMetadata | undefined): Promise<void> {
    const same = await this.readable(item, () => this.calls.make(() => this.isSame(item, found)))
    if (same === true) this.skipSame(item)
    else if (same === false) await this.putLarge(item)
  }

  private skipSame(item: ImportValue): void {
    this.options.report.skip('already-there', item.name)
    this.options.progressed()
  }

  /** What is damaged is not the same: putting it again makes it whole. */
  private async isSame(item: ImportValue, found: KeyMetadata | undefined): Promise<boolean> {
    if (found === undefined) return false
    try {
      const { metadata, pieces } = await this.options.client.get(found.key, undefined, { signal: this.signal })
      if (metadata.size === found.size && hasContentType(metadata.contentType, item.contentType))
        return await sameBytes(item.open(), pieces)
      await pieces[Symbol.asyncIterator]().return?.()
      return false
    } catch (error) {
      if (isCoded(error, 'data-corrupt')) return false
      throw error
    }
  }

  private async collect(item: ImportValue, size: number): Promise<void> {
    if (this.group.length >= groupKeysMax || this.groupBytes + size > groupBytesMax) await this.flush()
    this.group.push(item)
    this.groupBytes += size
  }

  private async flush(): Promise<void> {
    const group = this.group
    const bytes = this.groupBytes
    this.group = []
    this.groupBytes = 0
    if (group.length > 0) await this.begin(bytes, group, () => this.putGroup(group))
  }

  private async putGroup(group: readonly ImportValue[]): Promise<void> {
    const { report } = this.options
    const reads = await Promise.all(group.map(async (item) => ({ item, value: await this.readable(item, () => item.read()) })))
    const ready = reads.flatMap(({ item, value }) => (value === undefined ? [] : [{ item, value }]))
    // A file may have grown since it was looked at; one that became large is streamed by itself.
    const small = ready.filter(({ value }) => value.length <= groupBytesMax)
    for (const { item, value } of ready) if (value.length > groupBytesMax) await this.putLarge(item)
    if (small.length === 0) return
    const puts = small.map(({ item, value }): SmallPut => ({ key: this.keyOf(item), value, contentType: item.contentType }))
    const results = await this.putAll(puts)
    for (const [index, { item, value }] of small.entries()) {
      if (results[index]?.outcome.case === 'done') report.copy(value.length)
      else report.fail('refused-by-node', item.name)
      this.options.progressed()
    }
  }

  /** Under one request id, so that what a lost answer told of is neither done again nor done over what others did since. */
  private async putAll(puts: readonly SmallPut[]): Promise<readonly BatchResult[]> {
    const { client } = this.options
    const control = { signal: this.signal }
    const requestId = this.requestIds?.next()
    return await this.calls.make(async ({ unsure }) => {
      try {
        return await client.putMany(puts, control, requestId)
      } catch (error) {
        const refused = isCoded(error, 'request-too-old') || (isCoded(error, 'invalid-argument') && !unsure)
        if (requestId === undefined || !refused) throw error
        if (!unsure) this.requestIds = undefined
        return await client.putMany(puts, control) // whole values without precondition: they may be put twice
      }
    })
  }

  private async putLarge(item: ImportValue): Promise<void> {
    const stored = await this.readable(item, () => this.calls.make((attempt) => this.putLargeOnce(item, attempt)))
    if (stored === undefined) return
    this.options.report.copy(Number(stored.size))
    this.options.progressed()
  }

  /** Compares where an earlier attempt may have succeeded. No request id: a file may change, and an upload outlast its outcome. */
  private async putLargeOnce(item: ImportValue, { unsure }: Attempt): Promise<KeyMetadata> {
    const { client } = this.options
    const control = { signal: this.signal }
    const key = this.keyOf(item)
    const found = unsure ? (await client.stat(key, control))?.metadata : undefined
    if (found !== undefined && (await this.isSame(item, found))) return found
    return await client.putStream(key, item.open(), { contentType: item.contentType }, control)
  }

  /** The bytes pass by only once: what the store has cannot be compared first, and a failure cannot be tried again. */
  private async putOnce(item: ImportValue): Promise<void> {
    const { client, report, progressed } = this.options
    const facts = { contentType: item.contentType, ...(item.size !== undefined && { size: item.size }) }
    const stored = await client.putStream(this.keyOf(item), item.open(), facts, { signal: this.signal })
    report.copy(Number(stored.size))
    progressed()
  }

  /** Undefined, and counted, when the file cannot be read; any other failure ends the run. */
  private async readable<Result>(item: ImportValue, action: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await action()
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (error instanceof CodedError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) throw error
      if (code === 'ENOENT') this.options.report.skip('vanished', item.name)
      else this.options.report.fail('unreadable', item.name)
      this.options.progressed()
      return undefined
    }
  }

  private keyOf(item: ImportValue): string {
    return this.options.prefix + item.name
  }
}
