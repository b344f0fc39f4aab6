/**
 * What is durable in the journal and not yet in the index, newest generation last. A generation is sealed when it is big enough
 * for one batch of the index or when the index writer takes it; it leaves as a whole once it is indexed.
 */

import { recordFamilies } from '../../ports/record-store.ts'
import type { JournalPosition } from './index/index-state.ts'
import type { Place } from './journal/frame-codec.ts'
import { samePlace } from './journal/frame-codec.ts'

export interface OverlayEntry {
  readonly family: number
  readonly key: Uint8Array
  readonly sequence: number
  /** Neither value nor place: the record is removed. */
  readonly value: Uint8Array | undefined
  readonly place: Place | undefined
  /** The place holds only while the index still names this one. */
  readonly movedFrom: Place | undefined
  /** The index has no such record. */
  readonly isNew: boolean
}

export interface Generation {
  readonly families: readonly Map<string, OverlayEntry>[]
  /** Families of which it removes a record. */
  readonly removesOf: Set<number>
  records: number
  /** Bytes that the index batch will take, roughly. */
  indexBytes: number
  /** Bytes of the journal that a start would replay for it. */
  journalBytes: number
  end: JournalPosition
}

/** What a record is when everything in the overlay has come into the index. */
export interface PendingEntry {
  /** The key as latin1 text, whose order is that of the bytes. */
  readonly text: string
  readonly entry: OverlayEntry
}

export interface TextRange {
  readonly gt?: string
  readonly gte?: string
  readonly lt?: string
}

const entryOverheadBytes = 32

export function keyText(key: Uint8Array): string {
  return Buffer.prototype.latin1Slice.call(key, 0, key.length)
}

export class Overlay {
  readonly #generationBytesMax: number
  #generations: Generation[] = []
  #journalBytes = 0
  #records = 0
  #sealed = false

  constructor(generationBytesMax: number) {
    this.#generationBytesMax = generationBytesMax
  }

  get journalBytes(): number {
    return this.#journalBytes
  }

  /** Changes of records that are held in memory. */
  get records(): number {
    return this.#records
  }

  get isEmpty(): boolean {
    return this.#generations.length === 0
  }

  find(family: number, key: string): OverlayEntry | undefined {
    for (let index = this.#generations.length - 1; index >= 0; index--) {
      const entry = this.#generations[index]?.families[family]?.get(key)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** What is known of a family's keys in a range, in their order. Moves are left out: they change no record. */
  pending(family: number, { gt, gte, lt }: TextRange, reverse: boolean): readonly PendingEntry[] {
    const newest = new Map<string, OverlayEntry>()
    for (const { families } of this.#generations) {
      for (const [text, entry] of families[family] ?? []) {
        const within = (gt === undefined || text > gt) && (gte === undefined || text >= gte) && (lt === undefined || text < lt)
        if (within && entry.movedFrom === undefined) newest.set(text, entry)
      }
    }
    const sign = reverse ? -1 : 1
    const found = [...newest].map(([text, entry]) => ({ text, entry }))
    return found.sort((left, right) => (left.text < right.text ? -sign : sign))
  }

  /** Takes in the operations of one durable frame, in order. */
  apply(entries: readonly OverlayEntry[], journalBytes: number, end: JournalPosition): void {
    const generation = this.#head()
    for (const entry of entries) {
      const text = keyText(entry.key)
      const kept = this.#asItCounts(entry, text)
      if (kept === undefined) continue
      generation.families[entry.family]?.set(text, kept)
      if (kept.value === undefined && kept.place === undefined) generation.removesOf.add(kept.family)
      generation.records++
      this.#records++
      generation.indexBytes += entryOverheadBytes + entry.key.length + (entry.value?.length ?? 0)
    }
    generation.journalBytes += journalBytes
    generation.end = end
    this.#journalBytes += journalBytes
  }

  /** The oldest generation, which from now on takes nothing in. */
  oldest(): Generation | undefined {
    const oldest = this.#generations[0]
    if (oldest !== undefined && this.#generations.length === 1) this.#sealed = true
    return oldest
  }

  dropOldest(): void {
    const dropped = this.#generations.shift()
    this.#journalBytes -= dropped?.journalBytes ?? 0
    this.#records -= dropped?.records ?? 0
    if (this.#generations.length === 0) this.#sealed = false
  }

  #head(): Generation {
    const last = this.#generations.at(-1)
    if (last !== undefined && !this.#sealed && last.indexBytes < this.#generationBytesMax) return last
    this.#sealed = false
    const made: Generation = {
      families: recordFamilies.map(() => new Map<string, OverlayEntry>()),
      removesOf: new Set(),
      records: 0,
      indexBytes: 0,
      journalBytes: 0,
      end: { segment: 0, offset: 0, sequence: 0 },
    }
    this.#generations.push(made)
    return made
  }

  /** The entry against what the overlay knows; undefined where it changes nothing. */
  #asItCounts(entry: OverlayEntry, key: string): OverlayEntry | undefined {
    if (entry.movedFrom !== undefined) return this.#resolveMove(entry, key, entry.movedFrom)
    // What is new to the caller may be a record whose removal the index has yet to see.
    if (!entry.isNew || !this.#removesOf(entry.family) || this.find(entry.family, key) === undefined) return entry
    return { ...entry, isNew: false }
  }

  #removesOf(family: number): boolean {
    for (const { removesOf } of this.#generations) if (removesOf.has(family)) return true
    return false
  }

  /** The move as it counts against what the overlay knows; undefined when the record has changed since the copy was made. */
  #resolveMove(entry: OverlayEntry, key: string, from: Place): OverlayEntry | undefined {
    const known = this.find(entry.family, key)
    if (known === undefined) return entry
    if (known.place === undefined || !samePlace(known.place, from)) return undefined
    return { ...entry, movedFrom: known.movedFrom }
  }
}
