/**
 * What a node keeps on its disk: records in ordered families, changed by atomic batches that are durable when they are
 * answered. Implementations: `level-store` (journal and LevelDB) and `memory-store` (a model of the journal, with faults).
 */

import type { CodedError } from '../../shared/coded-error.ts'

/**
 * Record families in the order of their prefixes. Of each the store keeps the number of records and an additive fingerprint, so that
 * a record which vanished is noticed; `block`, `entry`, `outcome`, `accepted` and `vote` together are the state of consensus.
 */
export const recordFamilies = [
  'local',
  'content',
  'block',
  'entry',
  'outcome',
  'collect',
  'tombstone',
  'accepted',
  'vote',
] as const
export type RecordFamily = (typeof recordFamilies)[number]

export type RecordWrite =
  | {
      readonly kind: 'put'
      readonly family: RecordFamily
      readonly key: Uint8Array
      readonly value: Uint8Array
      /** The caller knows that there is no such record, because the key is fresh or was just looked up: the store need not look. */
      readonly isNew?: true
    }
  | { readonly kind: 'delete'; readonly family: RecordFamily; readonly key: Uint8Array }

export interface StoredRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface ScanOptions {
  /** Lower bound; exclusive with `after`, inclusive with `from`. At most one of the two. */
  readonly from?: Uint8Array
  readonly after?: Uint8Array
  /** Upper bound, exclusive. */
  readonly before?: Uint8Array
  /** Records at most, 1 to `limits.scanRecordsMax`. */
  readonly limit: number
  /** Ends the page early once the values returned reach this many bytes (at least one record is returned). */
  readonly bytesMax?: number
  /** Descending order; the bounds keep their meaning. */
  readonly reverse?: boolean
  /** Keys only: values are empty arrays. */
  readonly keysOnly?: boolean
  readonly signal?: AbortSignal
  /** Told of what the page lacks; without it the scan throws `data-corrupt` at a record that does not verify. */
  readonly damage?: ScanDamage
}

/** Both are called synchronously, before the scan resolves, and must not throw. */
export interface ScanDamage {
  /** A record that is there and does not verify: it is left out and counts for the limit. In the order of the page. */
  unreadable(key: Uint8Array): void
  /** A part of the index could not be read, or is known to be damaged: records may be missing from this page. */
  incomplete(): void
}

export interface CommitOptions {
  /** `reserve` may use the space kept for removals, repair and the store's own records; `normal` is refused earlier. */
  readonly space?: 'normal' | 'reserve'
  /** Something is to be said to others while the disk works: the thread does not wait for it, although that takes longer. */
  readonly inBackground?: boolean
}

/** Identity of one data directory (protocol: store id, boot count, synced position). */
export interface StoreIdentity {
  /** 16 random bytes, drawn when the directory is made and again when the store is found to have lost records. */
  readonly storeId: Uint8Array
  /** Starts of this store, counted durably before it opens: 1 at the first. */
  readonly bootCount: number
}

/** `suspect`: durable records are missing. The store serves what verifies and refuses every change until it is recovered. */
export type StoreCondition = { readonly kind: 'sound' } | { readonly kind: 'suspect'; readonly findings: readonly string[] }

/** What a caller is told, as `store-read-only`, of each change that a suspect store refuses. */
export const suspectStoreMessage =
  'durable records of this store are missing; it takes no changes until `memo cluster recover` was run; nothing was changed'

/** Likewise of each change that a store refuses which was opened only to be looked at. */
export const inspectedStoreMessage = 'this store was opened to be looked at and takes no changes'

export interface StoreUsage {
  /** Live bytes: keys and values of all records. */
  readonly liveBytes: number
  /** Bytes taken on the disk: journal segments, index, and the reserve as far as it is held. */
  readonly diskBytes: number
  /** The limit set for this store, or undefined where only the disk limits it. */
  readonly byteLimit: number | undefined
  /** Space kept for removals, repair and the store's own records. */
  readonly reserveBytes: number
  readonly diskFreeBytes: number
  /** Even a small change is refused as `storage-full`, or the next ones will be: the disk has no room for another segment. */
  readonly full: boolean
  /** Highest sequence number known durable. */
  readonly syncedPosition: bigint
  readonly segments: number
  readonly families: Readonly<Record<RecordFamily, { readonly records: number }>>
}

export interface VerifyReport {
  readonly records: number
  readonly bytes: number
  /** One line for each thing found wrong: kind of file or family, where, what. Never a user's key or payload. */
  readonly findings: readonly string[]
  /**
   * Places of a journal that do not verify though every record does: the index holds what they held. Nothing is lost, but an index
   * cannot be built anew from them.
   */
  readonly journal: readonly string[]
}

/** How the store's own reading of everything, which goes on while it is open, stands. */
export interface ScrubStatus {
  /** The last full round: when it ended, in milliseconds since the Unix epoch, and what it read. Undefined before the end of the first. */
  readonly lastRound: { readonly endedMs: number; readonly bytes: number } | undefined
  /** Why puts are refused until the next start, for a person; undefined where they are taken. */
  readonly refusal?: string | undefined
  /** What that round found, and the one under way. Lines as in a VerifyReport. */
  readonly findings: readonly string[]
}

/** Told of what happens inside a store; feeds logs and metrics (src/node/observe). All are called synchronously and must not throw. */
export interface StoreEvents {
  committed(facts: { readonly batches: number; readonly bytes: number; readonly writeMs: number; readonly syncMs: number }): void
  indexed(facts: { readonly records: number; readonly durationMs: number }): void
  segmentMade(facts: { readonly segment: number; readonly durationMs: number }): void
  segmentReclaimed(facts: { readonly segment: number; readonly liveBytesMoved: number }): void
  tailCut(facts: { readonly segment: number; readonly offset: number; readonly bytes: number }): void
  damageFound(facts: { readonly finding: string }): void
  /** A full round of the scrub ended; each finding was told by `damageFound`. */
  scrubbed(facts: { readonly bytes: number; readonly durationMs: number; readonly findings: number }): void
  /** A round was given up for a reason that is no damage; the next one begins after the usual rest. */
  scrubFailed(facts: { readonly error: unknown }): void
  /** The disk is nearly full and the bytes that were held for this were given up; they are held again when there is room. */
  reserveGivenUp(facts: { readonly bytes: number }): void
  /**
   * The index cannot follow; what it lacks is in the journal. `storage-full`: not even then had the disk room for it; only removals are
   * taken, and it is tried again. `data-corrupt`: it is damaged, and changes are refused until the next start makes it anew.
   */
  indexStalled(facts: { readonly error: unknown }): void
  /** A write or fdatasync failed: nothing more may be answered, the process has to end. Called once. */
  failed(facts: { readonly error: unknown }): void
}

export interface RecordStore extends AsyncDisposable {
  readonly traits: { readonly durable: boolean }
  readonly identity: StoreIdentity
  readonly condition: StoreCondition
  /** Opened only to be looked at: every change is refused. */
  readonly inspected?: boolean
  /**
   * All of the batch or nothing, in the order of the calls; resolves when durable. Later reads see it from then on, not before.
   * The store keeps the arrays of keys and values: the caller must not change them any more.
   * Errors: `storage-full` (nothing written), `store-read-only` (suspect), `limit-exceeded` (batch above limits.batchBytesMax),
   * `queue-full` (too much waits), `data-corrupt` (the index is damaged), `not-running` (closed, or failed before), `outcome-unknown` (the disk failed under the batch).
   */
  commit(batch: readonly RecordWrite[], options?: CommitOptions): Promise<void>
  /**
   * The value as of the last durable batch, or undefined. Answers at once what is in memory; a promise where the disk is asked.
   * Throws or rejects with `data-corrupt` when the record is present but does not verify, and when it is not found in an index that is
   * known to be damaged (`isHidden`): then nobody can tell whether it is there. The bytes must not be changed by the caller.
   */
  get(family: RecordFamily, key: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** `data-corrupt` as for `get`, but a record that is there is not verified. */
  has(family: RecordFamily, key: Uint8Array): boolean | Promise<boolean>
  /** One bounded page in bytewise key order, seeing every batch that was durable when the call began. */
  scan(family: RecordFamily, options: ScanOptions): Promise<readonly StoredRecord[]>
  usage(): StoreUsage
  /** Undefined where the store does not read itself again. */
  readonly scrub: ScrubStatus | undefined
  /** Somebody met what may be damage: everything is read again soon and not after the usual rest. May be called for each. */
  scrubSoon?(): void
  /**
   * Why the index is known to be damaged. From then on nothing goes into it: what was decided later is found in memory, and a miss of
   * what was decided before is `data-corrupt`. Undefined while nothing is known.
   */
  readonly indexDamage?: CodedError | undefined
  /** Reads every record and compares the families' counts and fingerprints; `data-corrupt` records are listed, not thrown. */
  verify(signal?: AbortSignal): Promise<VerifyReport>
  /** Finishes what was accepted, then releases everything. Idempotent. */
  close(): Promise<void>
}
