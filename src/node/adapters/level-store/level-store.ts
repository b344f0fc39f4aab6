/** The durable store: commits go to the journal, reads come from overlay, cache and index. */

import { CodedError, isCoded } from '../../../shared/coded-error.ts'
import type { Limits } from '../../core/base/limits.ts'
import type {
  CommitOptions,
  RecordFamily,
  RecordStore,
  RecordWrite,
  ScanOptions,
  ScrubStatus,
  StoreCondition,
  StoredRecord,
  StoreEvents,
  StoreIdentity,
  StoreUsage,
  VerifyReport,
} from '../../ports/record-store.ts'
import { inspectedStoreMessage, recordFamilies, suspectStoreMessage } from '../../ports/record-store.ts'
import type { Capacity } from './capacity.ts'
import type { IndexWriter } from './index/index-writer.ts'
import type { LevelIndex } from './index/level-index.ts'
import { frameSize } from './journal/frame-codec.ts'
import type { JournalWriter } from './journal/journal-writer.ts'
import type { SegmentMaker } from './journal/segment-maker.ts'
import type { Overlay } from './overlay.ts'
import type { PayloadReader } from './payload-reader.ts'
import type { Reclaim } from './reclaim.ts'
import type { RecordReads } from './record-reads.ts'
import { scanRecords } from './record-scan.ts'
import type { Scrub } from './scrub.ts'

/** What the store is made of, opened and wired by `openLevelStore`. */
export interface StoreParts {
  readonly limits: Limits
  readonly events: StoreEvents
  readonly byteLimit: number | undefined
  readonly identity: StoreIdentity
  readonly condition: StoreCondition
  /** Opened only to be looked at. */
  readonly inspected: boolean
  readonly index: LevelIndex
  readonly overlay: Overlay
  readonly indexWriter: IndexWriter
  readonly journal: JournalWriter
  readonly maker: SegmentMaker
  readonly payloads: PayloadReader
  readonly reads: RecordReads
  readonly capacity: Capacity
  readonly reclaim: Reclaim
  readonly scrub: Scrub | undefined
  readonly verify: (store: LevelStore, signal: AbortSignal | undefined) => Promise<VerifyReport>
  /** Runs when everything is written and closed; `provenThrough` is undefined after a failure. */
  readonly release: (provenThrough: number | undefined) => Promise<void>
}

/** Bytes of a batch with a short value and the records that go with it: a store without room for it is full. */
const smallChangeBytes = 4096

export class LevelStore implements RecordStore {
  readonly traits = { durable: true }
  readonly #parts: StoreParts
  #failed = false
  #closing: Promise<void> | undefined

  constructor(parts: StoreParts) {
    this.#parts = parts
  }

  get identity(): StoreIdentity {
    return this.#parts.identity
  }

  get condition(): StoreCondition {
    return this.#parts.condition
  }

  get inspected(): boolean {
    return this.#parts.inspected
  }

  commit(batch: readonly RecordWrite[], options: CommitOptions = {}): Promise<void> {
    const { limits, journal, condition, inspected } = this.#parts
    if (this.#closing !== undefined || this.#failed) return refuse('not-running', 'the store takes no more changes')
    if (condition.kind === 'suspect') return refuse('store-read-only', suspectStoreMessage)
    if (inspected) return refuse('store-read-only', inspectedStoreMessage)
    if (batch.length === 0) return Promise.resolve()
    const size = frameSize(batch, limits.inlinePayloadBytesMax)
    const bytes = size.operationsLength + size.payloadsLength
    if (bytes > limits.batchBytesMax) {
      return refuse('limit-exceeded', `a batch of ${bytes} bytes is above the limit of ${limits.batchBytesMax}`)
    }
    if (journal.queuedBytes + size.frameLength > limits.commitQueueBytesMax) {
      return refuse('queue-full', 'too many changes wait for the disk')
    }
    const removals = countRemovals(batch)
    const reserve = removals === batch.length || options.space === 'reserve'
    const { stalled } = this.#parts.indexWriter
    if (!reserve && stalled !== undefined) return Promise.reject(stalled)
    // What the node removes makes room, even in a store that is over a limit which was lowered.
    if (!reserve || removals === 0) {
      const refusal = this.#parts.capacity.refusal(this.#liveBytes(), bytes, reserve ? 'reserve' : 'normal')
      if (refusal !== undefined) return Promise.reject(refusal)
    }
    return journal.commit('batch', batch, size, reserve ? 'reserve' : 'normal', options.inBackground)
  }

  get(family: RecordFamily, key: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    this.#assertOpen()
    return this.#parts.reads.get(family, key)
  }

  has(family: RecordFamily, key: Uint8Array): boolean | Promise<boolean> {
    this.#assertOpen()
    return this.#parts.reads.has(family, key)
  }

  async scan(family: RecordFamily, options: ScanOptions): Promise<readonly StoredRecord[]> {
    this.#assertOpen()
    const { overlay, index, limits, reads } = this.#parts
    const getPayload = async (of: RecordFamily, key: Uint8Array) => reads.get(of, key)
    const corrupt = (of: RecordFamily) => reads.corruptEntry(of)
    const isUnreadable = (of: RecordFamily, key: Uint8Array) => reads.isUnreadable(of, key)
    const scan = { index, overlay, recordsMax: limits.scanRecordsMax, getPayload, corrupt, isUnreadable }
    const records = await scanRecords(scan, family, options)
    if (index.damage !== undefined) options.damage?.incomplete()
    return records
  }

  usage(): StoreUsage {
    const { capacity, indexWriter, journal, byteLimit } = this.#parts
    const families = recordFamilies.map((family, code) => [family, { records: indexWriter.counts[code]?.records ?? 0 }] as const)
    return {
      liveBytes: indexedBytes(indexWriter),
      diskBytes: capacity.diskBytes,
      byteLimit,
      reserveBytes: capacity.reserveBytes,
      diskFreeBytes: capacity.diskFreeBytes,
      full: this.#isFull(),
      syncedPosition: BigInt(journal.position.sequence),
      segments: capacity.segments,
      families: Object.fromEntries(families) as StoreUsage['families'],
    }
  }

  get scrub(): ScrubStatus | undefined {
    return this.#parts.scrub?.status
  }

  get indexDamage(): CodedError | undefined {
    return this.#parts.index.damage
  }

  scrubSoon(): void {
    this.#parts.scrub?.soon()
  }

  async verify(signal?: AbortSignal): Promise<VerifyReport> {
    this.#assertOpen()
    return this.#parts.verify(this, signal)
  }

  /** Everything durable at the call is in the index when this resolves. Rejects with `storage-full` while that finds no room. */
  async settle(): Promise<void> {
    await this.#parts.indexWriter.indexed(this.#parts.journal.position.sequence)
  }

  /** A write failed: nothing is answered any more. */
  fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    const cause = new CodedError('not-running', 'the store has failed', { cause: error })
    this.#parts.journal.fail(cause)
    this.#parts.indexWriter.stop(cause)
    this.#parts.events.failed({ error })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { journal, indexWriter, reclaim, maker, payloads, index, capacity, scrub, release } = this.#parts
    await scrub?.stop()
    await reclaim.close()
    await journal.close()
    if (!this.#failed) await indexWriter.indexed(journal.position.sequence).catch((error: unknown) => this.#notIndexed(error))
    await indexWriter.close()
    await capacity.idle()
    await maker.close()
    await payloads.close()
    await index.close()
    await release(this.#failed ? undefined : journal.position.sequence)
  }

  /** What found no room in the index at the end, or no sound one, lies in the journal, for the next start. */
  #notIndexed(error: unknown): void {
    if (error !== this.#parts.indexWriter.stalled) this.fail(error)
  }

  #liveBytes(): number {
    const { indexWriter, overlay, journal } = this.#parts
    return indexedBytes(indexWriter) + overlay.journalBytes + journal.queuedBytes
  }

  #isFull(): boolean {
    const { capacity, limits, maker, indexWriter } = this.#parts
    if (isCoded(indexWriter.stalled, 'storage-full')) return true
    if (capacity.refusal(this.#liveBytes(), smallChangeBytes, 'normal') !== undefined) return true
    // Nobody tries another segment while nothing is written: room that came back meanwhile counts.
    return maker.full && capacity.roomBytes < limits.segmentBytes + limits.storeReserveBytes
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new CodedError('not-running', 'the store is closed')
  }
}

function countRemovals(batch: readonly RecordWrite[]): number {
  let count = 0
  for (const { kind } of batch) if (kind === 'delete') count++
  return count
}

function indexedBytes({ counts }: IndexWriter): number {
  let bytes = 0
  for (const count of counts) bytes += count.bytes
  return bytes
}

function refuse(code: 'not-running' | 'store-read-only' | 'limit-exceeded' | 'queue-full', message: string): Promise<never> {
  return Promise.reject(new CodedError(code, message))
}
