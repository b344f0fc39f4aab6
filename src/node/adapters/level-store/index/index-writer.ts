/**
 * Carries what is durable in the journal into the index, one synced batch at a time, and keeps the counts. A batch is whole
 * frames, up to the position that its marker names.
 */

import { assert } from '../../../../shared/assert.ts'
import { CodedError } from '../../../../shared/coded-error.ts'
import type { StoreEvents } from '../../../ports/record-store.ts'
import type { Place } from '../journal/frame-codec.ts'
import { samePlace } from '../journal/frame-codec.ts'
import type { Generation, Overlay, OverlayEntry } from '../overlay.ts'
import type { FamilyCount, IndexState, JournalPosition } from './index-state.ts'
import { addFingerprint, encodeLiveBytes, encodeMarker, liveKey, markerKey, subtractFingerprint } from './index-state.ts'
import type { IndexChange, LevelIndex } from './level-index.ts'
import { encodeInline, encodePlace, indexKey, placeValueBytes, valueFacts, valueHeaderBytes } from './record-codec.ts'

export interface IndexWriterOptions {
  readonly index: LevelIndex
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
  readonly onIndexed: () => void
  readonly onFailed: (error: unknown) => void
}

const markersPrunedPerBatch = 8

export class IndexWriter {
  readonly #options: IndexWriterOptions
  #state: IndexState
  readonly #counts: FamilyCount[]
  #prunedMarker: number
  #tabledMarker: number
  #working = false
  #timer: NodeJS.Timeout | undefined
  #failed = false
  #batches = 0
  #waiters: { readonly sequence: number; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  #tabling: Promise<void> | undefined
  #forgotten: number[] = []
  #draining: Promise<void> | undefined

  constructor(options: IndexWriterOptions) {
    this.#options = options
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

  /** Something durable arrived: it is indexed within the delay. */
  wake(): void {
    if (this.#working || this.#failed) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#run()
    }, this.#options.delayMs)
  }

  /** Resolves when every frame up to the sequence number is in the index. */
  indexed(sequence: number): Promise<void> {
    if (this.#state.end.sequence >= sequence) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiters.push({ sequence, resolve, reject })
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#run()
    })
  }

  /** Stops for good; what waits is told the error. */
  stop(error: unknown): void {
    this.#failed = true
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
    if (this.#working || this.#failed) return
    this.#working = true
    this.#draining = this.#drain().then(
      () => {
        this.#working = false
        if (!this.#options.overlay.isEmpty) this.wake()
      },
      (error: unknown) => {
        this.#working = false
        this.stop(error)
        this.#options.onFailed(error)
      },
    )
  }

  async #drain(): Promise<void> {
    const { overlay, events } = this.#options
    for (let generation = overlay.oldest(); generation !== undefined; generation = overlay.oldest()) {
      const startedMs = performance.now()
      await this.#write(generation)
      overlay.dropOldest()
      this.#batches++
      events.indexed({ records: generation.records, durationMs: performance.now() - startedMs })
      this.#settle()
      this.#options.onIndexed()
      this.#tableWhenDue()
      if (this.#failed) return
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
    const { index, liveBytes } = this.#options
    const entries = generationEntries(generation)
    const present = await index.getMany(entries.map(({ family, key }) => indexKey(family, key)))
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
    changes.push({ key: markerKey(state.marker), value: encodeMarker(state) })
    this.#pruneMarkers(state.tabledMarker, changes)
    const forgotten = this.#forgotten.splice(0)
    for (const segment of forgotten) changes.push({ key: liveKey(segment), value: undefined })
    await index.write(changes)
    this.#state = state
    this.#counts.splice(0, this.#counts.length, ...counts)
    for (const [segment, bytes] of live) liveBytes.set(segment, bytes)
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
    if (this.#state.marker - this.#tabledMarker >= this.#options.markersMax) this.table().catch(this.#options.onFailed)
  }

  /** The segment is gone: the next batch takes what the index says of it along. */
  forgetSegment(segment: number): void {
    this.#options.liveBytes.delete(segment)
    this.#forgotten.push(segment)
  }

  /** Has LevelDB write its tables, so that no damage of its log can lose what is indexed now. */
  table(): Promise<void> {
    this.#tabling ??= this.#table().finally(() => {
      this.#tabling = undefined
    })
    return this.#tabling
  }

  async #table(): Promise<void> {
    const { marker } = this.#state
    await this.#options.index.flushToTables()
    this.#tabledMarker = marker
  }
}

/** Journal bytes below which the writer rests between two batches, so that a batch gathers more. */
const lazyJournalBytes = 1024 * 1024

/** The changes of one batch; `counts` and live bytes are brought up to date on the way. */
export function indexChanges(
  entries: readonly OverlayEntry[],
  present: readonly (Buffer | undefined)[],
  counts: readonly FamilyCount[],
  addLive: (place: Place, sign: number) => void,
): IndexChange[] {
  const changes: IndexChange[] = []
  const buffer = Buffer.allocUnsafe(encodedBytes(entries))
  let at = 0
  entries.forEach((entry, position) => {
    const { family, key, sequence, value, place, movedFrom } = entry
    const old = present[position]
    const before = old === undefined ? undefined : valueFacts(key.length, old)
    if (movedFrom !== undefined && (before?.place === undefined || !samePlace(before.place, movedFrom))) return
    const count = counts[family]
    assert(count !== undefined, 'every family is counted')
    if (before !== undefined) {
      count.records--
      count.bytes -= before.bytes
      count.fingerprint = subtractFingerprint(count.fingerprint, before.checksum)
      if (before.place !== undefined) addLive(before.place, -1)
    }
    if (value === undefined && place === undefined) {
      if (before !== undefined) changes.push({ key: indexKey(family, key), value: undefined })
      return
    }
    const record =
      place === undefined
        ? encodeInline(buffer, at, family, key, sequence, value ?? key)
        : encodePlace(buffer, at, family, key, sequence, place)
    at += record.value.length + record.key.length
    count.records++
    count.bytes += key.length + (place === undefined ? (value?.length ?? 0) : place.length)
    count.fingerprint = addFingerprint(count.fingerprint, record.checksum)
    if (place !== undefined) addLive(place, 1)
    changes.push({ key: record.key, value: record.value })
  })
  return changes
}

export function generationEntries({ families }: Generation): OverlayEntry[] {
  const entries: OverlayEntry[] = []
  for (const family of families) for (const entry of family.values()) entries.push(entry)
  return entries
}

function encodedBytes(entries: readonly OverlayEntry[]): number {
  let bytes = 0
  for (const { key, value, place } of entries) {
    bytes += key.length + 1 + (place === undefined ? valueHeaderBytes + (value?.length ?? 0) : placeValueBytes)
  }
  return bytes
}
