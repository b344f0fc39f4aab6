/** What a damaged table still has: the entries of its intact blocks, and the keys of which it no longer says anything. */

import { endBeforeChecksum } from './masked-crc.ts'
import type { Damage } from './table-check.ts'
import { checkTable, outlineTable } from './table-check.ts'
import type { BlockEntry } from './table-format.ts'
import { blockEntries, trailerBytes } from './table-format.ts'
import type { LiveTable } from './version-edits.ts'

/** Keys from the first to the last, both included. */
export interface KeySpan {
  readonly first: Buffer
  readonly last: Buffer
}

export interface IndexEntry {
  readonly key: Buffer
  /** Undefined where the entry says that the key was removed. */
  readonly value: Buffer | undefined
}

/** One file of the index, as far as it can be read. */
export interface IndexLayer {
  /** Keys of which entries are lost: what older layers say of them may be outdated. */
  readonly lost: readonly KeySpan[]
  /** The newest entry of each key that can be read. */
  readonly entries: readonly IndexEntry[]
}

const internalSuffixBytes = 8

export function userKey(internal: Buffer): Buffer {
  return internal.subarray(0, Math.max(0, internal.length - internalSuffixBytes))
}

export function salvageTable(bytes: Buffer, table: LiveTable, note: (damage: Damage) => void): IndexLayer {
  const all: KeySpan = { first: userKey(table.smallest), last: userKey(table.largest) }
  for (const damage of checkTable(bytes, table.size)) note(damage)
  const outline = bytes.length === table.size ? outlineTable(bytes) : undefined
  if (outline?.kind !== 'blocks') return salvageFront(bytes, all)
  const entries: BlockEntry[] = []
  const lost: KeySpan[] = []
  let first = all.first
  const bounds = blockEntries(bytes, outline.index) ?? []
  for (const [position, block] of outline.data.entries()) {
    const bound = bounds[position]?.key
    const last = bound === undefined ? all.last : userKey(bound)
    const read = blockEntries(bytes, block)
    if (read === undefined) lost.push({ first, last: last.compare(all.last) > 0 ? all.last : last })
    for (const entry of read ?? []) entries.push(entry)
    first = last
  }
  return { lost, entries: newestEntries(entries) }
}

/** Without its index a table is read from its front, since each block proves its own end. Behind the data comes the filter. */
function salvageFront(bytes: Buffer, all: KeySpan): IndexLayer {
  const entries: BlockEntry[] = []
  let first = all.first
  for (let offset = 0; ; ) {
    const end = endBeforeChecksum(bytes, offset)
    const read = end === undefined ? undefined : blockEntries(bytes, { offset, size: end - 1 - offset })
    if (end === undefined || read === undefined) break
    for (const entry of read) entries.push(entry)
    first = userKey(entries.at(-1)?.key ?? Buffer.alloc(0))
    offset = end - 1 + trailerBytes
  }
  const whole = first.equals(all.last)
  return { lost: whole ? [] : [{ first, last: all.last }], entries: newestEntries(entries) }
}

/** Entries of one key stand next to each other, the newest first. */
function newestEntries(entries: readonly BlockEntry[]): readonly IndexEntry[] {
  const newest: IndexEntry[] = []
  let before: Buffer | undefined
  for (const { key: internal, value } of entries) {
    const key = userKey(internal)
    if (before?.equals(key) === true) continue
    before = key
    const isRemoval = internal[internal.length - internalSuffixBytes] === 0
    newest.push({ key, value: isRemoval ? undefined : value })
  }
  return newest
}
