import type { KeyboardEvent } from 'react'
import { rowOf } from './key-tree.ts'
import type { ListRow, ListRows } from './list-rows.ts'
import type { TreeLoader } from './tree-loader.ts'

interface ListKeysOptions {
  readonly rows: ListRows
  readonly tree: TreeLoader | undefined
  readonly cursor: number
  readonly move: (index: number) => void
  readonly open: (row: ListRow) => void
  readonly toggle: (row: ListRow) => void
  /** All that a folder has not loaded. */
  readonly loadAll: (row: Extract<ListRow, { kind: 'tail' }>) => void
  readonly remove: (row: ListRow) => void
  readonly singleKeys: boolean
}

const pageRows = 20

function isOpen(row: ListRow): boolean | undefined {
  if (row.kind === 'folder') return row.opened !== undefined
  return row.kind === 'section' ? row.open : undefined
}

function parentIndex({ rows, tree, cursor }: ListKeysOptions, row: ListRow): number | undefined {
  if (row.kind === 'place') {
    for (let at = cursor; at >= 0; at -= 1) if (rows.at(at)?.kind === 'section') return at
  }
  if (row.kind !== 'key' && row.kind !== 'folder' && row.kind !== 'tail') return undefined
  const { folder } = row
  if (tree === undefined || folder.parent === undefined) return undefined
  const at = rowOf(tree.root, folder.parent, folder.prefix)
  return at === undefined ? undefined : rows.before + at
}

/** What the keys do in the list: arrows, j and k move; right and left open and close; Enter opens, or loads more on the last line of a folder, with Shift all; Del deletes. */
export function listKey(options: ListKeysOptions, event: KeyboardEvent): boolean {
  const { rows, cursor, move, open, toggle, loadAll, remove, singleKeys } = options
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  const row = rows.at(cursor)
  const single = singleKeys ? event.key : ''
  if (event.key === 'ArrowDown' || single === 'j') move(cursor + 1)
  else if (event.key === 'ArrowUp' || single === 'k') move(cursor - 1)
  else if (event.key === 'PageDown') move(cursor + pageRows)
  else if (event.key === 'PageUp') move(cursor - pageRows)
  else if (event.key === 'Home') move(0)
  else if (event.key === 'End') move(rows.count - 1)
  else if (row === undefined) return false
  else if (event.key === 'ArrowRight') {
    if (isOpen(row) === false) toggle(row)
    else if (isOpen(row)) move(cursor + 1)
  } else if (event.key === 'ArrowLeft') {
    if (isOpen(row)) toggle(row)
    else move(parentIndex(options, row) ?? cursor)
  } else if (event.key === 'Enter' && event.shiftKey && row.kind === 'tail') loadAll(row)
  else if (event.key === 'Enter' || event.key === ' ') open(row)
  else if (event.key === 'Delete') remove(row)
  else return false
  return true
}
