/**
 * Carries what is durable in the journal into the index, one synced batch at a time, and keeps the counts. A batch is whole
 * frames, up to the position that its marker names.
 */

import { assert } from '../../../../shared/assert.ts'
import { CodedError, isCoded } from '../../../../shared/coded-error.ts'
import type { StoreEvents } from '../../../ports/record-store.ts'
import type { Place } from '../journal/frame-codec.ts'
import type { Generation, Overlay, OverlayEntry } from '../overlay.ts'
import { keyText } from '../overlay.ts'
import { shortageOf } from '../shortage.ts'
import type { IndexCache } from './index-cache.ts'
import { generationEntries, indexChanges } from './index-changes.ts'
import type { FamilyCount, IndexState, JournalPosition } from './index-state.ts'
import { decodeMarker, encodeLiveBytes, encodeMarker, liveKey, markerKey } from './index-state.ts'
import { isCorruption } from './level-failure.ts'
import type { IndexChange, LevelIndex } from './level-index.ts'
import type { IndexRoom } from './patient-index.ts'
import { PatientIndex } from './patient-index.ts'
import { indexKey } from './record-codec.ts'

export interface IndexWriterOptions {
  readonly index: LevelIndex
  /** Of the readers; kept equal to the index. */
  readonly cache?: IndexCache
  readonly overlay: Overlay
  readonly state: IndexState
  /** The oldest marker that is still there. */
  readonly oldestMarker: number
  /** Live payload bytes by segment, as the index holds them. Changed in place. */
  readonly liveBytes: Map<number, number>
  readonly events: StoreEvents
  readonly delayMs: number
  /** Markers behind the newest after which the index is told to write its tables, so that older markers may go. */
  readonly markersMax: number
  /** Without it a full disk ends the writer like every other error. */
  readonly room?: IndexRoom
  /** Time until a batch that found no room is tried again. */
  readonly retryMs: number
  readonly onIndexed: () => void
  /** Told once when a batch finds no room, until one is written again, and once when the index is damaged. */
  readonly onStalled: (error: CodedError) => void
  /** What a person is told of a damaged index. */
  readonly damagedText?: () => string
  readonly onFailed: (error: unknown) => void
}

/** A batch that is ready to be written, and what holds once it is. */
interface PreparedBatch {
  readonly changes: readonly IndexChange[]
  readonly marker: { readonly key: Buffer; readonly value: Buffer }
  readonly state: IndexState
  readonly counts: readonly FamilyCount[]
  readonly live: ReadonlyMap<number, number>
}

const markersPrunedPerBatch = 8

export class IndexWriter {
  readonly #options: IndexWriterOptions
  readonly #index: PatientIndex
  #state: IndexState
  readonly #counts: FamilyCount[]
  #prunedMarker: number
  #tabledMarker: number
  #working = false
  #timer: NodeJS.Timeout | undefined
  #failure: { readonly error: unknown } | undefined
  #stalled: CodedError | undefined
  /** Once set, it is why nothing is indexed. */
  #damage: CodedError | undefined
  /** Of the oldest generation: a batch that found no room is written later as it is. */
  #prepared: PreparedBatch | undefined
  #batches = 0
  #waiters: { readonly sequence: number; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  #tabling: Promise<void> | undefined
  #forgotten: number[] = []
  #draining: Promise<void> | undefined

  constructor(options: IndexWriterOptions) {
    this.#options = options
    this.#index = new PatientIndex(options.index, options.room, () => this.#verifyReopened())
    this.#state = options.state
    this.#counts = options.state.families.map((count) => ({ ...count }))
    this.#tabledMarker = options.state.tabledMarker
    this.#prunedMarker = options.oldestMarker
  }

  get state(): IndexState {
    return this.#state
  }

  /** Batches written since the start: tells a reader whether the index changed under it. */
  get batches(): number {
    return this.#batches
  }

  get counts(): readonly Readonly<FamilyCount>[] {
    return this.#counts
  }

  get tabledMarker(): number {
    return this.#tabledMarker
  }

  /** Why nothing can be indexed: `storage-full` or `queue-full` for the time being, `data-corrupt` until the next start, which makes the index anew. */
  get stalled(): CodedError | undefined {
    return this.#stalled
  }

  /** The index is damaged, whoever found it: nothing goes into it any more, lest what was misread is written again as sound. */
  meetDamage(cause: unknown): void {
    if (this.#failure === undefined && this.#damage === undefined) this.#stall(this.#damaged(cause))
  }

  /** Something durable arrived: it is indexed within the delay, or at once where much waits. */
  wake(): void {
    if (this.#working || this.#failure !== undefined || this.#stalled !== undefined) return
    if (this.#options.overlay.journalBytes >= lazyJournalBytes) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#run()
      return
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#run()
    }, this.#options.delayMs)
  }

  /** Resolves when every frame up to the sequence number is in the index. Rejects with `storage-full` while the disk is full. */
  indexed(sequence: number): Promise<void> {
    if (this.#state.end.sequence >= sequence) return Promise.resolve()
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    if (this.#stalled !== undefined) return Promise.reject(this.#stalled)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ sequence, resolve, reject })
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#run()
    })
  }

  /** Resolves between two batches: until the caller waits for something else, the index and the counts speak of the same one. */
  async betweenBatches(): Promise<void> {
    while (this.#working) await this.#draining
  }

  /** Stops for good; what waits is told the error. */
  stop(error: unknown): void {
    this.#failure ??= { error }
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  /** Resolves when nothing of the writer touches the index any more. */
  async close(): Promise<void> {
    this.stop(new CodedError('not-running', 'the store is closed'))
    await this.#draining
    await this.#tabling?.catch(() => undefined)
  }

  #run(): void {
    if (this.#working || this.#failure !== undefined) return
    this.#working = true
    this.#draining = this.#drain().then(
      () => {
        this.#working = false
        if (!this.#options.overlay.isEmpty) this.wake()
      },
      (error: unknown) => {
        this.#working = false
        const stall = this.#stallOf(error)
        if (stall !== undefined) return this.#stall(stall)
        this.stop(error)
        this.#options.onFailed(error)
      },
    )
  }

  /** The journal holds what waits, and the overlay answers for it. */
  #stall(error: CodedError): void {
    if (this.#failure !== undefined) return
    const known = this.#stalled?.code === error.code
    this.#stalled = error
    for (const { reject } of this.#waiters.splice(0)) reject(error)
    if (shortageOf(error) !== undefined) this.#tryAgain()
    if (!known) this.#options.onStalled(error)
  }

  #damaged(cause: unknown): CodedError {
    this.#damage ??= new CodedError('data-corrupt', this.#options.damagedText?.() ?? 'the index is damaged', { cause })
    return this.#damage
  }

  /** What a batch waits for: room, or a sound index. The journal holds it meanwhile. A write that failed otherwise is neither. */
  #stallOf(error: unknown): CodedError | undefined {
    if (this.#options.room === undefined) return undefined
    if (this.#damage !== undefined) return this.#damage
    return shortageOf(error) ?? (isCorruption(error) ? this.#damaged(error) : undefined)
  }

  /** LevelDB opens without an error and without what a damaged log has lost: what is in no table yet has to be there. */
  async #verifyReopened(): Promise<void> {
    const written: Buffer[] = []
    for (let marker = this.#tabledMarker + 1; marker <= this.#state.marker; marker++) written.push(markerKey(marker))
    const found = await this.#options.index.getMany(written)
    const lost = found.filter((value, order) => value === undefined || !isMarker(written[order], value)).length
    if (lost > 0) throw this.#damaged(new Error(`LevelDB was opened without ${lost} of its batches`))
  }

  #tryAgain(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#run()
    }, this.#options.retryMs)
  }

  async #drain(): Promise<void> {
    const { overlay, events } = this.#options
    for (let generation = overlay.oldest(); generation !== undefined; generation = overlay.oldest()) {
      const startedMs = performance.now()
      if (this.#damage !== undefined) throw this.#damage
      await this.#write(generation)
      this.#stalled = this.#damage
      overlay.dropOldest()
      this.#batches++
      events.indexed({ records: generation.records, durationMs: performance.now() - startedMs })
      this.#settle()
      this.#options.onIndexed()
      this.#tableWhenDue()
      if (this.#failure !== undefined) return
      if (this.#waiters.length === 0 && overlay.journalBytes < lazyJournalBytes) return
    }
  }

  #settle(): void {
    if (this.#waiters.length === 0) return
    const reached = this.#state.end.sequence
    const waiting = this.#waiters
    this.#waiters = waiting.filter(({ sequence }) => sequence > reached)
    for (const { sequence, resolve } of waiting) if (sequence <= reached) resolve()
  }

  async #write(generation: Generation): Promise<void> {
    this.#prepared ??= await this.#prepare(generation)
    const { changes, marker, state, counts, live } = this.#prepared
    await this.#index.write(changes, marker)
    this.#prepared = undefined
    this.#remember(changes)
    this.#state = state
    this.#counts.splice(0, this.#counts.length, ...counts)
    for (const [segment, bytes] of live) this.#options.liveBytes.set(segment, bytes)
  }

  async #prepare(generation: Generation): Promise<PreparedBatch> {
    const { liveBytes } = this.#options
    const entries = generationEntries(generation)
    const present = await this.#present(entries)
    const counts = this.#counts.map((count) => ({ ...count }))
    const live = new Map<number, number>()
    const addLive = (place: Place, sign: number) => {
      live.set(place.segment, (live.get(place.segment) ?? liveBytes.get(place.segment) ?? 0) + sign * place.length)
    }
    const changes = indexChanges(entries, present, counts, addLive)
    const state = this.#nextState(generation.end, counts)
    for (const [segment, bytes] of live) {
      changes.push({ key: liveKey(segment), value: encodeLiveBytes(segment, generation.end.sequence, bytes) })
    }
    const marker = { key: markerKey(state.marker), value: encodeMarker(state) }
    changes.push(marker)
    this.#pruneMarkers(state.tabledMarker, changes)
    const forgotten = this.#forgotten.splice(0)
    for (const segment of forgotten) changes.push({ key: liveKey(segment), value: undefined })
    return { changes, marker, state, counts, live }
  }

  /** What the records replace: asked of LevelDB only where neither the caller nor the cache knows. */
  async #present(entries: readonly OverlayEntry[]): Promise<readonly (Buffer | undefined)[]> {
    const { index, cache } = this.#options
    const present = new Array<Buffer | undefined>(entries.length).fill(undefined)
    const unknown: number[] = []
    entries.forEach(({ family, key, isNew }, position) => {
      if (isNew) return
      const cached = cache?.get(family, keyText(key))
      if (cached === undefined) unknown.push(position)
      else present[position] = cached.stored
    })
    if (unknown.length === 0) return present
    const keys = unknown.map((position) => {
      const entry = entries[position]
      assert(entry !== undefined, 'what is unknown is one of the entries')
      return indexKey(entry.family, entry.key)
    })
    const found = await index.getMany(keys).catch((error: unknown) => {
      // Reading cannot be a failed write.
      throw isCoded(error, 'data-corrupt') ? this.#damaged(error) : error
    })
    unknown.forEach((position, order) => {
      present[position] = found[order]
    })
    return present
  }

  /** The cache follows the index while the overlay still covers both. */
  #remember(changes: readonly IndexChange[]): void {
    const { cache } = this.#options
    if (cache === undefined) return
    for (const { value, entry, replaces } of changes) {
      if (entry === undefined || entry.isNew) continue
      const text = keyText(entry.key)
      if (replaces === true && value !== undefined && entry.value !== undefined) cache.replaced(entry.family, text, value)
      else cache.forget(entry.family, text)
    }
  }

  #nextState(end: JournalPosition, families: readonly FamilyCount[]): IndexState {
    return { marker: this.#state.marker + 1, start: this.#state.end, end, tabledMarker: this.#tabledMarker, families }
  }

  #pruneMarkers(tabledMarker: number, changes: IndexChange[]): void {
    let marker = Math.max(this.#prunedMarker, 0)
    for (let count = 0; count < markersPrunedPerBatch && marker < tabledMarker; count++) {
      changes.push({ key: markerKey(marker++), value: undefined })
    }
    this.#prunedMarker = marker
  }

  #tableWhenDue(): void {
    if (this.#state.marker - this.#tabledMarker < this.#options.markersMax) return
    this.table().catch((error: unknown) => {
      const stall = this.#stallOf(error)
      if (stall === undefined) this.#options.onFailed(error)
      // Without room the tables are due again after the next batch, which opens LevelDB anew.
      else if (shortageOf(stall) === undefined) this.#stall(stall)
    })
  }

  /** The segment is gone: the next batch takes what the index says of it along. */
  forgetSegment(segment: number): void {
    this.#options.liveBytes.delete(segment)
    this.#forgotten.push(segment)
  }

  /** Has LevelDB write its tables, so that no damage of its log can lose what is indexed now. Rejects where `stalled` would be set. */
  table(): Promise<void> {
    if (this.#damage !== undefined) return Promise.reject(this.#damage)
    this.#tabling ??= this.#table().finally(() => {
      this.#tabling = undefined
    })
    return this.#tabling
  }

  async #table(): Promise<void> {
    const { marker } = this.#state
    await this.#index.flushToTables()
    this.#tabledMarker = marker
  }
}

/**
 * Journal bytes below which the writer rests between two batches, so that a batch gathers more: each costs a sync of its own on the
 * disk that the callers of the journal wait for.
 */
const lazyJournalBytes = 4 * 1024 * 1024

function isMarker(key: Buffer | undefined, value: Buffer): boolean {
  return key !== undefined && decodeMarker(key, value) !== undefined
}
