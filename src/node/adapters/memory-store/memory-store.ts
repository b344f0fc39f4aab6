/**
 * A record store in memory that models the journal: batches are written to a volatile journal, a sync makes them durable, and only
 * then are they answered and seen. For tests and simulations; the disk outlives the store, and a crash is the disk's to make.
 */
import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { hiddenDetails } from '../../../shared/hidden-record.ts'
import type { Limits } from '../../core/base/limits.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { Random } from '../../ports/random.ts'
import type {
  CommitOptions,
  RecordFamily,
  RecordStore,
  RecordWrite,
  ScanOptions,
  StoreCondition,
  StoredRecord,
  StoreEvents,
  StoreIdentity,
  StoreUsage,
  VerifyReport,
} from '../../ports/record-store.ts'
import { recordFamilies, suspectStoreMessage } from '../../ports/record-store.ts'
import type { AttachedStore, MemoryFrame } from './memory-disk.ts'
import { MemoryDisk } from './memory-disk.ts'
import type { MemoryRecord, RecordImage } from './memory-records.ts'
import { bytesOf, recordOf, textOf, verifies } from './memory-records.ts'

export interface MemoryStoreOptions {
  readonly random: Random
  /** A new, empty disk where none is given. */
  readonly disk?: MemoryDisk
  readonly limits?: Limits
  readonly byteLimit?: number
  /** Of the byte limit; a sixteenth of it unless given. */
  readonly reserveBytes?: number
  /** Synced batches that wait in the journal before they move to the index. */
  readonly indexBatches?: number
  readonly events?: Partial<StoreEvents>
}

interface WaitingBatch {
  readonly frame: MemoryFrame
  readonly resolve: () => void
  readonly reject: (error: CodedError) => void
}

const defaultIndexBatches = 64
const damagedMessage = 'the index is damaged: puts are refused, removals are taken for a while: restart the node'

export function openMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new MemoryStore(options)
}

export class MemoryStore implements RecordStore, AttachedStore {
  readonly traits = { durable: false }
  readonly scrub = undefined
  readonly identity: StoreIdentity
  readonly condition: StoreCondition
  readonly disk: MemoryDisk
  readonly #limits: Limits
  readonly #byteLimit: number | undefined
  readonly #reserveBytes: number
  readonly #indexBatches: number
  readonly #events: Partial<StoreEvents>
  readonly #view: RecordImage
  readonly #openedBytes: number
  #state: 'open' | 'closing' | 'closed' | 'failed' | 'dead' = 'open'
  #lastSequence: bigint
  #waiting: WaitingBatch[] = []
  #syncing: readonly WaitingBatch[] = []
  #waitingBytes = 0
  #closing: Promise<void> | undefined = undefined
  #damage: CodedError | undefined = undefined
  #idle: (() => void) | undefined = undefined

  constructor({
    random,
    disk = new MemoryDisk(),
    limits = defaultLimits,
    byteLimit,
    reserveBytes,
    indexBatches,
    events = {},
  }: MemoryStoreOptions) {
    if (disk.attached !== undefined) throw new CodedError('store-locked', 'another store is open on this disk')
    this.disk = disk
    this.#limits = limits
    this.#byteLimit = byteLimit
    this.#reserveBytes = reserveBytes ?? Math.floor((byteLimit ?? 0) / 16)
    this.#indexBatches = indexBatches ?? defaultIndexBatches
    this.#events = events
    if (disk.identity === undefined && (disk.indexPosition > 0n || disk.frames.length > 0)) {
      throw new CodedError('store-damaged', 'the identity of this store is missing')
    }
    this.#view = disk.index.copy()
    const findings = this.#replay()
    this.#openedBytes = this.#view.liveBytes
    const old = disk.identity
    const lost = findings.length > 0 && old?.findings.length === 0
    const known = old !== undefined && old.findings.length > 0 ? old.findings : findings
    const storeId = old === undefined || lost ? random.bytes(16) : old.storeId
    this.identity = { storeId, bootCount: (old?.bootCount ?? 0) + 1 }
    disk.identity = { ...this.identity, findings: known }
    this.condition = known.length === 0 ? { kind: 'sound' } : { kind: 'suspect', findings: known }
    for (const finding of known) events.damageFound?.({ finding })
    this.#lastSequence = disk.syncedPosition
    disk.attached = this
  }

  commit(batch: readonly RecordWrite[], { space = 'normal' }: CommitOptions = {}): Promise<void> {
    const refusal = this.#refusal(batch, space)
    if (refusal !== undefined) return Promise.reject(refusal)
    for (const write of batch) {
      const claimed = write.kind === 'put' && write.isNew === true
      assert(
        !claimed || this.#view.family(write.family).get(textOf(write.key)) === undefined,
        'a record that is said to be new is new',
      )
    }
    this.#lastSequence++
    const writes = batch.map((write) => ({
      family: write.family,
      key: textOf(write.key),
      record: write.kind === 'put' ? recordOf(write.family, write.key, write.value) : undefined,
    }))
    const frame: MemoryFrame = { sequence: this.#lastSequence, bytes: batchBytes(batch), writes, damaged: false }
    this.#waitingBytes += frame.bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame, resolve, reject })
      if (this.#syncing.length === 0) this.#write()
    })
  }

  get(family: RecordFamily, key: Uint8Array): Uint8Array | undefined {
    this.#assertReadable()
    const text = textOf(key)
    const record = this.#view.family(family).get(text)
    if (record === undefined) this.#assertTold(family, text)
    else assertVerifies(family, record)
    return record?.value
  }

  has(family: RecordFamily, key: Uint8Array): boolean {
    this.#assertReadable()
    const text = textOf(key)
    const isThere = this.#view.family(family).get(text) !== undefined
    if (!isThere) this.#assertTold(family, text)
    return isThere
  }

  async scan(family: RecordFamily, options: ScanOptions): Promise<readonly StoredRecord[]> {
    this.#assertReadable()
    assert(options.limit >= 1 && options.limit <= this.#limits.scanRecordsMax, 'a scan is bounded')
    assert(options.from === undefined || options.after === undefined, 'a scan has one lower bound')
    throwIfAborted(options.signal)
    if (this.#damage !== undefined) options.damage?.incomplete()
    return this.#view.family(family).scan(options, (record) => {
      if (options.damage === undefined) assertVerifies(family, record)
      return verifies(family, record)
    })
  }

  usage(): StoreUsage {
    const counts = recordFamilies.map((family) => [family, { records: this.#view.family(family).size }])
    return {
      liveBytes: this.#view.liveBytes,
      diskBytes: this.disk.usedBytes,
      byteLimit: this.#byteLimit,
      reserveBytes: this.#reserveBytes,
      diskFreeBytes: this.disk.freeBytes,
      full:
        this.disk.freeBytes === 0 ||
        (this.#byteLimit !== undefined && this.#view.liveBytes >= this.#byteLimit - this.#reserveBytes),
      syncedPosition: this.disk.syncedPosition,
      segments: 1,
      families: Object.fromEntries(counts) as Record<RecordFamily, { readonly records: number }>,
    }
  }

  async verify(signal?: AbortSignal): Promise<VerifyReport> {
    this.#assertReadable()
    const findings: string[] = []
    let records = 0
    let bytes = 0
    for (const family of recordFamilies) {
      throwIfAborted(signal)
      for (const [, record] of this.#view.family(family).entries()) {
        records++
        bytes += bytesOf(record)
        if (!verifies(family, record)) findings.push(`${family}: a record of ${record.value.length} bytes does not verify`)
      }
      if (!this.#view.isWhole(family)) findings.push(`${family}: count or fingerprint differ from what was written`)
    }
    for (const finding of findings) this.#events.damageFound?.({ finding })
    return { records, bytes, findings, journal: [] }
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The process is gone: nothing that it waits for will happen. */
  die(): void {
    this.#state = 'dead'
    this.#waiting = []
    this.#idle?.()
  }

  vanish(family: RecordFamily, key: string): void {
    this.#view.vanish(family, key)
  }

  get indexDamage(): CodedError | undefined {
    return this.#damage
  }

  meetIndexDamage(): void {
    if (this.#damage !== undefined) return
    this.#damage = new CodedError('data-corrupt', damagedMessage)
    this.#events.indexStalled?.({ error: this.#damage })
  }

  /** What is not found in a damaged index may be there, unless the journal in memory says that it was removed. */
  #assertTold(family: RecordFamily, text: string): void {
    if (this.#damage === undefined) return
    for (const { writes, sequence } of this.disk.frames) {
      if (sequence > this.disk.syncedPosition) break
      if (writes.some((write) => write.family === family && write.key === text)) return
    }
    throw new CodedError('data-corrupt', `whether this is stored cannot be told: ${damagedMessage}`, { details: hiddenDetails })
  }

  #refusal(batch: readonly RecordWrite[], space: 'normal' | 'reserve'): CodedError | undefined {
    if (this.#state !== 'open') return new CodedError('not-running', 'the store is closed')
    if (this.condition.kind === 'suspect') return new CodedError('store-read-only', suspectStoreMessage)
    const removes = batch.every(({ kind }) => kind === 'delete')
    if (this.#damage !== undefined && space === 'normal' && !removes) return this.#damage
    const bytes = batchBytes(batch)
    if (bytes > this.#limits.batchBytesMax) return new CodedError('limit-exceeded', 'the batch is too large')
    const added = batch.reduce((sum, write) => sum + (write.kind === 'put' ? write.key.length + write.value.length : 0), 0)
    const overLimit =
      this.#byteLimit !== undefined &&
      this.#view.liveBytes + this.#waitingBytes + added > this.#allowedBytes(this.#byteLimit, space)
    const overDisk = this.#waitingBytes + bytes > this.disk.freeBytes
    return (overLimit && added > 0) || overDisk ? new CodedError('storage-full', 'the store has no space left') : undefined
  }

  /** A store that opened with its reserve used up, as after its limit was lowered, has one above what it held then. */
  #allowedBytes(byteLimit: number, space: 'normal' | 'reserve'): number {
    if (space === 'normal') return byteLimit - this.#reserveBytes
    return Math.max(byteLimit, this.#openedBytes + this.#reserveBytes)
  }

  /** Everything that waits goes down in one write and one sync; one is in flight. */
  #write(): void {
    this.#syncing = this.#waiting
    this.#waiting = []
    for (const { frame } of this.#syncing) this.disk.frames.push(frame)
    this.disk.scheduleSync(() => this.#synced())
  }

  #synced(): void {
    if (this.#state === 'dead' || this.#state === 'failed') return
    const error = this.disk.takeSyncError()
    if (error !== undefined) {
      this.#fail(error)
      return
    }
    const done = this.#syncing
    this.#syncing = []
    let bytes = 0
    for (const { frame } of done) {
      this.#applyFrame(frame)
      this.disk.syncedPosition = frame.sequence
      bytes += frame.bytes
    }
    this.#waitingBytes -= bytes
    this.#events.committed?.({ batches: done.length, bytes, writeMs: 0, syncMs: 0 })
    for (const { resolve } of done) resolve()
    if (this.#waiting.length > 0) this.#write()
    else this.#idle?.()
    if (this.disk.frames.length >= this.#indexBatches) this.#index()
  }

  /** After a failed sync nobody knows what the disk holds, so nothing more is answered. */
  #fail(error: Error): void {
    this.#state = 'failed'
    const [underWay, waiting] = [this.#syncing, this.#waiting]
    this.#syncing = []
    this.#waiting = []
    this.#events.failed?.({ error })
    for (const { reject } of underWay)
      reject(new CodedError('outcome-unknown', 'the disk failed under this change', { cause: error }))
    for (const { reject } of waiting) reject(new CodedError('not-running', 'the store failed', { cause: error }))
    this.#idle?.()
  }

  #index(): void {
    if (this.#damage !== undefined) return
    const { records } = this.disk.writeIndex()
    if (records > 0) this.#events.indexed?.({ records, durationMs: 0 })
  }

  #applyFrame({ writes }: MemoryFrame): void {
    for (const { family, key, record } of writes) this.#view.apply(family, key, record)
  }

  #replay(): readonly string[] {
    const { disk } = this
    const { valid, cut, findings } = disk.readJournal()
    for (const frame of valid) this.#applyFrame(frame)
    const position = valid.at(-1)?.sequence ?? disk.indexPosition
    const lostFiles = position < disk.syncedPosition && cut.length === 0 ? ['journal: synced batches are missing at its end'] : []
    disk.syncedPosition = position
    if (findings.length > 0 || lostFiles.length > 0) return [...findings, ...lostFiles]
    for (const { bytes } of cut) this.#events.tailCut?.({ segment: 1, offset: 0, bytes })
    disk.frames = [...valid]
    return []
  }

  async #finish(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing'
      if (this.#syncing.length > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    }
    if (this.disk.attached === this) {
      if (this.#state === 'closing' && this.condition.kind === 'sound') this.#index()
      this.disk.attached = undefined
    }
    if (this.#state === 'closing') this.#state = 'closed'
  }

  #assertReadable(): void {
    if (this.#state !== 'open') throw new CodedError('not-running', 'the store is closed')
  }
}

function batchBytes(batch: readonly RecordWrite[]): number {
  return batch.reduce((sum, write) => sum + write.key.length + (write.kind === 'put' ? write.value.length : 0), 0)
}

function assertVerifies(family: RecordFamily, record: MemoryRecord): void {
  if (!verifies(family, record)) throw new CodedError('data-corrupt', 'a record does not verify', { details: { family } })
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new CodedError('cancelled', 'the caller went away', { cause: signal.reason })
}
