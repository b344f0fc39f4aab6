import type { ReactElement, RefObject } from 'react'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode, useNodeEvents } from '../../../connection/connection-provider.tsx'
import { Button } from '../../../ui/button.tsx'
import { formatCount } from '../../../ui/format.ts'
import { Loading } from '../../../ui/loading.tsx'
import { Empty, Failed } from '../../../ui/states.tsx'
import { folderOf } from '../folder-of.ts'
import { keysLimits } from '../keys-limits.ts'
import { useKeyCommands } from '../use-key-commands.ts'
import { useMemory } from '../use-memory.ts'
import { visibleKey } from '../visible-key.ts'
import { Crumbs } from './crumbs.tsx'
import { FirstUse } from './first-use.tsx'
import type { Reveal, RowActions } from './key-list.tsx'
import { KeyList } from './key-list.tsx'
import { KeySearch } from './key-search.ts'
import { lackOf } from './key-tree.ts'
import { ListDamageNotice } from './list-damage.tsx'
import { SearchFooter, TreeFooter } from './list-footer.tsx'
import css from './list-pane.module.css'
import { foundRows, treeRows } from './list-rows.ts'
import type { ListMode } from './path-bar.tsx'
import { PathBar } from './path-bar.tsx'
import type { TreeLoader } from './tree-loader.ts'
import { useFileDrop } from './use-file-drop.ts'
import { useTree } from './use-tree.ts'

interface ListPaneProps {
  readonly prefix: string
  readonly activeKey: string | undefined
  readonly actions: RowActions
}

export function ListPane({ prefix, activeKey, actions }: ListPaneProps): ReactElement {
  const { t } = useTranslation('keys')
  const { client } = useNode()
  const memory = useMemory()
  const { show } = useKeyCommands()
  const [mode, setMode] = useState<ListMode>('prefix')
  const [search, setSearch] = useState<KeySearch>()
  const delimiter = memory.flat ? '' : memory.delimiter
  const tree = useTree(prefix, delimiter)
  const pane = useRef<HTMLElement>(null)
  const goTo = useListFocus(pane, prefix, tree)
  const { over, handlers } = useFileDrop(folderOf(prefix, memory.delimiter))
  useNodeEvents(['keys'], (event) => {
    if (event.kind === 'keys') tree?.keysChanged(event.changed, event.more)
    else if (event.kind === 'gap') tree?.renew(client.kv)
  })
  useEffect(() => () => search?.stop(), [search])
  const { scan } = client.kv
  const begin = useCallback(
    (contains: string): void => {
      const next = contains === '' ? undefined : new KeySearch(scan, prefix, contains)
      setSearch(next)
      void next?.run()
    },
    [scan, prefix],
  )
  useEffect(() => {
    // It looks where the list is.
    if (search !== undefined && search.prefix !== prefix) begin(search.contains)
  }, [search, prefix, begin])
  const leave = (next: ListMode): void => {
    setMode(next)
    if (next === 'prefix') setSearch(undefined)
  }
  /** Nothing begins so: it may stand elsewhere in the keys. */
  const searchAll = (): void => {
    setMode('contains')
    show('')
    begin(prefix)
    pane.current?.querySelector('input')?.focus()
  }
  return (
    <section ref={pane} className={css.pane} aria-label={t('listPane')} data-over={over} {...handlers}>
      {over !== undefined && (
        <p className={css.drop} role="status">
          {over === '' ? t('dropHereRoot') : t('dropHere', { prefix: visibleKey(over) })}
        </p>
      )}
      <PathBar prefix={prefix} mode={mode} onMode={leave} onSearch={begin} onList={goTo} />
      <Crumbs prefix={prefix} delimiter={memory.delimiter} />
      {mode === 'contains' && search !== undefined ? (
        <SearchList search={search} activeKey={activeKey} actions={actions} delimiter={delimiter} />
      ) : (
        tree !== undefined && (
          <TreeList
            tree={tree}
            prefix={prefix}
            delimiter={delimiter}
            activeKey={activeKey}
            actions={actions}
            onSearch={searchAll}
          />
        )
      )}
    </section>
  )
}

/** Moves the focus into the list; where another prefix was asked for, once that is listed. */
function useListFocus(pane: RefObject<HTMLElement | null>, prefix: string, tree: TreeLoader | undefined) {
  const wanted = useRef<string>(undefined)
  const focus = () => pane.current?.querySelector<HTMLElement>('[role="tree"]')?.focus()
  // With every row that comes: the list is there from the first page on.
  useEffect(() => {
    if (wanted.current !== prefix || tree?.root.prefix !== prefix || tree.root.pages.length === 0) return
    wanted.current = undefined
    focus()
  })
  return (next: string | undefined): void => {
    wanted.current = next === prefix ? undefined : next
    if (next === undefined || next === prefix) focus()
  }
}

interface TreeListProps extends ListPaneProps {
  readonly tree: TreeLoader
  readonly delimiter: string
  readonly onSearch: () => void
}

function TreeList({ tree, prefix, delimiter, activeKey, actions, onSearch }: TreeListProps): ReactElement {
  const { t } = useTranslation('keys')
  const { live, client } = useNode()
  const memory = useMemory()
  const version = useSyncExternalStore(tree.subscribe, tree.version)
  // A new object for each version: rows are read anew.
  const rows = useMemo(() => ({ ...treeRows(tree, memory), version }), [tree, memory, version])
  const reveal = useReveal(tree, activeKey)
  const { root } = tree
  const nothing = root.complete && root.entryCount === 0
  const lack = lackOf(root)
  const place = useEmptied(root.pages.length > 0, nothing)
  if (root.pages.length === 0 && root.state.kind === 'failed') {
    return <Failed title={t('listFailed')} failure={root.state.failure} onRetry={() => tree.renew(client.kv)} />
  }
  if (root.pages.length === 0) return <Loading rows={12} text={t('listLoading')} awaited={t('listAwaited')} />
  if (nothing && prefix === '' && lack === undefined) {
    return (
      <div ref={place} className={css.nothing}>
        <FirstUse />
      </div>
    )
  }
  return (
    <>
      <ListDamageNotice lack={lack} />
      {nothing ? (
        <div ref={place}>
          <Empty
            title={lack === undefined ? t('emptyPrefix', { prefix: visibleKey(prefix) }) : t('nothingReadable')}
            actions={<Button onClick={onSearch}>{t('searchAll')}</Button>}
          />
        </div>
      ) : (
        <KeyList rows={rows} tree={tree} delimiter={delimiter} activeKey={activeKey} actions={actions} reveal={reveal} />
      )}
      <TreeFooter tree={tree} live={live} />
    </>
  )
}

/** A list that lost its last key lost the focus with it, which goes on to the button that stands there. */
function useEmptied(listed: boolean, nothing: boolean): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null)
  const filled = useRef(false)
  useEffect(() => {
    if (filled.current && nothing && document.activeElement === document.body) place.current?.querySelector('button')?.focus()
    if (listed) filled.current = !nothing
  }, [listed, nothing])
  return place
}

/** The row of the open key, once for each key that is opened from elsewhere; one that is made is listed a moment later. */
function useReveal(tree: TreeLoader, key: string | undefined): Reveal | undefined {
  const [found, setFound] = useState<Reveal>()
  useEffect(() => {
    let looking = false
    let again: ReturnType<typeof setTimeout> | undefined
    let done = key === undefined
    const giveUp = setTimeout(() => {
      done = true
    }, keysLimits.revealWaitMs)
    const look = (): void => {
      if (done || key === undefined) return
      if (looking) {
        again ??= setTimeout(() => {
          again = undefined
          look()
        }, keysLimits.reloadIntervalMs)
        return
      }
      looking = true
      void tree.reveal(key).then((row) => {
        looking = false
        if (done || row === undefined) return
        done = true
        setFound({ row })
      })
    }
    const end = tree.subscribe(look)
    look()
    return () => {
      done = true
      clearTimeout(giveUp)
      clearTimeout(again)
      end()
    }
  }, [tree, key])
  return found
}

function SearchList({
  search,
  activeKey,
  actions,
  delimiter,
}: Omit<ListPaneProps, 'prefix'> & { readonly search: KeySearch; readonly delimiter: string }) {
  const { t } = useTranslation('keys')
  const state = useSyncExternalStore(search.subscribe, search.snapshot)
  const rows = useMemo(() => foundRows(search.items, state.found), [search, state])
  return (
    <>
      <ListDamageNotice lack={state.lack} />
      {state.found > 0 ? (
        <KeyList rows={rows} tree={undefined} delimiter={delimiter} activeKey={activeKey} actions={actions} reveal={undefined} />
      ) : state.state === 'running' ? (
        <Loading rows={6} text={t('searching')} />
      ) : state.failure === undefined ? (
        <Empty
          title={t('searchNothing', { text: search.contains })}
          text={t(state.state === 'complete' ? 'searchNothingAll' : 'searchNothingPart', { scanned: formatCount(state.scanned) })}
        />
      ) : (
        <Failed title={t('searchBroke')} failure={state.failure} onRetry={() => void search.run()} />
      )}
      <SearchFooter search={search} state={state} />
    </>
  )
}
