/**
 * What a memory store leaves behind when its process dies: the index image, the journal's frames behind it and the identity.
 * Faults are asked for here, by a test or a simulator, and met by the store that is open or by the next one that opens.
 */
import { CodedError } from '../../../shared/coded-error.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RecordFamily, StoreIdentity } from '../../ports/record-store.ts'
import type { MemoryRecord } from './memory-records.ts'
import { RecordImage, textOf, verifies } from './memory-records.ts'

/** One batch in the journal. */
export interface MemoryFrame {
  readonly sequence: bigint
  readonly bytes: number
  readonly writes: readonly {
    readonly family: RecordFamily
    readonly key: string
    /** Undefined: the key is deleted. */
    readonly record: MemoryRecord | undefined
  }[]
  /** Torn, overwritten or unreadable as a whole. */
  damaged: boolean
}

/** Runs the function when the disk has finished its sync. */
export type SyncScheduler = (complete: () => void) => void

/** Syncs that take their time by a clock that a simulator may own. */
export function syncAfter(clock: Clock, durationMs: number): SyncScheduler {
  return (complete) => {
    clock.after(durationMs, () => {
      complete()
      return undefined
    })
  }
}

/** What the open store lets its disk do to it. */
export interface AttachedStore {
  die(): void
  vanish(family: RecordFamily, key: string): void
  meetIndexDamage(): void
}

export type MemoryFile = 'identity' | 'journal' | 'index'

export interface CrashOptions {
  /** Batches written but not synced that reached the disk all the same, oldest first. */
  readonly keep?: number
  /** The next batch after those was written in part. */
  readonly torn?: boolean
}

function frameVerifies(frame: MemoryFrame): boolean {
  return !frame.damaged && frame.writes.every(({ family, record }) => record === undefined || verifies(family, record))
}

export class MemoryDisk {
  /** Undefined before the first start, and when the identity file is lost. */
  identity: (StoreIdentity & { readonly findings: readonly string[] }) | undefined = undefined
  index = new RecordImage()
  indexPosition = 0n
  /** Behind the index position, in order; the last ones may not be synced yet. */
  frames: MemoryFrame[] = []
  syncedPosition = 0n
  /** Bytes that the disk can hold; undefined: no limit. */
  capacityBytes: number | undefined = undefined
  scheduleSync: SyncScheduler = queueMicrotask
  attached: AttachedStore | undefined = undefined
  #syncError: Error | undefined = undefined

  get usedBytes(): number {
    return this.frames.reduce((sum, { bytes }) => sum + bytes, this.index.liveBytes)
  }

  get freeBytes(): number {
    return this.capacityBytes === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, this.capacityBytes - this.usedBytes)
  }

  /** Batches that a crash would lose. */
  get unsyncedBatches(): number {
    return this.frames.filter(({ sequence }) => sequence > this.syncedPosition).length
  }

  /** The process dies and the machine forgets what was not synced. Commits in flight never settle. */
  crash({ keep = 0, torn = false }: CrashOptions = {}): void {
    this.attached?.die()
    this.attached = undefined
    const synced = this.frames.length - this.unsyncedBatches
    const next = this.frames[synced + keep]
    if (torn && next !== undefined) next.damaged = true
    this.frames = this.frames.slice(0, synced + keep + (torn ? 1 : 0))
  }

  /** A durable batch of the journal that is not yet indexed becomes unreadable; false when there is none of this number. */
  damageFrame(sequence: bigint): boolean {
    const frame = this.frames.find((each) => each.sequence === sequence)
    if (frame !== undefined) frame.damaged = true
    return frame !== undefined
  }

  /** Flips one bit of a record's value wherever it is kept; false when the record is not there or has no such bit. */
  flipBit(family: RecordFamily, key: Uint8Array, bit = 0): boolean {
    const text = textOf(key)
    const kept = this.frames.flatMap(({ writes }) => writes).findLast((write) => write.family === family && write.key === text)
    const record = kept === undefined ? this.index.family(family).get(text) : kept.record
    const old = record?.value[bit >> 3]
    if (record === undefined || old === undefined) return false
    const value = record.value.slice()
    value[bit >> 3] = old ^ (1 << (bit & 7))
    record.value = value
    return true
  }

  /** An indexed record is gone without a trace; false when it was not in the index. */
  loseRecord(family: RecordFamily, key: Uint8Array): boolean {
    const text = textOf(key)
    if (this.index.family(family).get(text) === undefined) return false
    this.index.vanish(family, text)
    this.attached?.vanish(family, text)
    return true
  }

  /** The open store learns that its index is damaged; false when none is open. */
  damageIndex(): boolean {
    this.attached?.meetIndexDamage()
    return this.attached !== undefined
  }

  /** Removes a file of a closed or crashed store. */
  loseFile(file: MemoryFile): void {
    if (this.attached !== undefined) throw new CodedError('store-locked', 'a store is open on this disk')
    if (file === 'identity') this.identity = undefined
    else if (file === 'journal') this.frames = []
    else {
      this.index = new RecordImage()
      this.indexPosition = 0n
    }
  }

  /** The next sync fails. */
  failNextSync(error: Error = new Error('the disk reported an error')): void {
    this.#syncError = error
  }

  takeSyncError(): Error | undefined {
    const error = this.#syncError
    this.#syncError = undefined
    return error
  }

  /** Moves every synced batch into the index. */
  writeIndex(): { readonly records: number } {
    let records = 0
    const synced = this.frames.filter(({ sequence }) => sequence <= this.syncedPosition)
    for (const { writes, sequence } of synced) {
      for (const { family, key, record } of writes) this.index.apply(family, key, record)
      records += writes.length
      this.indexPosition = sequence
    }
    this.frames = this.frames.slice(synced.length)
    return { records }
  }

  /**
   * Tail or hole: what does not verify and has nothing valid behind it is cut; anything else that is missing is a finding.
   * The synced position is what a real store could prove, not what this object remembers.
   */
  readJournal(): {
    readonly valid: readonly MemoryFrame[]
    readonly cut: readonly MemoryFrame[]
    readonly findings: readonly string[]
  } {
    const lastValid = this.frames.findLastIndex(frameVerifies)
    const cut = this.frames.slice(lastValid + 1)
    const valid = this.frames.slice(0, lastValid + 1).filter(frameVerifies)
    const findings: string[] = []
    let expected = this.indexPosition + 1n
    for (const { sequence } of valid) {
      if (sequence !== expected) findings.push(`journal: batches ${expected} to ${sequence - 1n} are missing`)
      expected = sequence + 1n
    }
    return { valid, cut, findings }
  }

  /** Accepts what verifies as all there is, so that the next start is sound (under the store id that the finding drew). */
  recover(): void {
    if (this.attached !== undefined) throw new CodedError('store-locked', 'a store is open on this disk')
    const { valid } = this.readJournal()
    for (const { writes } of valid) for (const { family, key, record } of writes) this.index.apply(family, key, record)
    this.indexPosition = valid.at(-1)?.sequence ?? this.indexPosition
    this.frames = []
    this.index.settle()
    if (this.identity !== undefined) this.identity = { ...this.identity, findings: [] }
  }
}
