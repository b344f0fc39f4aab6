/** The lines of the list pane: favourites and recents first, then the tree or what a search found. */

import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import type { PlaceMemory } from '../place-memory.ts'
import type { TreeRow } from './key-tree.ts'
import { indexOf, rowOf } from './key-tree.ts'
import type { TreeLoader } from './tree-loader.ts'

export type SectionName = 'favourites' | 'recents'

export type ListRow =
  | { readonly kind: 'section'; readonly section: SectionName; readonly open: boolean; readonly count: number }
  | {
      readonly kind: 'place'
      readonly section: SectionName
      readonly name: string
      readonly index: number
      readonly count: number
    }
  | { readonly kind: 'heading' }
  | { readonly kind: 'found'; readonly metadata: KeyMetadata; readonly index: number }
  | TreeRow

export interface ListRows {
  readonly count: number
  readonly at: (index: number) => ListRow | undefined
  /** Rows before those of the tree. */
  readonly before: number
}

function sectionRows(memory: PlaceMemory): ListRow[] {
  return (['favourites', 'recents'] as const).flatMap((section): ListRow[] => {
    const names = memory[section]
    // The recents have their place from the start, so that opening the first key moves no row.
    if (names.length === 0 && section === 'favourites') return []
    const open = !memory.closed.includes(section)
    const places = names.map((name, index): ListRow => ({ kind: 'place', section, name, index, count: names.length }))
    return [{ kind: 'section', section, open, count: names.length }, ...(open ? places : [])]
  })
}

export function treeRows(tree: TreeLoader, memory: PlaceMemory): ListRows {
  const sections = sectionRows(memory)
  const above: ListRow[] = sections.length > 0 ? [...sections, { kind: 'heading' }] : []
  return {
    count: above.length + tree.root.rows,
    before: above.length,
    at: (index) => above[index] ?? tree.row(index - above.length),
  }
}

export function foundRows(items: readonly KeyMetadata[], found: number): ListRows {
  return {
    count: found,
    before: 0,
    at: (index) => {
      const metadata = items[index]
      return metadata === undefined ? undefined : { kind: 'found', metadata, index }
    },
  }
}

/** Stays with a row when rows come and go before it. */
export function rowKey(row: ListRow | undefined, index: number): string {
  if (row === undefined) return `none ${index}`
  switch (row.kind) {
    case 'section':
      return `section ${row.section}`
    case 'place':
      return `place ${row.section} ${row.name}`
    case 'heading':
      return 'heading'
    case 'found':
      return `found ${row.metadata.key}`
    case 'tail':
      return `tail ${row.folder.prefix}`
    case 'key':
    case 'folder':
      return `${row.kind} ${row.name}`
  }
}

/** Where the row that was at `index` is after a change; the nearest one where it is gone. */
export function movedIndex(rows: ListRows, tree: TreeLoader | undefined, row: ListRow | undefined, index: number): number {
  const last = Math.max(0, rows.count - 1)
  if (row === undefined || rowKey(rows.at(index), index) === rowKey(row, index)) return Math.min(index, last)
  if (tree !== undefined && (row.kind === 'key' || row.kind === 'folder') && indexOf(row.folder, row.name) >= 0) {
    const at = rowOf(tree.root, row.folder, row.name)
    if (at !== undefined) return rows.before + at
  }
  return Math.min(index, last)
}

/** The key or prefix that a row stands for. */
export function nameOf(row: ListRow | undefined): string | undefined {
  if (row === undefined || row.kind === 'section' || row.kind === 'heading' || row.kind === 'tail') return undefined
  return row.kind === 'found' ? row.metadata.key : row.name
}

/** What is shown of a name below a prefix: only its last part, because the rest is above it. */
export function tailOf(name: string, prefix: string, delimiter: string): string {
  if (delimiter === '' || !name.startsWith(prefix)) return name
  const end = prefix.lastIndexOf(delimiter)
  return end < 0 ? name : name.slice(end + delimiter.length)
}

export function isFolderName(name: string, delimiter: string): boolean {
  return delimiter !== '' && name.endsWith(delimiter)
}
