/**
 * The folders of a prefix as far as they were opened, each listed by the node itself page by page. A row is found by its number in
 * steps of folders and pages, so that nothing as long as the list is ever built or copied.
 *
 * Invariants:
 * - the pages of a folder follow each other without a gap, and only the last may be open towards what was not asked for;
 * - `rows` of a folder is the number of lines that it takes below its own, whatever is open within it.
 */

import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import type { KeyPage } from '../../../../ipc/contract/key-schemas.ts'
import { compareKeys } from '../compare-keys.ts'
import { keysLimits } from '../keys-limits.ts'

/** Of a key only what its row shows: there may be a million of them. */
export type Entry =
  | { readonly kind: 'key'; readonly name: string; readonly contentType: string }
  | { readonly kind: 'folder'; readonly name: string }

/** One page as it was asked for. */
export interface Page {
  /** Where the node was told to begin; undefined: at the start. */
  readonly after: string | undefined
  readonly entries: readonly Entry[]
  /** What it lacks, where the store is damaged. */
  readonly damage?: KeyPage['damage']
  /** Something in it changed after it was read. */
  stale: boolean
}

export type FolderState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'loading'; readonly sinceMs: number }
  | { readonly kind: 'failed'; readonly failure: Failure }

export class Folder {
  readonly prefix: string
  /** 0 for the root, which has no row of its own. */
  readonly depth: number
  readonly parent: Folder | undefined
  pages: Page[] = []
  /** Where the next page begins; undefined once all is listed, and before anything is. */
  next: string | undefined = undefined
  complete = false
  state: FolderState = { kind: 'idle' }
  /** Opened folders within, by their prefixes. */
  readonly open = new Map<string, Folder>()
  entryCount = 0
  /** Of the entries, those that are keys. */
  keyCount = 0
  rows = 0

  constructor(prefix: string, parent: Folder | undefined) {
    this.prefix = prefix
    this.parent = parent
    this.depth = parent === undefined ? 0 : parent.depth + 1
  }

  /** The line after the entries, where there is something to say. */
  get tail(): 'loading' | 'failed' | 'more' | 'empty' | undefined {
    if (this.state.kind !== 'idle') return this.state.kind
    if (!this.complete) return this.pages.length === 0 ? 'loading' : 'more'
    return this.entryCount === 0 && this.depth > 0 ? 'empty' : undefined
  }
}

export type TreeRow =
  | {
      readonly kind: 'key'
      readonly name: string
      readonly contentType: string
      readonly folder: Folder
      readonly index: number
    }
  | {
      readonly kind: 'folder'
      readonly name: string
      readonly opened: Folder | undefined
      readonly folder: Folder
      readonly index: number
    }
  | { readonly kind: 'tail'; readonly tail: NonNullable<Folder['tail']>; readonly folder: Folder }

const types = new Map<string, string>()
const typesMax = 1000

/** One text for all rows that have it. */
function shared(contentType: string): string {
  const known = types.get(contentType)
  if (known !== undefined) return known
  if (types.size < typesMax) types.set(contentType, contentType)
  return contentType
}

export function entriesOf(page: KeyPage): Entry[] {
  const items = page.items.map(({ key, contentType }): Entry => ({ kind: 'key', name: key, contentType: shared(contentType) }))
  const prefixes = page.prefixes.map((name): Entry => ({ kind: 'folder', name }))
  if (prefixes.length === 0) return items
  return [...items, ...prefixes].sort((left, right) => compareKeys(left.name, right.name))
}

/** The last name of a page, readable or not: what cannot be read may be readable once the store is mended. */
export function endOf({ entries, damage }: Pick<Page, 'entries' | 'damage'>): string | undefined {
  const [shown, unreadable] = [entries.at(-1)?.name, damage?.unreadable.at(-1)]
  if (shown === undefined || unreadable === undefined) return shown ?? unreadable
  return compareKeys(shown, unreadable) < 0 ? unreadable : shown
}

export function addPage(folder: Folder, after: string | undefined, page: KeyPage): void {
  const entries = entriesOf(page)
  folder.pages.push({ after, entries, damage: page.damage, stale: false })
  folder.next = page.next
  folder.complete = page.complete
  folder.entryCount += entries.length
  folder.keyCount += page.items.length
  folder.state = { kind: 'idle' }
  recount(folder)
}

/** Puts pages in the place of one that was read again; they end where it ended, or with all of the folder behind the last. */
export function replacePage(
  folder: Folder,
  index: number,
  pages: readonly Page[],
  end: Pick<KeyPage, 'next' | 'complete'> | undefined,
): void {
  const old = folder.pages[index]
  if (old === undefined) return
  folder.pages.splice(index, 1, ...pages)
  if (end !== undefined) {
    folder.next = end.next
    folder.complete = end.complete
  }
  folder.entryCount += sum(pages, (page) => page.entries.length) - old.entries.length
  folder.keyCount += sum(pages, keysOf) - keysOf(old)
  const there = new Set(pages.flatMap((page) => page.entries.map((entry) => entry.name)))
  for (const entry of old.entries) if (entry.kind === 'folder' && !there.has(entry.name)) folder.open.delete(entry.name)
  recount(folder)
}

function sum(pages: readonly Page[], of: (page: Page) => number): number {
  return pages.reduce((total, page) => total + of(page), 0)
}

function keysOf(page: Page): number {
  return page.entries.reduce((count, entry) => count + (entry.kind === 'key' ? 1 : 0), 0)
}

/** Opens a folder within; it has no pages yet. */
export function openFolder(folder: Folder, prefix: string): Folder {
  const known = folder.open.get(prefix)
  if (known !== undefined) return known
  const opened = new Folder(prefix, folder)
  folder.open.set(prefix, opened)
  recount(opened)
  return opened
}

export function closeFolder(folder: Folder): void {
  folder.parent?.open.delete(folder.prefix)
  if (folder.parent !== undefined) recount(folder.parent)
}

export function setState(folder: Folder, state: FolderState): void {
  folder.state = state
  recount(folder)
}

/** Carries a changed number of rows up to the root. */
function recount(from: Folder): void {
  for (let folder: Folder | undefined = from; folder !== undefined; folder = folder.parent) {
    let rows = folder.entryCount + (folder.tail === undefined ? 0 : 1)
    for (const opened of folder.open.values()) rows += opened.rows
    folder.rows = rows
    sorted.delete(folder)
  }
}

/** Places of opened folders within their parent, kept until the parent changes. */
const sorted = new WeakMap<Folder, readonly { readonly index: number; readonly folder: Folder }[]>()

function opensOf(folder: Folder): readonly { readonly index: number; readonly folder: Folder }[] {
  const known = sorted.get(folder)
  if (known !== undefined) return known
  const opens = [...folder.open.values()]
    .map((opened) => ({ index: indexOf(folder, opened.prefix), folder: opened }))
    .filter(({ index }) => index >= 0)
    .sort((left, right) => left.index - right.index)
  sorted.set(folder, opens)
  return opens
}

/** The place of an entry among those of its folder; -1 where it is not loaded. */
export function indexOf(folder: Folder, name: string): number {
  let before = 0
  for (const { entries } of folder.pages) {
    const last = entries.at(-1)
    if (last !== undefined && compareKeys(name, last.name) <= 0) {
      const at = lowerBound(entries, name)
      return entries[at]?.name === name ? before + at : -1
    }
    before += entries.length
  }
  return -1
}

/** The first entry that is not before the name. */
function lowerBound(entries: readonly Entry[], name: string): number {
  let from = 0
  let to = entries.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (compareKeys(entries[middle]?.name ?? '', name) < 0) from = middle + 1
    else to = middle
  }
  return from
}

function entryAt(folder: Folder, index: number): Entry | undefined {
  let left = index
  for (const { entries } of folder.pages) {
    if (left < entries.length) return entries[left]
    left -= entries.length
  }
  return undefined
}

/** The row of a number; undefined beyond the last. */
export function rowAt(root: Folder, row: number): TreeRow | undefined {
  let folder = root
  let left = row
  for (;;) {
    if (left < 0 || left >= folder.rows) return undefined
    let skipped = 0
    let inside: Folder | undefined
    for (const open of opensOf(folder)) {
      // Its own line is at `index` entries plus what is open before it.
      const line = open.index + skipped
      if (left <= line) break
      if (left <= line + open.folder.rows) {
        inside = open.folder
        left -= line + 1
        break
      }
      skipped += open.folder.rows
    }
    if (inside === undefined) {
      const index = left - skipped
      if (index >= folder.entryCount) return folder.tail === undefined ? undefined : { kind: 'tail', tail: folder.tail, folder }
      const entry = entryAt(folder, index)
      if (entry === undefined) return undefined
      return entry.kind === 'key' ? { ...entry, folder, index } : { ...entry, opened: folder.open.get(entry.name), folder, index }
    }
    folder = inside
  }
}

/** The number of an entry's row in the whole tree; undefined where it is not in sight. */
export function rowOf(root: Folder, folder: Folder, name: string): number | undefined {
  const index = indexOf(folder, name)
  if (index < 0) return undefined
  let row = index
  for (const open of opensOf(folder)) if (open.index < index) row += open.folder.rows
  if (folder === root) return row
  if (folder.parent === undefined) return undefined
  const above = rowOf(root, folder.parent, folder.prefix)
  return above === undefined ? undefined : above + 1 + row
}

/** The deepest opened folder that lists a key, and the name by which it does. */
export function placeOf(
  root: Folder,
  key: string,
  delimiter: string,
): { readonly folder: Folder; readonly name: string } | undefined {
  if (!key.startsWith(root.prefix)) return undefined
  let folder = root
  for (;;) {
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, folder.prefix.length)
    if (at < 0) return { folder, name: key }
    const name = key.slice(0, at + delimiter.length)
    const opened = folder.open.get(name)
    if (opened === undefined) return { folder, name }
    folder = opened
  }
}

/** The page in whose range a name lies; undefined for one behind all that was loaded. */
export function pageIndexOf(folder: Folder, name: string): number | undefined {
  for (const [index, { entries }] of folder.pages.entries()) {
    const last = entries.at(-1)
    if (last !== undefined && compareKeys(name, last.name) <= 0) return index
  }
  return folder.complete && folder.pages.length > 0 ? folder.pages.length - 1 : undefined
}

export interface TreeTotals {
  readonly loaded: number
  /** Opened folders that hold more than is loaded. */
  readonly partial: number
  readonly failed: number
  readonly loading: number
  /** Listed folders that are not open: what they hold is not counted. */
  readonly closed: number
}

/** What a list lacks because the store of the node is damaged. */
export interface ListLack {
  /** Keys that are there and cannot be read. */
  readonly unreadable: number
  /** The first of them, where they are known. */
  readonly names: readonly string[]
  /** Keys may be missing without a trace. */
  readonly incomplete: boolean
}

/** What is missing from the opened folders as far as they are loaded; undefined where no damage was met. */
export function lackOf(root: Folder): ListLack | undefined {
  const lack = { unreadable: 0, names: [] as string[], incomplete: false }
  const visit = (folder: Folder): void => {
    for (const { damage } of folder.pages) {
      if (damage === undefined) continue
      lack.unreadable += damage.unreadable.length
      lack.names.push(...damage.unreadable.slice(0, keysLimits.unreadableNamesMax - lack.names.length))
      lack.incomplete ||= damage.incomplete
    }
    for (const opened of folder.open.values()) visit(opened)
  }
  visit(root)
  return lack.unreadable > 0 || lack.incomplete ? lack : undefined
}

export function totalsOf(root: Folder): TreeTotals {
  const totals = { loaded: 0, partial: 0, failed: 0, loading: 0, closed: 0 }
  const visit = (folder: Folder): void => {
    totals.loaded += folder.keyCount
    totals.closed += folder.entryCount - folder.keyCount - folder.open.size
    if (folder.state.kind === 'failed') totals.failed += 1
    else if (folder.state.kind === 'loading') totals.loading += 1
    else if (!folder.complete) totals.partial += 1
    for (const opened of folder.open.values()) visit(opened)
  }
  visit(root)
  return totals
}
