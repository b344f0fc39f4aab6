import { useEffect, useRef, useState } from 'react'
import type { ListRow, ListRows } from './list-rows.ts'
import { movedIndex, rowKey } from './list-rows.ts'
import type { TreeLoader } from './tree-loader.ts'

/** The row that the keys of the keyboard act on. It stays with its key when rows come or go before it. */
export function useCursor(rows: ListRows, tree: TreeLoader | undefined) {
  const [index, setIndex] = useState(0)
  const row = useRef<ListRow>(undefined)
  useEffect(() => {
    const moved = movedIndex(rows, tree, row.current, index)
    const now = rows.at(moved)
    // A row that went takes its place with it; the one there now is the next to stay with.
    if (row.current === undefined || rowKey(now, moved) !== rowKey(row.current, moved)) row.current = now
    if (moved !== index) setIndex(moved)
  })
  const move = (next: number): void => {
    const within = Math.max(0, Math.min(rows.count - 1, next))
    row.current = rows.at(within)
    setIndex(within)
  }
  return { index, move }
}
