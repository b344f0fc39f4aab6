import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { KeyMetadata, KeyValueClient, SmallPut } from '../client/key-value-client.ts'
import { BoundedTasks } from './bounded-tasks.ts'
import { ExistingKeys } from './existing-keys.ts'
import { sameBytes } from './same-bytes.ts'
import type { ImportItem, ImportValue } from './transfer-item.ts'
import type { TransferReport } from './transfer-report.ts'
import { groupBytesMax, groupKeysMax, groupValues, smallBytesMax } from './value-group.ts'

export interface ImportOptions {
  readonly client: KeyValueClient
  readonly prefix: string
  readonly report: TransferReport
  readonly signal: AbortSignal
  /** Called after each thing, to draw progress. */
  readonly progressed: () => void
}

const tasksMax = 8
const bytesInFlightMax = 16 * 1024 * 1024
const triesMax = 6
const firstPauseMs = 100

/**
 * Puts every item whose key is not there yet with the very same bytes. Whether it is there is decided by comparing contents with
 * the store, never by dates or a record of an earlier run: what an interrupted run left is either the same or it is put again.
 */
export async function runImport(items: AsyncIterable<ImportItem>, options: ImportOptions): Promise<void> {
  const run = new ImportRun(options)
  try {
    for await (const item of items) {
      options.signal.throwIfAborted()
      await run.take(item)
    }
  } catch (error) {
    // A source that cannot be read any further says nothing against what came before.
    if (isCoded(error, 'invalid-argument') || isCoded(error, 'limit-exceeded')) await run.finishTorn()
    throw error
  }
  await run.finish()
}

class ImportRun {
  private readonly options: ImportOptions
  private readonly existing: ExistingKeys
  private readonly tasks = new BoundedTasks({ countMax: tasksMax, weightMax: bytesInFlightMax })
  /** New small values that go in one call. */
  private group: ImportValue[] = []
  private groupBytes = 0
  /** Small values that the store seems to have, keys that follow each other in it. */
  private doubtful: ImportValue[] = []
  private doubtfulBytes = 0
  private doubtfulAfter = ''

  constructor(options: ImportOptions) {
    this.options = options
    this.existing = new ExistingKeys(options.client, options.prefix, { signal: options.signal })
  }

  async take(item: ImportItem): Promise<void> {
    const { report, progressed } = this.options
    if (item.kind === 'skipped') report.skip(item.reason, item.name)
    else if (item.kind === 'failed') report.fail(item.reason, item.name)
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

  /** Stores what was gathered, without the tasks: they take nothing more when one of them has met the tear too. */
  async finishTorn(): Promise<void> {
    await this.tasks.settled().catch(() => {}) // the tear is what the caller tells of
    const { group, doubtful, doubtfulAfter } = this
    if (group.length > 0) await this.putGroup(group)
    if (doubtful.length > 0) await this.putGroupUnlessSame(doubtful, doubtfulAfter)
  }

  private async takeValue(item: ImportValue): Promise<void> {
    const found = await this.retried(() => this.existing.find(this.keyOf(item)))
    const maybeSame = found !== undefined && (item.size === undefined || BigInt(item.size) === found.metadata.size)
    const small = item.size !== undefined && item.size <= smallBytesMax
    if (item.once) await this.putOnce(item)
    else if (!maybeSame)
      await (small ? this.collect(item, item.size) : this.tasks.begin(smallBytesMax, () => this.putLarge(item)))
    else if (small && found.before !== undefined) await this.doubt(item, item.size, found.before)
    else await this.tasks.begin(smallBytesMax, () => this.putUnlessSame(item, found.metadata))
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
    if (doubtful.length > 0) await this.tasks.begin(doubtfulBytes, () => this.putGroupUnlessSame(doubtful, doubtfulAfter))
  }

  private async putGroupUnlessSame(items: readonly ImportValue[], after: string): Promise<void> {
    const { client, prefix, signal } = this.options
    const stored = await this.retried(async () => {
      const values = new Map<string, Uint8Array>()
      const query = { prefix, after, count: items.length, signal }
      for await (const { metadata, value } of groupValues(client, query)) values.set(metadata.key, value)
      return values
    })
    const checks = await Promise.all(
      items.map(async (item) => {
        const bytes = await this.readable(item, () => item.read())
        const there = stored.get(this.keyOf(item))
        const same = bytes !== undefined && there !== undefined && Buffer.compare(bytes, there) === 0
        return { item, same, gone: bytes === undefined }
      }),
    )
    for (const { item, same } of checks) if (same) this.skipSame(item)
    const changed = checks.flatMap(({ item, same, gone }) => (same || gone ? [] : [item]))
    if (changed.length > 0) await this.putGroup(changed)
  }

  private async putUnlessSame(item: ImportValue, found: KeyMetadata): Promise<void> {
    const same = await this.readable(item, () => this.isSame(item, found))
    if (same === true) this.skipSame(item)
    else if (same === false) await this.putLarge(item)
  }

  private skipSame(item: ImportValue): void {
    this.options.report.skip('already-there', item.name)
    this.options.progressed()
  }

  private async isSame(item: ImportValue, found: KeyMetadata): Promise<boolean> {
    const { client, signal } = this.options
    return await this.retried(async () => {
      const { metadata, pieces } = await client.get(found.key, undefined, { signal })
      return metadata.size === found.size && (await sameBytes(item.open(), pieces))
    })
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
    if (group.length > 0) await this.tasks.begin(bytes, () => this.putGroup(group))
  }

  private async putGroup(group: readonly ImportValue[]): Promise<void> {
    const { client, report, signal } = this.options
    const reads = await Promise.all(group.map(async (item) => ({ item, value: await this.readable(item, () => item.read()) })))
    const ready = reads.flatMap(({ item, value }) => (value === undefined ? [] : [{ item, value }]))
    // A file may have grown since it was looked at; one that became large is streamed by itself.
    const small = ready.filter(({ value }) => value.length <= groupBytesMax)
    for (const { item, value } of ready) if (value.length > groupBytesMax) await this.putLarge(item)
    if (small.length === 0) return
    const puts = small.map(({ item, value }): SmallPut => ({ key: this.keyOf(item), value, contentType: item.contentType }))
    const results = await this.retried(() => client.putMany(puts, { signal }))
    for (const [index, { item, value }] of small.entries()) {
      if (results[index]?.outcome.case === 'done') report.copy(value.length)
      else report.fail('refused-by-node', item.name)
      this.options.progressed()
    }
  }

  private async putLarge(item: ImportValue): Promise<void> {
    const { client, report, signal } = this.options
    const key = this.keyOf(item)
    const stored = await this.readable(item, () =>
      this.retried(() => client.putStream(key, item.open(), { contentType: item.contentType }, { signal })),
    )
    if (stored !== undefined) {
      report.copy(Number(stored.size))
      this.options.progressed()
    }
  }

  /** The bytes pass by only once: what the store has cannot be compared first, and a failure cannot be tried again. */
  private async putOnce(item: ImportValue): Promise<void> {
    const { client, report, signal, progressed } = this.options
    const facts = { contentType: item.contentType, ...(item.size !== undefined && { size: item.size }) }
    const stored = await client.putStream(this.keyOf(item), item.open(), facts, { signal })
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

  /** A put of a whole value without precondition may be sent again whatever became of it. */
  private async retried<Result>(action: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await action()
      } catch (error) {
        const passing = error instanceof CodedError && ['not-running', 'queue-full', 'contended'].includes(error.code)
        if (!passing || attempt === triesMax) throw error
        const pauseMs = firstPauseMs * 2 ** (attempt - 1)
        await sleep(pauseMs / 2 + Math.random() * (pauseMs / 2), undefined, { signal: this.options.signal })
      }
    }
  }

  private keyOf(item: ImportValue): string {
    return this.options.prefix + item.name
  }
}
