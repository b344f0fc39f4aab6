import type { ComponentPropsWithoutRef, ReactElement } from 'react'
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePreferences } from '../../../app/preferences.ts'
import type { MenuEntry } from '../../../ui/menu.tsx'
import { ContextMenu } from '../../../ui/menu.tsx'
import type { VirtualRowsHandle } from '../../../ui/virtual-rows.tsx'
import { VirtualRows } from '../../../ui/virtual-rows.tsx'
import { changeMemory } from '../use-memory.ts'
import { visibleKey } from '../visible-key.ts'
import css from './key-list.module.css'
import type { Folder } from './key-tree.ts'
import { listKey } from './list-key.ts'
import { ListRowView } from './list-row.tsx'
import type { ListRow, ListRows } from './list-rows.ts'
import { isFolderName, nameOf } from './list-rows.ts'
import type { TreeLoader } from './tree-loader.ts'
import { useCursor } from './use-cursor.ts'

export interface RowActions {
  readonly open: (name: string) => void
  readonly remove: (row: ListRow) => void
  readonly entriesFor: (row: ListRow | undefined) => readonly MenuEntry[]
}

/** A row of the tree to bring into sight and put the cursor on; a new object for each time. */
export interface Reveal {
  readonly row: number
}

interface KeyListProps {
  readonly rows: ListRows
  readonly tree: TreeLoader | undefined
  readonly delimiter: string
  readonly activeKey: string | undefined
  readonly actions: RowActions
  readonly reveal: Reveal | undefined
}

/** A tree as one flat list of rows, of which only those in sight exist. They have no keys: asking each for one takes too long. */
export function KeyList({ rows, tree, delimiter, activeKey, actions, reveal }: KeyListProps): ReactElement {
  const { t } = useTranslation('keys')
  const id = useId().replaceAll(/[^\w-]/g, '-')
  const list = useRef<VirtualRowsHandle>(null)
  const singleKeys = usePreferences((state) => state.singleKeys)
  const { index: cursor, move } = useCursor(rows, tree)
  const [menuRow, setMenuRow] = useState<ListRow>()
  const before = rows.before
  const onRange = useCallback((first: number, last: number) => tree?.setSight(first - before, last - before), [tree, before])
  const moveTo = (index: number): void => {
    move(index)
    list.current?.scrollToRow(Math.max(0, Math.min(rows.count - 1, index)))
  }
  const latest = useRef(moveTo)
  const above = useRef(before)
  useEffect(() => {
    latest.current = moveTo
    above.current = before
  })
  useEffect(() => {
    if (reveal !== undefined) latest.current(reveal.row + above.current)
  }, [reveal])
  const toggle = (row: ListRow): void => {
    if (row.kind === 'folder') tree?.toggle(row.folder, row.name)
    if (row.kind === 'section') {
      changeMemory((memory) => ({
        ...memory,
        closed: row.open ? [...memory.closed, row.section] : memory.closed.filter((name) => name !== row.section),
      }))
    }
  }
  const open = (row: ListRow): void => {
    const name = nameOf(row)
    if (row.kind === 'folder' || row.kind === 'section') toggle(row)
    else if (row.kind === 'tail') void tree?.load(row.folder)
    else if (name !== undefined) actions.open(name)
  }
  const rowProps = (index: number): ComponentPropsWithoutRef<'div'> => {
    const row = rows.at(index)
    return {
      id: `${id}-${index}`,
      role: 'treeitem',
      className: index === cursor ? css.cursor : css.row,
      ...ariaOf(row, activeKey),
      ...placeOf(row, delimiter),
      onClick: () => {
        move(index)
        if (row !== undefined && row.kind !== 'tail') open(row)
      },
      onContextMenu: () => {
        move(index)
        setMenuRow(row)
      },
    }
  }
  const entries = useMemo(() => actions.entriesFor(menuRow), [actions, menuRow])
  return (
    <ContextMenu entries={entries} className={css.menu}>
      <VirtualRows
        handleRef={list}
        count={rows.count}
        rowProps={rowProps}
        onRange={onRange}
        containerProps={{
          role: 'tree',
          tabIndex: 0,
          'aria-label': t('listLabel'),
          'aria-activedescendant': `${id}-${cursor}`,
          onKeyDown: (event) => {
            const loadAll = ({ folder }: { readonly folder: Folder }) => void tree?.loadAll(folder)
            const acts = { move: moveTo, open, toggle, loadAll, remove: actions.remove }
            const done = listKey({ rows, tree, cursor, singleKeys, ...acts }, event)
            if (done) event.preventDefault()
          },
        }}
        renderRow={(index) => <ListRowView row={rows.at(index)} tree={tree} delimiter={delimiter} />}
      />
    </ContextMenu>
  )
}

/** Where files go that are dropped on a row. */
function placeOf(row: ListRow | undefined, delimiter: string): { readonly 'data-place'?: string } {
  const name = nameOf(row)
  return name !== undefined && (row?.kind === 'folder' || isFolderName(name, delimiter)) ? { 'data-place': name } : {}
}

/** Levels and places are said, because the rows around one need not exist. */
function ariaOf(row: ListRow | undefined, activeKey: string | undefined): ComponentPropsWithoutRef<'div'> {
  if (row === undefined) return {}
  const selected = { 'aria-selected': nameOf(row) !== undefined && nameOf(row) === activeKey }
  switch (row.kind) {
    case 'section':
      return { 'aria-level': 1, 'aria-expanded': row.open, ...selected }
    case 'heading':
      return { 'aria-level': 1, ...selected }
    case 'place':
      return {
        'aria-level': 2,
        'aria-posinset': row.index + 1,
        'aria-setsize': row.count,
        'aria-label': visibleKey(row.name),
        ...selected,
      }
    case 'found':
      return {
        'aria-level': 1,
        'aria-posinset': row.index + 1,
        'aria-setsize': -1,
        'aria-label': visibleKey(row.metadata.key),
        ...selected,
      }
    case 'tail':
      return { 'aria-level': row.folder.depth + 1, ...selected }
    case 'key':
    case 'folder': {
      const { folder, index } = row
      const place = {
        'aria-level': folder.depth + 1,
        'aria-posinset': index + 1,
        'aria-setsize': folder.complete ? folder.entryCount : -1,
      }
      return row.kind === 'key' ? { ...place, ...selected } : { ...place, 'aria-expanded': row.opened !== undefined, ...selected }
    }
  }
}
