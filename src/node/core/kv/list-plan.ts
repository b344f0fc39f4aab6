/**
 * Plans the listing of a page: says which records to scan next and takes what was found, until the listed page is full or the range
 * is exhausted. It knows keys as bytes and reads nothing.
 *
 * Invariants:
 * - a folder (the keys that share a common prefix) costs one seek: the scan after it begins behind it, and no scan that may run
 *   into a folder is long before the folder is known to have ended;
 * - each common prefix is given once over all listed pages, because the position behind it is behind all of its keys;
 * - `end()` is a position exactly when something more matches.
 */

import { assert } from '../../../shared/assert.ts'
import { compareBytes, prefixEnd, startsWith } from '../base/bytes.ts'

export interface ListRange {
  readonly prefix: Uint8Array
  /** Only keys greater than this one; empty: all. */
  readonly startAfter: Uint8Array
  /** Only keys less than this one; undefined: all. */
  readonly end: Uint8Array | undefined
  /** Empty: nothing is collapsed. */
  readonly delimiter: Uint8Array
  readonly reverse: boolean
  /** Where the page before ended. */
  readonly position: ListPosition | undefined
}

/** Behind one key, or behind all keys with a prefix, in the direction of the listing. */
export interface ListPosition {
  readonly kind: 'key' | 'folder'
  readonly bytes: Uint8Array
}

/** Bounds of a scan over the users' keys of the page. */
export interface KeyScan {
  /** Inclusive. */
  readonly from: Uint8Array
  /** Exclusive; undefined: to the end of the page. */
  readonly before: Uint8Array | undefined
  readonly limit: number
}

export type ListStep =
  | { readonly kind: 'item'; readonly index: number }
  | { readonly kind: 'folder'; readonly prefix: Uint8Array }
  /** Inside a folder that was given already. */
  | { readonly kind: 'skip' }

/** Records of the first scan behind a folder, or of the first at all where there may be folders. */
const scanRecordsAtFolder = 4
const growth = 4

export class ListPlan {
  readonly #range: ListRange
  readonly #scanRecordsMax: number
  #from: Uint8Array
  #before: Uint8Array | undefined
  #scanRecords: number
  #exhausted = false
  #folder: Uint8Array | undefined
  #position: ListPosition | undefined

  constructor(range: ListRange, scanRecordsMax: number) {
    this.#range = range
    this.#scanRecordsMax = scanRecordsMax
    this.#from = successor(range.startAfter)
    if (range.startAfter.length === 0 || compareBytes(range.prefix, this.#from) > 0) this.#from = range.prefix
    this.#before = lower(range.prefix.length === 0 ? undefined : prefixEnd(range.prefix), range.end)
    this.#scanRecords = range.delimiter.length === 0 ? scanRecordsMax : Math.min(scanRecordsAtFolder, scanRecordsMax)
    this.#position = range.position
    if (range.position !== undefined) this.#moveBehind(range.position)
  }

  /** Where the next listed page begins: behind what was taken last. */
  get position(): ListPosition | undefined {
    return this.#position
  }

  /** The scan to make next for `wanted` more steps; undefined when the range holds nothing more. */
  nextScan(wanted: number): KeyScan | undefined {
    if (this.#exhausted || (this.#before !== undefined && compareBytes(this.#from, this.#before) >= 0)) return undefined
    const limit = this.#range.delimiter.length === 0 ? Math.min(wanted, this.#scanRecordsMax) : this.#scanRecords
    return { from: this.#from, before: this.#before, limit }
  }

  /** What the next key of the scan means for the listing. Keys come in the order of the scan; nothing moves before `take`. */
  look(key: Uint8Array, index: number): ListStep {
    if (this.#folder !== undefined && startsWith(key, this.#folder)) return { kind: 'skip' }
    const prefix = folderOf(key, this.#range.prefix.length, this.#range.delimiter)
    return prefix === undefined ? { kind: 'item', index } : { kind: 'folder', prefix }
  }

  /** Moves behind a key, or behind the folder that it opens. */
  take(key: Uint8Array, step: ListStep): void {
    if (step.kind === 'skip') return
    this.#folder = step.kind === 'folder' ? step.prefix : undefined
    this.#position = step.kind === 'folder' ? { kind: 'folder', bytes: step.prefix } : { kind: 'key', bytes: key }
    this.#moveBehind(this.#position)
  }

  /** Tells that the scan was taken whole. `complete`: it reached its bounds, so that the range holds nothing more. */
  endScan(complete: boolean): void {
    if (complete) this.#exhausted = true
    const inFolder = this.#folder !== undefined
    this.#scanRecords = inFolder ? Math.min(scanRecordsAtFolder, this.#scanRecordsMax) : this.#scanRecords * growth
    this.#scanRecords = Math.min(this.#scanRecords, this.#scanRecordsMax)
  }

  #moveBehind(position: ListPosition): void {
    if (this.#range.reverse) this.#before = lower(this.#before, position.bytes)
    else if (position.kind === 'key') this.#from = higher(this.#from, successor(position.bytes))
    else {
      const end = prefixEnd(position.bytes)
      if (end === undefined) this.#exhausted = true
      else this.#from = higher(this.#from, end)
    }
  }
}

/** The key up to and with the first delimiter behind the prefix; undefined where there is none. */
function folderOf(key: Uint8Array, prefixLength: number, delimiter: Uint8Array): Uint8Array | undefined {
  if (delimiter.length === 0) return undefined
  const at = indexOf(key, delimiter, prefixLength)
  return at < 0 ? undefined : key.slice(0, at + delimiter.length)
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  assert(wanted.length > 0, 'only something can be found')
  const first = wanted[0] ?? 0
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + wanted.length > bytes.length) return -1
    let matched = 1
    while (matched < wanted.length && bytes[at + matched] === wanted[matched]) matched++
    if (matched === wanted.length) return at
  }
  return -1
}

/** The least byte string above this one. */
function successor(bytes: Uint8Array): Uint8Array {
  const next = new Uint8Array(bytes.length + 1)
  next.set(bytes)
  return next
}

function lower(left: Uint8Array | undefined, right: Uint8Array | undefined): Uint8Array | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return compareBytes(left, right) <= 0 ? left : right
}

function higher(left: Uint8Array, right: Uint8Array): Uint8Array {
  return compareBytes(left, right) >= 0 ? left : right
}
