/**
 * Reads the folders of a tree from the node, one page at a time for each, and again where something changed. What it holds is a view
 * of rows and no copy of answers, which is why it stands beside the query cache.
 */

import type { KeyPage } from '../../../../ipc/contract/key-schemas.ts'
import type { NodeClient } from '../../../connection/clients.ts'
import { failureOf } from '../../../connection/failure.ts'
import { compareKeys } from '../compare-keys.ts'
import { keysLimits } from '../keys-limits.ts'
import type { Page, TreeRow } from './key-tree.ts'
import {
  addPage,
  closeFolder,
  endOf,
  entriesOf,
  Folder,
  openFolder,
  pageIndexOf,
  placeOf,
  replacePage,
  rowAt,
  rowOf,
  setState,
} from './key-tree.ts'

export interface TreeQuestion {
  readonly prefix: string
  /** Empty: a flat list. */
  readonly delimiter: string
}

export type ListKeys = Pick<NodeClient['kv'], 'list'>

export class TreeLoader {
  readonly root: Folder
  readonly delimiter: string
  /** Counts what was known of folders before they were closed. */
  readonly known = new Map<string, { readonly count: number; readonly complete: boolean }>()
  #keys: ListKeys
  readonly #listeners = new Set<() => void>()
  readonly #loads = new Map<Folder, Promise<void>>()
  readonly #end = new AbortController()
  #version = 0
  #all: Folder | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #reloading = false
  #sight: { readonly first: number; readonly last: number } = { first: 0, last: 0 }

  constructor(keys: ListKeys, question: TreeQuestion) {
    this.#keys = keys
    this.delimiter = question.delimiter
    this.root = new Folder(question.prefix, undefined)
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly version = (): number => this.#version

  start(): void {
    if (this.root.pages.length === 0 && this.root.state.kind === 'idle') void this.load(this.root)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#end.abort()
  }

  row(index: number): TreeRow | undefined {
    return rowAt(this.root, index)
  }

  /** The next page of a folder. Whoever asks while it is on its way waits for that one. */
  load(folder: Folder): Promise<void> {
    const pending = this.#loads.get(folder)
    if (pending !== undefined) return pending
    if (folder.complete || this.#end.signal.aborted) return Promise.resolve()
    const loading = this.#loadNext(folder).finally(() => this.#loads.delete(folder))
    this.#loads.set(folder, loading)
    return loading
  }

  async #loadNext(folder: Folder): Promise<void> {
    const after = folder.next
    setState(folder, { kind: 'loading', sinceMs: Date.now() })
    this.#changed()
    try {
      const page = await this.#list(folder, after)
      if (!this.#end.signal.aborted) addPage(folder, after, page)
    } catch (error) {
      if (this.#end.signal.aborted) return
      setState(folder, { kind: 'failed', failure: failureOf(error) })
    }
    this.#changed()
  }

  /** Page after page until the folder is complete, fails or is closed, or `stopAll` is called. */
  async loadAll(folder: Folder): Promise<void> {
    this.#all = folder
    this.#changed()
    while (this.#all === folder && !folder.complete && this.#isThere(folder)) {
      await this.load(folder)
      if (folder.state.kind === 'failed') break
    }
    this.stopAll()
  }

  stopAll(): void {
    this.#all = undefined
    this.#changed()
  }

  /** The folder that is loaded as a whole at present. */
  get loadingAll(): Folder | undefined {
    return this.#all
  }

  #isThere(folder: Folder): boolean {
    const { parent } = folder
    return (
      !this.#end.signal.aborted && (parent === undefined || (parent.open.get(folder.prefix) === folder && this.#isThere(parent)))
    )
  }

  toggle(folder: Folder, name: string): void {
    const opened = folder.open.get(name)
    if (opened === undefined) void this.load(openFolder(folder, name))
    else {
      this.known.set(opened.prefix, { count: opened.entryCount, complete: opened.complete })
      closeFolder(opened)
      this.#changed()
    }
  }

  /** Opens the folders down to a key as far as they list it on their first page. Gives its row where it is found. */
  async reveal(key: string): Promise<number | undefined> {
    for (let steps = 0; steps < keysLimits.nestingMax; steps += 1) {
      const place = placeOf(this.root, key, this.delimiter)
      if (place === undefined || this.#end.signal.aborted) return undefined
      const { folder, name } = place
      if (folder.pages.length === 0) await this.load(folder)
      const row = rowOf(this.root, folder, name)
      if (row === undefined) return undefined
      if (name === key) return row
      await this.load(openFolder(folder, name))
    }
    return undefined
  }

  /** The rows that are seen; changed pages among them are read again first. */
  setSight(first: number, last: number): void {
    this.#sight = { first, last }
    if (this.#hasStaleInSight()) this.#schedule()
  }

  /** Another epoch of the node, or missed events: everything may have changed. */
  renew(keys: ListKeys): void {
    this.#keys = keys
    for (const folder of this.#folders()) {
      for (const page of folder.pages) page.stale = true
      if (folder.state.kind === 'failed') setState(folder, { kind: 'idle' })
      if (folder.pages.length === 0) void this.load(folder)
    }
    this.known.clear()
    this.#schedule()
  }

  keysChanged(changed: readonly string[], more: boolean): void {
    if (more) {
      for (const folder of this.#folders()) for (const page of folder.pages) page.stale = true
      this.known.clear()
    }
    for (const key of changed) {
      const place = placeOf(this.root, key, this.delimiter)
      if (place === undefined) continue
      this.known.delete(place.name)
      // A key behind all that was loaded is met when the next page is asked for. Above, only the folder's being there can have changed.
      let { folder, name } = place
      for (;;) {
        const index = pageIndexOf(folder, name)
        const page = index === undefined ? undefined : folder.pages[index]
        if (page !== undefined && (folder === place.folder || folder.open.get(name)?.entryCount === 0)) page.stale = true
        if (folder.parent === undefined) break
        name = folder.prefix
        folder = folder.parent
      }
    }
    this.#schedule()
  }

  #list(folder: Folder, after: string | undefined): Promise<KeyPage> {
    const place = after === undefined ? {} : { after }
    return this.#keys.list(
      { prefix: folder.prefix, delimiter: this.delimiter, limit: keysLimits.pageRows, ...place },
      { signal: this.#end.signal },
    )
  }

  *#folders(from: Folder = this.root): Generator<Folder> {
    yield from
    for (const folder of from.open.values()) yield* this.#folders(folder)
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#reloading || this.#end.signal.aborted) return
    if (this.#anyStale() === undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#reload()
    }, keysLimits.reloadIntervalMs)
  }

  /** One round: the pages in sight, then some of the others. */
  async #reload(): Promise<void> {
    this.#reloading = true
    let others = keysLimits.reloadPagesMax
    try {
      for (;;) {
        const seen = this.#staleInSight()
        const wanted = seen ?? (others > 0 ? this.#anyStale() : undefined)
        if (wanted === undefined || this.#end.signal.aborted) break
        if (seen === undefined) others -= 1
        await this.#reloadPage(wanted.folder, wanted.page)
        this.#changed()
      }
    } catch {
      // The rows stay as they were, and stale: the next event, or another epoch, comes back to them.
    } finally {
      this.#reloading = false
    }
    if (this.#hasStaleInSight()) this.#schedule()
  }

  async #reloadPage(folder: Folder, page: Page): Promise<void> {
    page.stale = false
    try {
      const last = folder.pages.at(-1) === page
      const end = endOf(page)
      const pages: Page[] = []
      let after = page.after
      let listed: KeyPage
      for (;;) {
        listed = await this.#list(folder, after)
        const all = entriesOf(listed)
        // What follows belongs to the page behind, which is loaded.
        const entries = last ? all : all.filter((entry) => end !== undefined && compareKeys(entry.name, end) <= 0)
        pages.push({ after, entries, damage: listed.damage, stale: false })
        const reached = endOf({ entries: all, damage: listed.damage })
        if (listed.complete || last || end === undefined || (reached !== undefined && compareKeys(reached, end) >= 0)) break
        after = listed.next
      }
      const index = folder.pages.indexOf(page)
      if (index >= 0) replacePage(folder, index, pages, last ? listed : undefined)
      const emptied = folder.complete && folder.entryCount === 0 && folder.depth > 0
      if (emptied && folder.parent !== undefined) this.#markFolderStale(folder.parent, folder.prefix)
    } catch (error) {
      page.stale = true
      throw error
    }
  }

  /** A folder without keys is none: whoever lists it looks again. */
  #markFolderStale(parent: Folder, name: string): void {
    const index = pageIndexOf(parent, name)
    const page = index === undefined ? undefined : parent.pages[index]
    if (page !== undefined) page.stale = true
  }

  #hasStaleInSight(): boolean {
    return this.#staleInSight() !== undefined
  }

  #staleInSight(): { readonly folder: Folder; readonly page: Page } | undefined {
    for (let index = this.#sight.first; index <= this.#sight.last; index += 1) {
      const row = this.row(index)
      if (row === undefined) break
      const name = row.kind === 'tail' ? undefined : row.name
      const at = name === undefined ? row.folder.pages.length - 1 : pageIndexOf(row.folder, name)
      const page = at === undefined ? undefined : row.folder.pages[at]
      if (page?.stale) return { folder: row.folder, page }
    }
    return undefined
  }

  #anyStale(): { readonly folder: Folder; readonly page: Page } | undefined {
    for (const folder of this.#folders()) {
      const page = folder.pages.find((candidate) => candidate.stale)
      if (page !== undefined) return { folder, page }
    }
    return undefined
  }

  #changed(): void {
    this.#version += 1
    for (const listener of this.#listeners) listener()
  }
}
